-- Who waits for an answer. The processor writes a row when that changes, so that nobody has to walk through messages to
-- know; how long somebody has waited is a matter of the clock, and the view decides it.
CREATE TABLE IF NOT EXISTS conversations.landing_waiting
(
    conversation_id String COMMENT 'Conversation whose last messages are unanswered.',
    customer_id String COMMENT 'Customer, as the dimension has it now.',
    clinic_code LowCardinality(String) COMMENT 'Clinic, as the dimension has it now.',
    channel LowCardinality(String) COMMENT 'Channel of the last of the unanswered messages.',
    status LowCardinality(String) COMMENT 'Status, as the dimension has it now.',
    is_urgent Bool COMMENT 'Urgent, as the dimension has it now.',
    waiting_since DateTime64(3, 'UTC') COMMENT 'Time of the first of the unanswered messages.',
    unanswered_messages UInt32 COMMENT 'How many they are.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY conversation_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of who waits. Read conversations.waiting_now.';

CREATE VIEW IF NOT EXISTS conversations.waiting_now
(
    conversation_id String COMMENT 'Conversation: unique; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    channel LowCardinality(String) COMMENT 'Channel of the last unanswered message.',
    status LowCardinality(String) COMMENT 'open or snoozed; empty when no event of the conversation itself has come. One that is done, or deleted, does not wait.',
    is_urgent Bool COMMENT 'Urgent now, by flag or by a tag that contains urgent.',
    waiting_since DateTime64(3, 'UTC') COMMENT 'Time of the first in message that no out message has followed, in UTC.',
    unanswered_messages UInt32 COMMENT 'In messages since then, that one among them.',
    waiting_seconds UInt32 COMMENT 'Whole seconds elapsed since then, by the clock of the server.',
    waiting_minutes UInt32 COMMENT 'The same in whole minutes.',
    waiting_business_seconds Nullable(UInt32) COMMENT 'Those seconds that were within the open hours of the clinic; null where its calendar does not reach.',
    waiting_business_minutes Nullable(UInt32) COMMENT 'The same in whole minutes.'
)
AS WITH
    greatest(toUnixTimestamp(now('UTC')), toUnixTimestamp(landing.waiting_since)) AS now_second,
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(landing.clinic_code))) AS calendar,
    toUnixTimestamp(landing.waiting_since) AS from_second,
    now_second AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    landing.conversation_id AS conversation_id,
    landing.customer_id AS customer_id,
    landing.clinic_code AS clinic_code,
    landing.channel AS channel,
    landing.status AS status,
    landing.is_urgent AS is_urgent,
    landing.waiting_since AS waiting_since,
    landing.unanswered_messages AS unanswered_messages,
    toUInt32(to_second - from_second) AS waiting_seconds,
    intDiv(waiting_seconds, 60) AS waiting_minutes,
    business_seconds AS waiting_business_seconds,
    intDiv(business_seconds, 60) AS waiting_business_minutes
FROM conversations.landing_waiting AS landing FINAL
WHERE landing.sign = 1 AND landing.status != 'done'
COMMENT 'One row per conversation in which the clinic has yet to answer.';

CREATE VIEW IF NOT EXISTS conversations.agg_waiting_now
(
    clinic_code LowCardinality(String) COMMENT 'Clinic: unique; joins dim_clinics_current.',
    waiting_conversations UInt64 COMMENT 'Conversations that wait for an answer.',
    urgent_conversations UInt64 COMMENT 'Those of them that are urgent.',
    unanswered_messages UInt64 COMMENT 'Unanswered in messages.',
    longest_waiting_since DateTime64(3, 'UTC') COMMENT 'Since when the first of them waits, in UTC.',
    longest_waiting_seconds UInt32 COMMENT 'Seconds for which it has waited.',
    p50_waiting_seconds UInt32 COMMENT 'Median of the seconds elapsed, exact.',
    waiting_over_1_hour UInt64 COMMENT 'Conversations that have waited for more than an hour.',
    waiting_over_4_hours UInt64 COMMENT 'Conversations that have waited for more than 4 hours.',
    waiting_over_24_hours UInt64 COMMENT 'Conversations that have waited for more than 24 hours.',
    longest_waiting_business_seconds Nullable(UInt32) COMMENT 'The most seconds within open hours; null when none is known.',
    p50_waiting_business_seconds Nullable(UInt32) COMMENT 'Median of the seconds within open hours, exact; null when none is known.',
    waiting_over_1_business_hour UInt64 COMMENT 'Conversations that have waited for more than an hour within open hours.',
    waiting_over_4_business_hours UInt64 COMMENT 'Conversations that have waited for more than 4 hours within open hours.',
    waiting_over_8_business_hours UInt64 COMMENT 'Conversations that have waited for more than 8 hours within open hours.'
)
AS SELECT
    waiting.clinic_code AS clinic_code,
    count() AS waiting_conversations,
    countIf(waiting.is_urgent) AS urgent_conversations,
    sum(waiting.unanswered_messages) AS unanswered_messages,
    min(waiting.waiting_since) AS longest_waiting_since,
    max(waiting.waiting_seconds) AS longest_waiting_seconds,
    quantileExactLow(0.5)(waiting.waiting_seconds) AS p50_waiting_seconds,
    countIf(waiting.waiting_seconds > 3600) AS waiting_over_1_hour,
    countIf(waiting.waiting_seconds > 14400) AS waiting_over_4_hours,
    countIf(waiting.waiting_seconds > 86400) AS waiting_over_24_hours,
    max(waiting.waiting_business_seconds) AS longest_waiting_business_seconds,
    quantileExactLow(0.5)(waiting.waiting_business_seconds) AS p50_waiting_business_seconds,
    countIf(waiting.waiting_business_seconds > 3600) AS waiting_over_1_business_hour,
    countIf(waiting.waiting_business_seconds > 14400) AS waiting_over_4_business_hours,
    countIf(waiting.waiting_business_seconds > 28800) AS waiting_over_8_business_hours
FROM conversations.waiting_now AS waiting
GROUP BY clinic_code
COMMENT 'Who waits for an answer, by clinic. A clinic in which nobody waits has no row.';

-- Responses, alone and narrow: 20 bytes each, by time, so that the parts of a warehouse that is filled by time do not
-- overlap and FINAL costs next to nothing. Business seconds of 1.7 million responses are computed in a third of a second.
--
-- A response that is withdrawn, because another message turns out to have answered, has its -1 row here; the row that
-- replaces it has no response_seconds, and does not come here.
CREATE TABLE IF NOT EXISTS conversations.store_answers
(
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in whole seconds.' CODEC(Delta(4), LZ4),
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    message_hash UInt64 COMMENT 'Hash of the id of the response.',
    response_seconds UInt32 COMMENT 'Seconds since the first unanswered in message.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (answered_at, clinic_code, message_hash)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of responses. Read conversations.fact_response_times, or conversations.fact_responses with their ids.';

CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.store_answers_feed TO conversations.store_answers
(
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in whole seconds.',
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    message_hash UInt64 COMMENT 'Hash of the id of the response.',
    response_seconds UInt32 COMMENT 'Seconds since the first unanswered in message.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
AS SELECT
    toDateTime(message_timestamp) AS answered_at,
    clinic_code,
    cityHash64(message_id) AS message_hash,
    assumeNotNull(landing.response_seconds) AS response_seconds,
    channel,
    direction_type,
    is_first_response,
    sign,
    row_version
FROM conversations.landing_messages AS landing
WHERE landing.response_seconds IS NOT NULL
COMMENT 'Keeps store_answers.';

CREATE VIEW IF NOT EXISTS conversations.fact_response_times
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it responded; joins dim_dates.',
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in UTC, in whole seconds.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    response_seconds UInt32 COMMENT 'Seconds from the first unanswered in message to the response.',
    business_response_seconds Nullable(UInt32) COMMENT 'Those of them that were within the open hours of the clinic; null where its calendar does not reach.'
)
AS WITH
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(store.clinic_code))) AS calendar,
    toUnixTimestamp(store.answered_at - store.response_seconds) AS from_second,
    toUnixTimestamp(store.answered_at) AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    store.clinic_code AS clinic_code,
    toDate(store.answered_at) AS date_id,
    store.answered_at AS answered_at,
    store.channel AS channel,
    store.direction_type AS direction_type,
    store.is_first_response AS is_first_response,
    store.response_seconds AS response_seconds,
    business_seconds AS business_response_seconds
FROM conversations.store_answers AS store FINAL
WHERE store.sign = 1
COMMENT 'One row per response, without its ids: for figures over many of them. With ids: fact_responses.';

CREATE VIEW IF NOT EXISTS conversations.fact_responses
(
    message_id String COMMENT 'Id of the response: unique; joins fact_messages.',
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which the response was sent; joins dim_dates.',
    answered_at DateTime64(3, 'UTC') COMMENT 'When the response was sent, in UTC.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    response_seconds UInt32 COMMENT 'Seconds from the first unanswered in message to the response.',
    response_minutes UInt32 COMMENT 'The same in whole minutes.',
    business_response_seconds Nullable(UInt32) COMMENT 'Those seconds that were within the open hours of the clinic; null where its calendar does not reach.',
    business_response_minutes Nullable(UInt32) COMMENT 'The same in whole minutes.'
)
AS WITH
    assumeNotNull(landing.response_seconds) AS seconds,
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(landing.clinic_code))) AS calendar,
    toUnixTimestamp(landing.message_timestamp) - seconds AS from_second,
    toUnixTimestamp(landing.message_timestamp) AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    landing.message_id AS message_id,
    landing.conversation_id AS conversation_id,
    landing.customer_id AS customer_id,
    landing.clinic_code AS clinic_code,
    toDate(landing.message_timestamp) AS date_id,
    landing.message_timestamp AS answered_at,
    landing.channel AS channel,
    landing.direction_type AS direction_type,
    landing.is_first_response AS is_first_response,
    seconds AS response_seconds,
    intDiv(seconds, 60) AS response_minutes,
    business_seconds AS business_response_seconds,
    intDiv(business_seconds, 60) AS business_response_minutes
FROM conversations.landing_messages AS landing FINAL
WHERE landing.sign = 1 AND landing.response_seconds IS NOT NULL
COMMENT 'One row per response: an out message that answers an in message.';

CREATE VIEW IF NOT EXISTS conversations.fact_message_gaps
(
    message_id String COMMENT 'Id of the message: unique; joins fact_messages.',
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    message_timestamp DateTime64(3, 'UTC') COMMENT 'When it was sent, in UTC.',
    minutes_since_last_message UInt32 COMMENT 'Whole minutes elapsed since the message before it, as in fact_messages.',
    seconds_since_last_message UInt32 COMMENT 'The same in whole seconds.',
    business_minutes_since_last_message Nullable(UInt32) COMMENT 'Those of them that were within the open hours of the clinic; null where its calendar does not reach.',
    business_seconds_since_last_message Nullable(UInt32) COMMENT 'The same in whole seconds.'
)
AS WITH
    assumeNotNull(landing.seconds_since_last_message) AS seconds,
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(landing.clinic_code))) AS calendar,
    toUnixTimestamp(landing.message_timestamp) - seconds AS from_second,
    toUnixTimestamp(landing.message_timestamp) AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    landing.message_id AS message_id,
    landing.conversation_id AS conversation_id,
    landing.clinic_code AS clinic_code,
    landing.message_timestamp AS message_timestamp,
    intDiv(seconds, 60) AS minutes_since_last_message,
    seconds AS seconds_since_last_message,
    intDiv(business_seconds, 60) AS business_minutes_since_last_message,
    business_seconds AS business_seconds_since_last_message
FROM conversations.landing_messages AS landing FINAL
WHERE landing.sign = 1 AND landing.seconds_since_last_message IS NOT NULL
COMMENT 'Time since the last message, elapsed and within open hours: one row per message that has one before it.';

CREATE VIEW IF NOT EXISTS conversations.agg_business_response_times
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it responded; joins dim_dates.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Float64 COMMENT 'Mean seconds from the first unanswered in message to the response, exact.',
    p50_response_seconds UInt32 COMMENT 'Median of the same, exact: of an even number the lower of the two in the middle.',
    p90_response_seconds UInt32 COMMENT 'The same that 9 of 10 responses do not exceed, exact.',
    measured_responses UInt64 COMMENT 'Responses of which the business seconds are known: those that the calendar of the clinic reaches.',
    mean_business_response_seconds Nullable(Float64) COMMENT 'Mean of the seconds within open hours, exact; null when none is known.',
    p50_business_response_seconds Nullable(UInt32) COMMENT 'Median of the same, exact; null when none is known.',
    p90_business_response_seconds Nullable(UInt32) COMMENT 'The same that 9 of 10 do not exceed, exact; null when none is known.'
)
AS SELECT
    times.clinic_code AS clinic_code,
    times.date_id AS date_id,
    count() AS responses,
    avg(times.response_seconds) AS mean_response_seconds,
    quantileExactLow(0.5)(times.response_seconds) AS p50_response_seconds,
    quantileExactLow(0.9)(times.response_seconds) AS p90_response_seconds,
    count(times.business_response_seconds) AS measured_responses,
    avg(times.business_response_seconds) AS mean_business_response_seconds,
    quantileExactLow(0.5)(times.business_response_seconds) AS p50_business_response_seconds,
    quantileExactLow(0.9)(times.business_response_seconds) AS p90_business_response_seconds
FROM conversations.fact_response_times AS times
GROUP BY clinic_code, date_id
COMMENT 'Response times by clinic and day, elapsed and within open hours. Quantiles do not add up: for other groupings ask fact_response_times.';

-- What is final, on the aggregates that came after the others.
CREATE OR REPLACE VIEW conversations.agg_business_response_times
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
    p90_business_response_seconds Nullable(UInt32) COMMENT 'The same that 9 of 10 do not exceed, exact; null when none is known.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the day ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    times.clinic_code AS clinic_code,
    times.date_id AS date_id,
    count() AS responses,
    avg(times.response_seconds) AS mean_response_seconds,
    quantileExactLow(0.5)(times.response_seconds) AS p50_response_seconds,
    quantileExactLow(0.9)(times.response_seconds) AS p90_response_seconds,
    count(times.business_response_seconds) AS measured_responses,
    avg(times.business_response_seconds) AS mean_business_response_seconds,
    quantileExactLow(0.5)(times.business_response_seconds) AS p50_business_response_seconds,
    quantileExactLow(0.9)(times.business_response_seconds) AS p90_business_response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(date_id + 1, 'UTC') <= progress.2, false)) AS is_final
FROM conversations.fact_response_times AS times
GROUP BY clinic_code, date_id
COMMENT 'Response times by clinic and day, elapsed and within open hours. Quantiles do not add up: for other groupings ask fact_response_times.';

CREATE OR REPLACE VIEW conversations.agg_waiting_now
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
    waiting_over_8_business_hours UInt64 COMMENT 'Conversations that have waited for more than 8 hours within open hours.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Never: it is of now.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
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
    countIf(waiting.waiting_business_seconds > 28800) AS waiting_over_8_business_hours,
    progress.1 AS complete_through,
    false AS is_final
FROM conversations.waiting_now AS waiting
GROUP BY clinic_code
COMMENT 'Who waits for an answer, by clinic. A clinic in which nobody waits has no row.';

CREATE OR REPLACE VIEW conversations.agg_response_slots
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which the response was sent; joins dim_dates.',
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour in which the response was sent.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket_seconds Float64 COMMENT 'Response time: exact below 50 seconds, else the middle of a bucket, at most 2 % off.',
    responses Int64 COMMENT 'Responses with this time, to be summed: a correction is a row of its own, with a negative number.',
    response_seconds Int64 COMMENT 'Their exact response times in seconds, to be summed.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the quarter of an hour ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    clinic_code,
    toDate(store.slot) AS date_id,
    store.slot AS slot,
    direction_type,
    channel,
    is_first_response,
    if(store.bucket < 50, store.bucket, 50 * exp((store.bucket - 49.5) * log(1.04))) AS bucket_seconds,
    store.responses AS responses,
    store.response_seconds AS response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(slot + INTERVAL 15 MINUTE <= progress.2, false)) AS is_final
FROM conversations.store_responses AS store
COMMENT 'Histogram of response times by quarter of an hour, to be summed, for any span of days. Several rows may be of one quarter and time: sum responses by what you group and by bucket_seconds first, then take quantileExactWeighted(0.9)(bucket_seconds, toUInt64(greatest(responses, 0))).';

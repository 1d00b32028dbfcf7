-- Response times. A quantile has to survive corrections, so what is kept is a histogram that can subtract: a response
-- of up to 49 s has a bucket of its own, a longer one the bucket 50 + floor(log(seconds / 50) / log(1.04)), read back
-- as the geometric middle of the bucket: at most 2 % from the truth (sqrt(1.04) = 1.0198).
--
-- Hours are the clinic's own, but its time zone may come or change after the messages. So the key is the UTC quarter
-- of an hour (every zone in use since 1972 is a multiple of 15 minutes away) and the reading view converts it. One row
-- per bucket rather than a map of buckets: measured on 500,000 responses, the same size, and less work to insert.
--
-- SummingMergeTree drops rows that a correction has brought to nothing.
CREATE TABLE IF NOT EXISTS conversations.store_responses
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour in which the response was sent.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket UInt16 COMMENT 'Bucket of the response time.',
    responses Int64 COMMENT 'Responses, to be summed.',
    response_seconds Int64 COMMENT 'Their seconds, to be summed.'
)
ENGINE = SummingMergeTree((responses, response_seconds))
ORDER BY (clinic_code, direction_type, channel, slot, is_first_response, bucket)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of response times. Read conversations.agg_response_times.';

CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.store_responses_feed TO conversations.store_responses
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour in which the response was sent.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket UInt16 COMMENT 'Bucket of the response time.',
    responses Int64 COMMENT 'Responses, to be summed.',
    response_seconds Int64 COMMENT 'Their seconds, to be summed.'
)
AS WITH assumeNotNull(landing.response_seconds) AS seconds
SELECT
    clinic_code,
    direction_type,
    channel,
    toStartOfFifteenMinutes(toDateTime(message_timestamp)) AS slot,
    is_first_response,
    toUInt16(if(seconds < 50, seconds, 50 + floor(log(seconds / 50) / log(1.04)))) AS bucket,
    sum(sign) AS responses,
    sum(sign * toInt64(seconds)) AS response_seconds
FROM conversations.landing_messages AS landing
WHERE landing.response_seconds IS NOT NULL
GROUP BY clinic_code, direction_type, channel, slot, is_first_response, bucket
COMMENT 'Keeps store_responses.';

-- The last known zone of the clinic, its deleted versions included; a name that this server does not know is UTC.
-- ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS conversations.agg_response_distribution
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket_seconds Float64 COMMENT 'Response time: exact below 50 seconds, else the middle of a bucket, at most 2 % off.',
    responses UInt64 COMMENT 'Responses with this time.',
    response_seconds Int64 COMMENT 'Sum of their exact response times in seconds.'
)
AS SELECT
    store.clinic_code AS clinic_code,
    toStartOfMonth(store.slot) AS month,
    toUInt8(substring(toString(store.slot, if(ifNull(zones.is_known, 0), ifNull(zones.timezone, 'UTC'), 'UTC')), 12, 2)) AS hour_of_day,
    store.direction_type AS direction_type,
    store.channel AS channel,
    store.is_first_response AS is_first_response,
    if(store.bucket < 50, store.bucket, 50 * exp((store.bucket - 49.5) * log(1.04))) AS bucket_seconds,
    sum(store.responses) AS responses,
    sum(store.response_seconds) AS response_seconds
FROM conversations.store_responses AS store
LEFT JOIN
(
    SELECT
        clinic_code,
        argMax(timezone, valid_from) AS timezone,
        timezone IN (SELECT time_zone FROM system.time_zones) AS is_known
    FROM conversations.dim_clinics
    GROUP BY clinic_code
) AS zones ON zones.clinic_code = store.clinic_code
GROUP BY clinic_code, month, hour_of_day, direction_type, channel, is_first_response, bucket_seconds
HAVING responses > 0
COMMENT 'Histogram of response times, for charts and for quantiles of any other grouping: quantileExactWeighted(0.9)(bucket_seconds, responses). A response is an out message that answers an in message.';

-- Straight from the store, not from the distribution: grouped once, it takes a third of the time (1 CPU second for
-- 2.5 million responses).
CREATE VIEW IF NOT EXISTS conversations.agg_response_times
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Float64 COMMENT 'Mean seconds from the first unanswered in message to the response, exact.',
    p50_response_seconds Float64 COMMENT 'Median of the same: exact below 50 seconds, else at most 2 % off.',
    p90_response_seconds Float64 COMMENT '90th percentile of the same: exact below 50 seconds, else at most 2 % off.'
)
AS WITH
    -- Buckets in their order, those of one bucket from the least, so that what a correction took is taken first.
    arraySort(groupArray((store.bucket, store.responses))) AS histogram,
    arrayCumSum(entry -> entry.2, histogram) AS cumulative,
    -- Nearest rank, in tenths: 0.9 * n is not exact in floating point.
    arrayMap(tenths -> histogram[arrayFirstIndex(count -> count * 10 >= tenths * cumulative[-1], cumulative)].1, [5, 9]) AS buckets,
    arrayMap(bucket -> if(bucket < 50, bucket, 50 * exp((bucket - 49.5) * log(1.04))), buckets) AS quantiles
SELECT
    store.clinic_code AS clinic_code,
    toStartOfMonth(store.slot) AS month,
    toUInt8(substring(toString(store.slot, if(ifNull(zones.is_known, 0), ifNull(zones.timezone, 'UTC'), 'UTC')), 12, 2)) AS hour_of_day,
    store.direction_type AS direction_type,
    store.channel AS channel,
    sum(store.responses) AS responses,
    sum(store.response_seconds) / responses AS mean_response_seconds,
    quantiles[1] AS p50_response_seconds,
    quantiles[2] AS p90_response_seconds
FROM conversations.store_responses AS store
LEFT JOIN
(
    SELECT
        clinic_code,
        argMax(timezone, valid_from) AS timezone,
        timezone IN (SELECT time_zone FROM system.time_zones) AS is_known
    FROM conversations.dim_clinics
    GROUP BY clinic_code
) AS zones ON zones.clinic_code = store.clinic_code
GROUP BY clinic_code, month, hour_of_day, direction_type, channel
HAVING responses > 0
COMMENT 'Response times by clinic, month, hour of the day, message type and channel. Quantiles do not add up: for other groupings read agg_response_distribution.';

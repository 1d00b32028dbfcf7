-- Response times again, four times as fast, with what is final. Two things took the time: turning each slot into a text
-- in the zone of its clinic, and grouping by the bucket.
--
-- Zones: a zone's offset changes once or twice a year, so each clinic gets the times of the changes and the offsets
-- between them, and a slot's hour is a sum. Looked for on every day from a month before the first counted one to a month
-- after the last; within a day that begins with another offset than the next, on every quarter of an hour, the grain of
-- the slots. (No zone changes its offset and takes that back within a day.) A clinic without a row, or with a zone that
-- this server does not know, has no offsets, and the element of an empty array is 0: UTC.
CREATE VIEW IF NOT EXISTS conversations.store_clinic_offsets
(
    clinic_code String COMMENT 'Clinic with a time zone that is known.',
    changes Array(UInt32) COMMENT 'Seconds since 1970 at which the offset of its zone changes, ascending.',
    offsets Array(Int32) COMMENT 'Seconds by which its clocks are ahead of UTC: before the first change, and from each change on.'
)
AS WITH
    (SELECT (toUInt32(min(date_id)), toUInt32(max(date_id))) FROM conversations.store_engagement) AS days,
    arrayMap(day -> toUInt32(day * 86400), range(toUInt32(greatest(days.1, 31) - 31), toUInt32(days.2 + 32))) AS midnights,
    arrayMap(time -> toInt32(toUnixTimestamp(toDateTime(toString(toDateTime(time, 'UTC'), timezone), 'UTC')) - toInt64(time)), midnights) AS day_offsets,
    arrayFilter((time, offset, next_offset) -> offset != next_offset, midnights, day_offsets, arrayShiftLeft(day_offsets, 1, day_offsets[-1])) AS days_of_change,
    arrayFlatten(arrayMap(time -> arrayMap(quarter -> toUInt32(time + quarter * 900), range(0, 97)), days_of_change)) AS quarters,
    arrayMap(time -> toInt32(toUnixTimestamp(toDateTime(toString(toDateTime(time, 'UTC'), timezone), 'UTC')) - toInt64(time)), quarters) AS quarter_offsets,
    -- Between the days there is no change: both have the offset of the midnight that they share, or of all days between.
    arrayFilter((change, is_change) -> is_change, arrayZip(quarters, quarter_offsets), arrayMap((offset, before) -> offset != before, quarter_offsets, arrayShiftRight(quarter_offsets, 1, day_offsets[1]))) AS found
SELECT
    clinic_code,
    found.1 AS changes,
    arrayConcat([day_offsets[1]], found.2) AS offsets
FROM
(
    SELECT timezone, groupArray(clinic_code) AS clinic_codes
    FROM
    (
        SELECT clinic_code, argMax(timezone, valid_from) AS timezone
        FROM conversations.dim_clinics
        GROUP BY clinic_code
    ) AS clinics
    WHERE timezone IN (SELECT time_zone FROM system.time_zones)
    GROUP BY timezone
) AS zones
ARRAY JOIN clinic_codes AS clinic_code
COMMENT 'Offsets of the last known time zones of clinics, for views of response times.';

-- Buckets: there are nearly as many groups by bucket as rows, so what a group has is gathered in arrays of numbers that
-- sort by bucket (the count or the seconds in the low bits, shifted so that it is positive), and each run of a bucket
-- is added up.
CREATE OR REPLACE VIEW conversations.agg_response_distribution
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket_seconds Float64 COMMENT 'Response time: exact below 50 seconds, else the middle of a bucket, at most 2 % off.',
    responses UInt64 COMMENT 'Responses with this time.',
    response_seconds Int64 COMMENT 'Sum of their exact response times in seconds.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    histograms.clinic_code AS clinic_code,
    histograms.month AS month,
    histograms.hour_of_day AS hour_of_day,
    histograms.direction_type AS direction_type,
    histograms.channel AS channel,
    histograms.is_first_response AS is_first_response,
    if(bucket < 50, bucket, 50 * exp((bucket - 49.5) * log(1.04))) AS bucket_seconds,
    bucket_responses AS responses,
    bucket_response_seconds AS response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(histograms.month + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
FROM
(
    WITH
        arraySort(groupArray(bitShiftLeft(toUInt64(store.bucket), 32) + toUInt64(store.responses + 2147483648))) AS counts,
        arraySort(groupArray(bitShiftLeft(toUInt64(store.bucket), 48) + toUInt64(store.response_seconds + 140737488355328))) AS sums,
        arrayMap(entry -> toUInt16(bitShiftRight(entry, 32)), counts) AS bucket_of_each,
        -- 65535 is no bucket.
        arrayMap((own, next) -> own != next, bucket_of_each, arrayShiftLeft(bucket_of_each, 1, 65535)) AS is_last,
        arrayFilter((total, is_end) -> is_end, arrayCumSum(entry -> toInt64(bitAnd(entry, 4294967295)) - 2147483648, counts), is_last) AS responses_through,
        arrayFilter((total, is_end) -> is_end, arrayCumSum(entry -> toInt64(bitAnd(entry, 281474976710655)) - 140737488355328, sums), is_last) AS seconds_through
    SELECT
        store.clinic_code AS clinic_code,
        toStartOfMonth(store.slot) AS month,
        toUInt8(intDiv(toUnixTimestamp(store.slot) + zones.offsets[arrayCount(change -> change <= toUnixTimestamp(store.slot), zones.changes) + 1], 3600) % 24) AS hour_of_day,
        store.direction_type AS direction_type,
        store.channel AS channel,
        store.is_first_response AS is_first_response,
        arrayFilter((own, is_end) -> is_end, bucket_of_each, is_last) AS buckets,
        arrayMap((through, before) -> through - before, responses_through, arrayShiftRight(responses_through, 1, 0)) AS responses_of_buckets,
        arrayMap((through, before) -> through - before, seconds_through, arrayShiftRight(seconds_through, 1, 0)) AS seconds_of_buckets
    FROM conversations.store_responses AS store
    ANY LEFT JOIN conversations.store_clinic_offsets AS zones ON zones.clinic_code = store.clinic_code
    GROUP BY clinic_code, month, hour_of_day, direction_type, channel, is_first_response
) AS histograms
ARRAY JOIN
    buckets AS bucket,
    responses_of_buckets AS bucket_responses,
    seconds_of_buckets AS bucket_response_seconds
WHERE bucket_responses > 0
COMMENT 'Histogram of response times, for charts and for quantiles of any other grouping: quantileExactWeighted(0.9)(bucket_seconds, responses). A response is an out message that answers an in message.';

CREATE OR REPLACE VIEW conversations.agg_response_times
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Float64 COMMENT 'Mean seconds from the first unanswered in message to the response, exact.',
    p50_response_seconds Float64 COMMENT 'Median of the same: exact below 50 seconds, else at most 2 % off.',
    p90_response_seconds Float64 COMMENT '90th percentile of the same: exact below 50 seconds, else at most 2 % off.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH
    (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress,
    -- Buckets in their order, those of one bucket from the least, so that what a correction took is taken first.
    arraySort(groupArray(bitShiftLeft(toUInt64(store.bucket), 32) + toUInt64(store.responses + 2147483648))) AS histogram,
    arrayCumSum(entry -> toInt64(bitAnd(entry, 4294967295)) - 2147483648, histogram) AS cumulative,
    -- Nearest rank, in tenths: 0.9 * n is not exact in floating point.
    arrayMap(tenths -> bitShiftRight(histogram[arrayFirstIndex(count -> count * 10 >= tenths * cumulative[-1], cumulative)], 32), [5, 9]) AS buckets,
    arrayMap(bucket -> if(bucket < 50, bucket, 50 * exp((bucket - 49.5) * log(1.04))), buckets) AS quantiles
SELECT
    store.clinic_code AS clinic_code,
    toStartOfMonth(store.slot) AS month,
    toUInt8(intDiv(toUnixTimestamp(store.slot) + zones.offsets[arrayCount(change -> change <= toUnixTimestamp(store.slot), zones.changes) + 1], 3600) % 24) AS hour_of_day,
    store.direction_type AS direction_type,
    store.channel AS channel,
    sum(store.responses) AS responses,
    sum(store.response_seconds) / responses AS mean_response_seconds,
    quantiles[1] AS p50_response_seconds,
    quantiles[2] AS p90_response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(month + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
FROM conversations.store_responses AS store
ANY LEFT JOIN conversations.store_clinic_offsets AS zones ON zones.clinic_code = store.clinic_code
GROUP BY clinic_code, month, hour_of_day, direction_type, channel
HAVING responses > 0
COMMENT 'Response times by clinic, month, hour of the day, message type and channel. Quantiles do not add up: for other groupings read agg_response_distribution.';

-- Hours are the clinic's own. Asking the time zone for each quarter of an hour would take three times as long, so its
-- distance from UTC is asked for at both ends of a day, and where in the day it changes only when they differ.
WITH
    zones AS
    (
        SELECT clinic_code, argMax(timezone, valid_from) AS zone, zone IN (SELECT time_zone FROM system.time_zones) AS is_known
        FROM conversations.dim_clinics
        GROUP BY clinic_code
    ),
    offsets AS
    (
        SELECT
            days.clinic_code AS clinic_code,
            days.date_id AS date_id,
            if(zones.is_known, toString(zones.zone), 'UTC') AS zone,
            toDateTime(days.date_id, 'UTC') AS day_start,
            day_start + INTERVAL 1 DAY AS day_end,
            dateDiff('second', day_start, toDateTime(toString(day_start, zone), 'UTC')) AS at_start,
            dateDiff('second', day_end, toDateTime(toString(day_end, zone), 'UTC')) AS at_end,
            if(at_start = at_end, day_end, arrayFirst(
                quarter -> toDateTime(toString(quarter, zone), 'UTC') = quarter + at_end,
                arrayMap(number -> day_start + 900 * number, range(97)))) AS changes_at
        FROM
        (
            SELECT clinic_code, date_id
            FROM conversations.agg_engagement_daily
            WHERE date_id BETWEEN {from:Date} AND {to:Date}
                AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        ) AS days
        LEFT JOIN zones ON zones.clinic_code = days.clinic_code
    )
SELECT
    hour_of_day,
    sum(buckets.number) AS responses,
    quantilesExactWeighted(0.5, 0.9)(bucket_seconds, toUInt64(greatest(number, 0))) AS quantiles,
    quantiles[1] AS p50_response_seconds,
    quantiles[2] AS p90_response_seconds
FROM
(
    SELECT
        toHour(slots.slot + if(slots.slot < offsets.changes_at, offsets.at_start, offsets.at_end)) AS hour_of_day,
        bucket_seconds,
        sum(slots.responses) AS number
    FROM conversations.agg_response_slots AS slots
    LEFT JOIN offsets ON offsets.clinic_code = slots.clinic_code AND offsets.date_id = slots.date_id
    WHERE slots.date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR slots.clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
    GROUP BY hour_of_day, bucket_seconds
) AS buckets
GROUP BY hour_of_day
HAVING responses > 0
ORDER BY hour_of_day

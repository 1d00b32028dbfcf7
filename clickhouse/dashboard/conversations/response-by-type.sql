-- By the message type of the response and its channel.
SELECT
    transform(buckets.direction_type, ['initial', 'followup', 'response'], ['Initial message', 'Follow-up', 'Response'], toString(buckets.direction_type)) AS message_type,
    toString(buckets.channel) AS channel,
    sum(buckets.number) AS responses,
    sum(buckets.seconds) / responses AS mean_response_seconds,
    quantilesExactWeighted(0.5, 0.9)(bucket_seconds, toUInt64(greatest(number, 0))) AS quantiles,
    quantiles[1] AS p50_response_seconds,
    quantiles[2] AS p90_response_seconds
FROM
(
    SELECT
        direction_type,
        slots.channel AS channel,
        bucket_seconds,
        sum(slots.responses) AS number,
        sum(slots.response_seconds) AS seconds
    FROM conversations.agg_response_slots AS slots
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR slots.channel IN {channel:Array(String)})
    GROUP BY direction_type, channel, bucket_seconds
) AS buckets
GROUP BY direction_type, channel
HAVING responses > 0
ORDER BY responses DESC, message_type, channel
LIMIT 100

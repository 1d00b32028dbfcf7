-- What each source knows of a clinic's month is stacked and summed, so that a month with ratings alone appears too.
CREATE VIEW IF NOT EXISTS conversations.agg_clinic_performance
(
    clinic_code String COMMENT 'Clinic; joins dim_clinics_current.',
    clinic_name String COMMENT 'Its name as it is now; empty when unknown. For the name of that time see agg_history_monthly.',
    month Date COMMENT 'First day of the month, in UTC.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    active_conversations UInt64 COMMENT 'Conversations with a message in the month, exact.',
    new_conversations UInt64 COMMENT 'Conversations whose first message is in the month, exact.',
    sessions UInt64 COMMENT 'Sessions that started in the month, exact.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Nullable(Float64) COMMENT 'Mean response time, exact; null without responses.',
    p50_response_seconds Nullable(Float64) COMMENT 'Median response time, at most 2 % off; null without responses.',
    p90_response_seconds Nullable(Float64) COMMENT '90th percentile of the response time, at most 2 % off; null without responses.',
    first_responses UInt64 COMMENT 'Responses that are the first of their conversation.',
    mean_first_response_seconds Nullable(Float64) COMMENT 'Mean time of first responses, exact; null without any.',
    p50_first_response_seconds Nullable(Float64) COMMENT 'Median time of first responses, at most 2 % off; null without any.',
    p90_first_response_seconds Nullable(Float64) COMMENT '90th percentile of the time of first responses, at most 2 % off; null without any.',
    ratings UInt64 COMMENT 'Conversations that were given their last rating in the month.',
    mean_rating Nullable(Float64) COMMENT 'Mean of those ratings, 1 to 5; null without any.',
    volume_rank UInt64 COMMENT 'Place among the clinics in the month by messages: 1 has the most.',
    response_rank Nullable(UInt64) COMMENT 'Place in the month by median response time: 1 is the fastest; null without responses.',
    rating_rank Nullable(UInt64) COMMENT 'Place in the month by mean rating: 1 is the best; null without ratings.'
)
AS SELECT
    performance.clinic_code AS clinic_code,
    ifNull(clinics.clinic_name, '') AS clinic_name,
    performance.month AS month,
    performance.messages AS messages,
    performance.in_messages AS in_messages,
    performance.messages - performance.in_messages AS out_messages,
    performance.active_conversations AS active_conversations,
    performance.new_conversations AS new_conversations,
    performance.sessions AS sessions,
    performance.responses AS responses,
    if(performance.responses > 0, performance.response_seconds / performance.responses, NULL) AS mean_response_seconds,
    if(performance.responses > 0, performance.response_quantiles[1], NULL) AS p50_response_seconds,
    if(performance.responses > 0, performance.response_quantiles[2], NULL) AS p90_response_seconds,
    performance.first_responses AS first_responses,
    if(performance.first_responses > 0, performance.first_response_seconds / performance.first_responses, NULL) AS mean_first_response_seconds,
    if(performance.first_responses > 0, performance.first_response_quantiles[1], NULL) AS p50_first_response_seconds,
    if(performance.first_responses > 0, performance.first_response_quantiles[2], NULL) AS p90_first_response_seconds,
    performance.ratings AS ratings,
    if(performance.ratings > 0, performance.rating_sum / performance.ratings, NULL) AS mean_rating,
    rank() OVER (PARTITION BY performance.month ORDER BY performance.messages DESC) AS volume_rank,
    if(performance.responses > 0, rank() OVER (PARTITION BY performance.month ORDER BY p50_response_seconds ASC NULLS LAST), NULL) AS response_rank,
    if(performance.ratings > 0, rank() OVER (PARTITION BY performance.month ORDER BY mean_rating DESC NULLS LAST), NULL) AS rating_rank
FROM
(
    SELECT
        parts.clinic_code AS clinic_code,
        parts.month AS month,
        sum(parts.messages) AS messages,
        sum(parts.in_messages) AS in_messages,
        sum(parts.active_conversations) AS active_conversations,
        sum(parts.new_conversations) AS new_conversations,
        sum(parts.sessions) AS sessions,
        sum(parts.responses) AS responses,
        sum(parts.response_seconds) AS response_seconds,
        quantilesExactWeighted(0.5, 0.9)(parts.bucket_seconds, parts.responses) AS response_quantiles,
        sumIf(parts.responses, parts.is_first_response) AS first_responses,
        sumIf(parts.response_seconds, parts.is_first_response) AS first_response_seconds,
        quantilesExactWeightedIf(0.5, 0.9)(parts.bucket_seconds, parts.responses, parts.is_first_response) AS first_response_quantiles,
        sum(parts.ratings) AS ratings,
        sum(parts.rating_sum) AS rating_sum
    FROM
    (
        SELECT
            toString(clinic_code) AS clinic_code, month, messages, in_messages, active_conversations, new_conversations, sessions,
            false AS is_first_response, 0. AS bucket_seconds, toUInt64(0) AS responses, toInt64(0) AS response_seconds,
            toUInt64(0) AS ratings, toUInt64(0) AS rating_sum
        FROM conversations.agg_engagement_monthly
        UNION ALL
        SELECT
            toString(store.clinic_code), toStartOfMonth(store.slot) AS month, 0, 0, 0, 0, 0,
            store.is_first_response, if(store.bucket < 50, store.bucket, 50 * exp((store.bucket - 49.5) * log(1.04))),
            toUInt64(greatest(sum(store.responses), 0)), sum(store.response_seconds),
            0, 0
        FROM conversations.store_responses AS store
        GROUP BY store.clinic_code, month, store.is_first_response, store.bucket
        UNION ALL
        SELECT
            toString(clinic_code), toStartOfMonth(date_id) AS month, 0, 0, 0, 0, 0,
            false, 0., 0, 0,
            count(), sum(rating)
        FROM conversations.fact_ratings
        GROUP BY clinic_code, month
    ) AS parts
    GROUP BY clinic_code, month
) AS performance
LEFT JOIN conversations.dim_clinics_current AS clinics ON clinics.clinic_code = performance.clinic_code
COMMENT 'Clinics compared by month: volumes, response times, ratings, ranks.';

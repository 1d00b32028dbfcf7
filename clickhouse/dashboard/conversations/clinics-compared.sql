-- What each source knows of a clinic's days is stacked and summed, so that one with ratings alone appears too.
SELECT
    if(names.clinic_name = '', compared.clinic_code, names.clinic_name) AS clinic,
    compared.messages AS messages,
    compared.new_conversations AS new_conversations,
    compared.sessions AS sessions,
    compared.responses AS responses,
    if(compared.responses > 0, compared.quantiles[1], NULL) AS p50_response_seconds,
    if(compared.responses > 0, compared.quantiles[2], NULL) AS p90_response_seconds,
    if(compared.first_responses > 0, compared.first_quantile, NULL) AS p50_first_response_seconds,
    compared.ratings AS ratings,
    if(compared.ratings > 0, compared.rating_sum / compared.ratings, NULL) AS mean_rating,
    rank() OVER (ORDER BY compared.messages DESC) AS volume_rank,
    if(compared.responses > 0, rank() OVER (ORDER BY p50_response_seconds ASC NULLS LAST), NULL) AS response_rank,
    if(compared.ratings > 0, rank() OVER (ORDER BY mean_rating DESC NULLS LAST), NULL) AS rating_rank
FROM
(
    SELECT
        clinic_code,
        sum(parts.messages) AS messages,
        sum(parts.new_conversations) AS new_conversations,
        sum(parts.sessions) AS sessions,
        sum(parts.responses) AS responses,
        sum(parts.firsts) AS first_responses,
        quantilesExactWeighted(0.5, 0.9)(bucket_seconds, toUInt64(greatest(parts.responses, 0))) AS quantiles,
        quantileExactWeighted(0.5)(bucket_seconds, toUInt64(greatest(parts.firsts, 0))) AS first_quantile,
        sum(parts.ratings) AS ratings,
        sum(parts.rating_sum) AS rating_sum
    FROM
    (
        SELECT
            toString(clinic_code) AS clinic_code,
            sum(daily.messages) AS messages, sum(daily.new_conversations) AS new_conversations, sum(daily.sessions) AS sessions,
            0. AS bucket_seconds, toInt64(0) AS responses, toInt64(0) AS firsts, toUInt64(0) AS ratings, toUInt64(0) AS rating_sum
        FROM conversations.agg_engagement_daily AS daily
        WHERE date_id BETWEEN {from:Date} AND {to:Date}
            AND (empty({clinic:Array(String)}) OR daily.clinic_code IN {clinic:Array(String)})
        GROUP BY clinic_code
        UNION ALL
        SELECT
            toString(slots.clinic_code) AS clinic_code, 0, 0, 0,
            slots.bucket_seconds, sum(slots.responses), sumIf(slots.responses, is_first_response), 0, 0
        FROM conversations.agg_response_slots AS slots
        WHERE date_id BETWEEN {from:Date} AND {to:Date}
            AND (empty({clinic:Array(String)}) OR slots.clinic_code IN {clinic:Array(String)})
        GROUP BY slots.clinic_code, slots.bucket_seconds
        UNION ALL
        SELECT toString(rated.clinic_code) AS clinic_code, 0, 0, 0, 0., 0, 0, count(), sum(rating)
        FROM conversations.fact_ratings AS rated
        WHERE date_id BETWEEN {from:Date} AND {to:Date}
            AND (empty({clinic:Array(String)}) OR rated.clinic_code IN {clinic:Array(String)})
        GROUP BY clinic_code
    ) AS parts
    GROUP BY clinic_code
) AS compared
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = compared.clinic_code
ORDER BY messages DESC, clinic
LIMIT 500

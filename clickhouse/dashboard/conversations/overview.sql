-- The span in figures. Each part is one row, read from the view of its grain.
SELECT
    engagement.messages AS messages,
    engagement.in_messages AS in_messages,
    engagement.out_messages AS out_messages,
    engagement.new_conversations AS new_conversations,
    engagement.sessions AS sessions,
    answered.responses AS responses,
    answered.p50_response_seconds AS p50_response_seconds,
    answered.p50_first_response_seconds AS p50_first_response_seconds,
    themes.urgent_conversations AS urgent_conversations,
    rated.ratings AS ratings,
    rated.mean_rating AS mean_rating
FROM
(
    SELECT
        sum(daily.messages) AS messages,
        sum(daily.in_messages) AS in_messages,
        sum(daily.out_messages) AS out_messages,
        sum(daily.new_conversations) AS new_conversations,
        sum(daily.sessions) AS sessions
    FROM conversations.agg_engagement_daily AS daily
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
) AS engagement
CROSS JOIN
(
    SELECT
        sum(buckets.number) AS responses,
        if(responses > 0, quantileExactWeighted(0.5)(bucket_seconds, toUInt64(greatest(number, 0))), NULL) AS p50_response_seconds,
        if(sum(buckets.firsts) > 0, quantileExactWeighted(0.5)(bucket_seconds, toUInt64(greatest(firsts, 0))), NULL) AS p50_first_response_seconds
    FROM
    (
        SELECT bucket_seconds, sum(slots.responses) AS number, sumIf(slots.responses, is_first_response) AS firsts
        FROM conversations.agg_response_slots AS slots
        WHERE date_id BETWEEN {from:Date} AND {to:Date}
            AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        GROUP BY bucket_seconds
    ) AS buckets
) AS answered
CROSS JOIN
(
    SELECT uniqExactIf(conversation_id, is_urgent) AS urgent_conversations
    FROM conversations.fact_conversation_tags
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
) AS themes
CROSS JOIN
(
    SELECT count() AS ratings, if(ratings > 0, avg(rating), NULL) AS mean_rating
    FROM conversations.fact_ratings
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
) AS rated

-- The six clinics with most messages, by whole month that the days touch.
WITH busiest AS
(
    SELECT toString(clinic_code) AS clinic_code
    FROM conversations.agg_engagement_daily AS daily
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR daily.clinic_code IN {clinic:Array(String)})
    GROUP BY clinic_code
    ORDER BY sum(daily.messages) DESC, clinic_code
    LIMIT 6
)
SELECT
    month,
    if(clinic_name = '', clinic_code, clinic_name) AS clinic,
    messages,
    responses,
    p50_response_seconds,
    mean_rating
FROM conversations.agg_clinic_performance
WHERE month BETWEEN toStartOfMonth({from:Date}) AND {to:Date}
    AND clinic_code IN (SELECT clinic_code FROM busiest)
ORDER BY month, clinic

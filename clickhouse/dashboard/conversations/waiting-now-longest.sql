-- Urgent ones first, then those that have waited longest.
SELECT
    waiting.conversation_id AS conversation_id,
    if(names.clinic_name = '', toString(waiting.clinic_code), names.clinic_name) AS clinic,
    waiting.channel AS channel,
    waiting.status AS status,
    if(waiting.is_urgent, 'urgent', '') AS urgency,
    waiting.waiting_since AS waiting_since,
    waiting.unanswered_messages AS unanswered_messages,
    waiting.waiting_seconds AS waiting_seconds,
    waiting.waiting_business_seconds AS waiting_business_seconds
FROM
(
    SELECT *
    FROM conversations.waiting_now
    WHERE (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
    ORDER BY is_urgent DESC, waiting_since, conversation_id
    LIMIT 100
) AS waiting
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = toString(waiting.clinic_code)
ORDER BY waiting.is_urgent DESC, waiting.waiting_since, waiting.conversation_id

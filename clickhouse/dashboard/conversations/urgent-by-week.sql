-- Conversations that first had a tag in the week while they were urgent, or sensitive; each once a week.
SELECT
    toMonday(date_id) AS week,
    uniqExactIf(conversation_id, is_urgent) AS urgent_conversations,
    uniqExactIf(conversation_id, is_sensitive) AS sensitive_conversations,
    uniqExact(conversation_id) AS tagged_conversations
FROM conversations.fact_conversation_tags
WHERE date_id BETWEEN {from:Date} AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY week
ORDER BY week

-- Null and not 0 when nobody waits: there is no longest wait then.
SELECT
    count() AS waiting_conversations,
    countIf(is_urgent) AS urgent_conversations,
    sum(unanswered_messages) AS unanswered_messages,
    maxOrNull(waiting_seconds) AS longest_waiting_seconds,
    quantileExactLowOrNull(0.5)(waiting_seconds) AS p50_waiting_seconds,
    quantileExactLowOrNull(0.5)(waiting_business_seconds) AS p50_waiting_business_seconds,
    countIf(waiting_business_seconds > 14400) AS waiting_over_4_business_hours
FROM conversations.waiting_now
WHERE (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
    AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})

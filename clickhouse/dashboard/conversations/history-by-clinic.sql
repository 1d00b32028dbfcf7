-- Of what is kept ready, or it would take a second. Whole months, with the name and type that a clinic had when the message was sent; the last months first.
SELECT
    month,
    toString(clinic_code) AS clinic_code,
    clinic_name,
    toString(clinic_type) AS clinic_type,
    sum(history.messages) AS messages,
    sum(history.conversations) AS conversations,
    sum(history.responses) AS responses,
    sum(ifNull(mean_response_seconds, 0) * history.responses) / nullIf(responses, 0) AS mean_response_seconds
FROM conversations.agg_history_monthly_snapshot AS history
WHERE month BETWEEN toStartOfMonth({from:Date}) AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY month, clinic_code, clinic_name, clinic_type
ORDER BY month DESC, messages DESC, clinic_code
LIMIT 200

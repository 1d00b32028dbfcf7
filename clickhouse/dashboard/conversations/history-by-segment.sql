-- Of what is kept ready, or it would take a second. Whole months, with the segment that a customer had when the message was sent.
SELECT
    month,
    toString(customer_segment) AS segment,
    sum(history.messages) AS messages,
    sum(history.conversations) AS conversations,
    sum(history.responses) AS responses,
    sum(ifNull(mean_response_seconds, 0) * history.responses) / nullIf(responses, 0) AS mean_response_seconds
FROM conversations.agg_history_monthly_snapshot AS history
WHERE month BETWEEN toStartOfMonth({from:Date}) AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY month, customer_segment
ORDER BY month, segment

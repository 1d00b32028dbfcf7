-- Customers whose segment rose or fell: versions that replaced another, by whole month.
SELECT
    toStartOfMonth(valid_from) AS month,
    toString(customer_segment) AS segment,
    count() AS customers
FROM conversations.dim_customers
WHERE version > 1 AND toStartOfMonth(valid_from) BETWEEN toStartOfMonth({from:Date}) AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY month, customer_segment
ORDER BY month, segment

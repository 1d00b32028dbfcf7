-- Choices of the filter.
SELECT DISTINCT toString(channel) AS value, value AS label
FROM conversations.dim_message_types
ORDER BY label
LIMIT 500

-- Exact as of the time of each message, by ASOF JOIN over the versions; the *_as_of dictionaries answer the same faster,
-- up to two minutes behind. A version that had ended, and whose successor had not begun, does not hold.
-- ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS conversations.agg_history_monthly
(
    month Date COMMENT 'First day of the month, in UTC.',
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    clinic_name String COMMENT 'Its name when the message was sent; Unknown when no version held or it had no name.',
    clinic_type LowCardinality(String) COMMENT 'Its type when the message was sent; Unknown when no version held.',
    customer_segment LowCardinality(String) COMMENT 'Segment of the customer when the message was sent; Unknown when no version held.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    conversations UInt64 COMMENT 'Conversations with such a message, exact. One whose customer changed segment, or whose clinic changed name, within the month is in both rows.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Nullable(Float64) COMMENT 'Mean response time, exact; null without responses.'
)
AS SELECT
    toStartOfMonth(messages.message_timestamp) AS month,
    messages.clinic_code AS clinic_code,
    if(ifNull(clinics.valid_to > messages.message_timestamp AND clinics.clinic_name != '', false), ifNull(clinics.clinic_name, ''), 'Unknown') AS clinic_name,
    if(ifNull(clinics.valid_to > messages.message_timestamp AND clinics.clinic_type != '', false), ifNull(clinics.clinic_type, ''), 'Unknown') AS clinic_type,
    if(ifNull(customers.valid_to > messages.message_timestamp AND customers.customer_segment != '', false), ifNull(customers.customer_segment, ''), 'Unknown') AS customer_segment,
    count() AS messages,
    countIf(messages.direction = 'in') AS in_messages,
    countIf(messages.direction = 'out') AS out_messages,
    uniqExact(messages.conversation_id) AS conversations,
    count(messages.response_seconds) AS responses,
    avg(messages.response_seconds) AS mean_response_seconds
FROM
(
    SELECT message_timestamp, clinic_code, customer_id, conversation_id, direction, response_seconds
    FROM conversations.landing_messages FINAL
    WHERE sign = 1
) AS messages
ASOF LEFT JOIN
(
    SELECT clinic_code, clinic_name, clinic_type, valid_from, valid_to FROM conversations.dim_clinics
) AS clinics ON clinics.clinic_code = messages.clinic_code AND clinics.valid_from <= messages.message_timestamp
ASOF LEFT JOIN
(
    SELECT customer_id, customer_segment, valid_from, valid_to FROM conversations.dim_customers
) AS customers ON customers.customer_id = messages.customer_id AND customers.valid_from <= messages.message_timestamp
GROUP BY month, clinic_code, clinic_name, clinic_type, customer_segment
COMMENT 'Months with clinics and customers as they were when each message was sent (SCD2).';

-- Engagement by clinic and day. Distinct things are exact without sketches: a message is the first of its conversation
-- in a period when the message before it is of an earlier one, so summing the signs of those messages counts the
-- conversations active in the period, and a correction takes back what it replaces. The same flags for the week and
-- the month are kept by day, and add up. Sessions: a message opens one when the message before it is older than its start.
-- A message that came too late has no message before it and opens nothing.
--
-- Active customers come from rows with sign = 1 alone: a message never vanishes and never changes its customer.
CREATE TABLE IF NOT EXISTS conversations.store_engagement
(
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    date_id Date COMMENT 'Day in UTC.',
    messages SimpleAggregateFunction(sum, Int64) COMMENT 'Messages.',
    in_messages SimpleAggregateFunction(sum, Int64) COMMENT 'Messages from customers.',
    new_conversations SimpleAggregateFunction(sum, Int64) COMMENT 'Conversations whose first message this day has.',
    active_conversations_day SimpleAggregateFunction(sum, Int64) COMMENT 'Messages that are the first of their conversation in the day.',
    active_conversations_week SimpleAggregateFunction(sum, Int64) COMMENT 'Messages that are the first of their conversation in the ISO week.',
    active_conversations_month SimpleAggregateFunction(sum, Int64) COMMENT 'Messages that are the first of their conversation in the month.',
    sessions SimpleAggregateFunction(sum, Int64) COMMENT 'Messages that are the first of a session.',
    active_customers AggregateFunction(uniqCombined64If, String, UInt8) COMMENT 'Distinct customers with a message.'
)
ENGINE = AggregatingMergeTree
ORDER BY (clinic_code, date_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of engagement. Read conversations.agg_engagement_daily, _weekly and _monthly.';

CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.store_engagement_feed TO conversations.store_engagement
(
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    date_id Date COMMENT 'Day in UTC.',
    messages Int64 COMMENT 'Messages.',
    in_messages Int64 COMMENT 'Messages from customers.',
    new_conversations Int64 COMMENT 'Conversations whose first message this day has.',
    active_conversations_day Int64 COMMENT 'Messages that are the first of their conversation in the day.',
    active_conversations_week Int64 COMMENT 'Messages that are the first of their conversation in the ISO week.',
    active_conversations_month Int64 COMMENT 'Messages that are the first of their conversation in the month.',
    sessions Int64 COMMENT 'Messages that are the first of a session.',
    active_customers AggregateFunction(uniqCombined64If, String, UInt8) COMMENT 'Distinct customers with a message.'
)
AS WITH
    NOT is_too_late AND previous_message_timestamp IS NULL AS is_first,
    toDate(assumeNotNull(previous_message_timestamp)) AS previous_date,
    NOT is_too_late AND NOT is_first AS has_previous
SELECT
    clinic_code,
    toDate(message_timestamp) AS date_id,
    sum(sign) AS messages,
    sumIf(sign, direction = 'in') AS in_messages,
    sumIf(sign, is_first) AS new_conversations,
    sumIf(sign, is_first OR (has_previous AND previous_date < date_id)) AS active_conversations_day,
    sumIf(sign, is_first OR (has_previous AND previous_date < toMonday(date_id))) AS active_conversations_week,
    sumIf(sign, is_first OR (has_previous AND previous_date < toStartOfMonth(date_id))) AS active_conversations_month,
    sumIf(sign, session_started_at IS NOT NULL AND (is_first OR previous_message_timestamp < session_started_at)) AS sessions,
    uniqCombined64IfState(customer_id, sign = 1) AS active_customers
FROM conversations.landing_messages
GROUP BY clinic_code, date_id
COMMENT 'Keeps store_engagement.';

CREATE VIEW IF NOT EXISTS conversations.agg_engagement_daily
(
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC; joins dim_dates.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    active_conversations UInt64 COMMENT 'Conversations with a message in the day, exact. A conversation is taken to stay with its clinic; messages that came too late do not make it active.',
    new_conversations UInt64 COMMENT 'Conversations whose first message is in the day, exact.',
    active_customers UInt64 COMMENT 'Customers with a message in the day. Approximate beyond some thousand (uniqCombined64, typically 0.5 % off). Does not add up over periods.',
    sessions UInt64 COMMENT 'Sessions that started in the day, exact.',
    messages_per_conversation Nullable(Float64) COMMENT 'messages / active_conversations; null when there is none.',
    engagement_level LowCardinality(String) COMMENT 'High from 10 messages per active conversation in the day, Medium from 5, else Low.'
)
AS SELECT
    clinic_code,
    store.date_id AS date_id,
    sum(store.messages) AS messages,
    sum(store.in_messages) AS in_messages,
    messages - in_messages AS out_messages,
    sum(store.active_conversations_day) AS active_conversations,
    sum(store.new_conversations) AS new_conversations,
    uniqCombined64IfMerge(store.active_customers) AS active_customers,
    sum(store.sessions) AS sessions,
    if(active_conversations > 0, messages / active_conversations, NULL) AS messages_per_conversation,
    multiIf(messages_per_conversation >= 10, 'High', messages_per_conversation >= 5, 'Medium', 'Low') AS engagement_level
FROM conversations.store_engagement AS store
GROUP BY clinic_code, date_id
COMMENT 'Engagement by clinic and day.';

CREATE VIEW IF NOT EXISTS conversations.agg_engagement_weekly
(
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    week Date COMMENT 'Monday of the ISO week, in UTC.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    active_conversations UInt64 COMMENT 'Conversations with a message in the week, exact. A conversation is taken to stay with its clinic; messages that came too late do not make it active.',
    new_conversations UInt64 COMMENT 'Conversations whose first message is in the week, exact.',
    active_customers UInt64 COMMENT 'Customers with a message in the week. Approximate beyond some thousand (uniqCombined64, typically 0.5 % off). Does not add up over periods.',
    sessions UInt64 COMMENT 'Sessions that started in the week, exact.',
    messages_per_conversation Nullable(Float64) COMMENT 'messages / active_conversations; null when there is none.',
    engagement_level LowCardinality(String) COMMENT 'High from 10 messages per active conversation in the week, Medium from 5, else Low.'
)
AS SELECT
    clinic_code,
    toMonday(store.date_id) AS week,
    sum(store.messages) AS messages,
    sum(store.in_messages) AS in_messages,
    messages - in_messages AS out_messages,
    sum(store.active_conversations_week) AS active_conversations,
    sum(store.new_conversations) AS new_conversations,
    uniqCombined64IfMerge(store.active_customers) AS active_customers,
    sum(store.sessions) AS sessions,
    if(active_conversations > 0, messages / active_conversations, NULL) AS messages_per_conversation,
    multiIf(messages_per_conversation >= 10, 'High', messages_per_conversation >= 5, 'Medium', 'Low') AS engagement_level
FROM conversations.store_engagement AS store
GROUP BY clinic_code, week
COMMENT 'Engagement by clinic and week.';

CREATE VIEW IF NOT EXISTS conversations.agg_engagement_monthly
(
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    month Date COMMENT 'First day of the month, in UTC.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    active_conversations UInt64 COMMENT 'Conversations with a message in the month, exact. A conversation is taken to stay with its clinic; messages that came too late do not make it active.',
    new_conversations UInt64 COMMENT 'Conversations whose first message is in the month, exact.',
    active_customers UInt64 COMMENT 'Customers with a message in the month. Approximate beyond some thousand (uniqCombined64, typically 0.5 % off). Does not add up over periods.',
    sessions UInt64 COMMENT 'Sessions that started in the month, exact.',
    messages_per_conversation Nullable(Float64) COMMENT 'messages / active_conversations; null when there is none.',
    engagement_level LowCardinality(String) COMMENT 'High from 10 messages per active conversation in the month, Medium from 5, else Low.'
)
AS SELECT
    clinic_code,
    toStartOfMonth(store.date_id) AS month,
    sum(store.messages) AS messages,
    sum(store.in_messages) AS in_messages,
    messages - in_messages AS out_messages,
    sum(store.active_conversations_month) AS active_conversations,
    sum(store.new_conversations) AS new_conversations,
    uniqCombined64IfMerge(store.active_customers) AS active_customers,
    sum(store.sessions) AS sessions,
    if(active_conversations > 0, messages / active_conversations, NULL) AS messages_per_conversation,
    multiIf(messages_per_conversation >= 10, 'High', messages_per_conversation >= 5, 'Medium', 'Low') AS engagement_level
FROM conversations.store_engagement AS store
GROUP BY clinic_code, month
COMMENT 'Engagement by clinic and month.';

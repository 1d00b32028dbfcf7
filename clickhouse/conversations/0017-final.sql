-- What is final, on every aggregate. The two values are asked for once a query, of a table with a row for each task.
CREATE OR REPLACE VIEW conversations.agg_engagement_daily
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
    engagement_level LowCardinality(String) COMMENT 'High from 10 messages per active conversation in the day, Medium from 5, else Low.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the day ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
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
    multiIf(messages_per_conversation >= 10, 'High', messages_per_conversation >= 5, 'Medium', 'Low') AS engagement_level,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(date_id + 1, 'UTC') <= progress.2, false)) AS is_final
FROM conversations.store_engagement AS store
GROUP BY clinic_code, date_id
COMMENT 'Engagement by clinic and day.';

CREATE OR REPLACE VIEW conversations.agg_engagement_weekly
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
    engagement_level LowCardinality(String) COMMENT 'High from 10 messages per active conversation in the week, Medium from 5, else Low.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the week ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
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
    multiIf(messages_per_conversation >= 10, 'High', messages_per_conversation >= 5, 'Medium', 'Low') AS engagement_level,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(week + 7, 'UTC') <= progress.2, false)) AS is_final
FROM conversations.store_engagement AS store
GROUP BY clinic_code, week
COMMENT 'Engagement by clinic and week.';

CREATE OR REPLACE VIEW conversations.agg_engagement_monthly
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
    engagement_level LowCardinality(String) COMMENT 'High from 10 messages per active conversation in the month, Medium from 5, else Low.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
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
    multiIf(messages_per_conversation >= 10, 'High', messages_per_conversation >= 5, 'Medium', 'Low') AS engagement_level,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(month + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
FROM conversations.store_engagement AS store
GROUP BY clinic_code, month
COMMENT 'Engagement by clinic and month.';

CREATE OR REPLACE VIEW conversations.agg_themes
(
    month Date COMMENT 'First day of the month, in UTC.',
    tag LowCardinality(String) COMMENT 'Tag of the conversations.',
    conversations UInt64 COMMENT 'Conversations that first had the tag in the month.',
    urgent_conversations UInt64 COMMENT 'Those of them that were urgent then.',
    sensitive_conversations UInt64 COMMENT 'Those of them that were sensitive then.',
    clinics UInt64 COMMENT 'Clinics that they belong to.',
    previous_conversations UInt64 COMMENT 'conversations of the month before; 0 when there was none.',
    change Int64 COMMENT 'conversations - previous_conversations. A month that is not over is compared with a whole one.',
    trend LowCardinality(String) COMMENT 'New when previous_conversations is 0, Rising from 20 % more, Falling from 20 % less, else Steady.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A conversation that is tagged later has its tags since it began, as its first version does, and still adds to that month.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    now.month AS month,
    now.tag AS tag,
    now.conversations AS conversations,
    now.urgent_conversations AS urgent_conversations,
    now.sensitive_conversations AS sensitive_conversations,
    now.clinics AS clinics,
    ifNull(before.conversations, 0) AS previous_conversations,
    toInt64(conversations) - toInt64(previous_conversations) AS change,
    multiIf(
        previous_conversations = 0, 'New',
        conversations >= 1.2 * previous_conversations, 'Rising',
        conversations <= 0.8 * previous_conversations, 'Falling',
        'Steady') AS trend,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(now.month + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
FROM
(
    SELECT
        toStartOfMonth(date_id) AS month,
        tag,
        count() AS conversations,
        countIf(is_urgent) AS urgent_conversations,
        countIf(is_sensitive) AS sensitive_conversations,
        uniqExact(clinic_code) AS clinics
    FROM conversations.fact_conversation_tags
    GROUP BY month, tag
) AS now
LEFT JOIN
(
    SELECT toStartOfMonth(date_id) + INTERVAL 1 MONTH AS month, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY month, tag
) AS before ON before.month = now.month AND before.tag = now.tag
COMMENT 'Themes of conversations by month: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

CREATE OR REPLACE VIEW conversations.agg_themes_weekly
(
    week Date COMMENT 'Monday of the ISO week, in UTC.',
    tag LowCardinality(String) COMMENT 'Tag of the conversations.',
    conversations UInt64 COMMENT 'Conversations that first had the tag in the week.',
    urgent_conversations UInt64 COMMENT 'Those of them that were urgent then.',
    sensitive_conversations UInt64 COMMENT 'Those of them that were sensitive then.',
    clinics UInt64 COMMENT 'Clinics that they belong to.',
    previous_conversations UInt64 COMMENT 'conversations of the week before; 0 when there was none.',
    change Int64 COMMENT 'conversations - previous_conversations. A week that is not over is compared with a whole one.',
    trend LowCardinality(String) COMMENT 'New when previous_conversations is 0, Rising from 20 % more, Falling from 20 % less, else Steady.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the week ended so long before complete_through that no event within the allowed lateness can change the row any more. A conversation that is tagged later has its tags since it began, as its first version does, and still adds to that week.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    now.week AS week,
    now.tag AS tag,
    now.conversations AS conversations,
    now.urgent_conversations AS urgent_conversations,
    now.sensitive_conversations AS sensitive_conversations,
    now.clinics AS clinics,
    ifNull(before.conversations, 0) AS previous_conversations,
    toInt64(conversations) - toInt64(previous_conversations) AS change,
    multiIf(
        previous_conversations = 0, 'New',
        conversations >= 1.2 * previous_conversations, 'Rising',
        conversations <= 0.8 * previous_conversations, 'Falling',
        'Steady') AS trend,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(now.week + 7, 'UTC') <= progress.2, false)) AS is_final
FROM
(
    SELECT
        toMonday(date_id) AS week,
        tag,
        count() AS conversations,
        countIf(is_urgent) AS urgent_conversations,
        countIf(is_sensitive) AS sensitive_conversations,
        uniqExact(clinic_code) AS clinics
    FROM conversations.fact_conversation_tags
    GROUP BY week, tag
) AS now
LEFT JOIN
(
    SELECT toMonday(date_id) + INTERVAL 7 DAY AS week, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY week, tag
) AS before ON before.week = now.week AND before.tag = now.tag
COMMENT 'Themes of conversations by week: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

CREATE OR REPLACE VIEW conversations.agg_clinic_performance
(
    clinic_code String COMMENT 'Clinic; joins dim_clinics_current.',
    clinic_name String COMMENT 'Its name as it is now; empty when unknown. For the name of that time see agg_history_monthly.',
    month Date COMMENT 'First day of the month, in UTC.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    active_conversations UInt64 COMMENT 'Conversations with a message in the month, exact.',
    new_conversations UInt64 COMMENT 'Conversations whose first message is in the month, exact.',
    sessions UInt64 COMMENT 'Sessions that started in the month, exact.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Nullable(Float64) COMMENT 'Mean response time, exact; null without responses.',
    p50_response_seconds Nullable(Float64) COMMENT 'Median response time, at most 2 % off; null without responses.',
    p90_response_seconds Nullable(Float64) COMMENT '90th percentile of the response time, at most 2 % off; null without responses.',
    first_responses UInt64 COMMENT 'Responses that are the first of their conversation.',
    mean_first_response_seconds Nullable(Float64) COMMENT 'Mean time of first responses, exact; null without any.',
    p50_first_response_seconds Nullable(Float64) COMMENT 'Median time of first responses, at most 2 % off; null without any.',
    p90_first_response_seconds Nullable(Float64) COMMENT '90th percentile of the time of first responses, at most 2 % off; null without any.',
    ratings UInt64 COMMENT 'Conversations that were given their last rating in the month.',
    mean_rating Nullable(Float64) COMMENT 'Mean of those ratings, 1 to 5; null without any.',
    volume_rank UInt64 COMMENT 'Place among the clinics in the month by messages: 1 has the most.',
    response_rank Nullable(UInt64) COMMENT 'Place in the month by median response time: 1 is the fastest; null without responses.',
    rating_rank Nullable(UInt64) COMMENT 'Place in the month by mean rating: 1 is the best; null without ratings.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. Not the name and not the ratings: a conversation that is rated again moves to the month of its last rating.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    performance.clinic_code AS clinic_code,
    ifNull(clinics.clinic_name, '') AS clinic_name,
    performance.month AS month,
    performance.messages AS messages,
    performance.in_messages AS in_messages,
    performance.messages - performance.in_messages AS out_messages,
    performance.active_conversations AS active_conversations,
    performance.new_conversations AS new_conversations,
    performance.sessions AS sessions,
    performance.responses AS responses,
    if(performance.responses > 0, performance.response_seconds / performance.responses, NULL) AS mean_response_seconds,
    if(performance.responses > 0, performance.response_quantiles[1], NULL) AS p50_response_seconds,
    if(performance.responses > 0, performance.response_quantiles[2], NULL) AS p90_response_seconds,
    performance.first_responses AS first_responses,
    if(performance.first_responses > 0, performance.first_response_seconds / performance.first_responses, NULL) AS mean_first_response_seconds,
    if(performance.first_responses > 0, performance.first_response_quantiles[1], NULL) AS p50_first_response_seconds,
    if(performance.first_responses > 0, performance.first_response_quantiles[2], NULL) AS p90_first_response_seconds,
    performance.ratings AS ratings,
    if(performance.ratings > 0, performance.rating_sum / performance.ratings, NULL) AS mean_rating,
    rank() OVER (PARTITION BY performance.month ORDER BY performance.messages DESC) AS volume_rank,
    if(performance.responses > 0, rank() OVER (PARTITION BY performance.month ORDER BY p50_response_seconds ASC NULLS LAST), NULL) AS response_rank,
    if(performance.ratings > 0, rank() OVER (PARTITION BY performance.month ORDER BY mean_rating DESC NULLS LAST), NULL) AS rating_rank,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(performance.month + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
FROM
(
    SELECT
        parts.clinic_code AS clinic_code,
        parts.month AS month,
        sum(parts.messages) AS messages,
        sum(parts.in_messages) AS in_messages,
        sum(parts.active_conversations) AS active_conversations,
        sum(parts.new_conversations) AS new_conversations,
        sum(parts.sessions) AS sessions,
        sum(parts.responses) AS responses,
        sum(parts.response_seconds) AS response_seconds,
        quantilesExactWeighted(0.5, 0.9)(parts.bucket_seconds, parts.responses) AS response_quantiles,
        sumIf(parts.responses, parts.is_first_response) AS first_responses,
        sumIf(parts.response_seconds, parts.is_first_response) AS first_response_seconds,
        quantilesExactWeightedIf(0.5, 0.9)(parts.bucket_seconds, parts.responses, parts.is_first_response) AS first_response_quantiles,
        sum(parts.ratings) AS ratings,
        sum(parts.rating_sum) AS rating_sum
    FROM
    (
        SELECT
            toString(clinic_code) AS clinic_code, month, messages, in_messages, active_conversations, new_conversations, sessions,
            false AS is_first_response, 0. AS bucket_seconds, toUInt64(0) AS responses, toInt64(0) AS response_seconds,
            toUInt64(0) AS ratings, toUInt64(0) AS rating_sum
        FROM conversations.agg_engagement_monthly
        UNION ALL
        SELECT
            toString(store.clinic_code), toStartOfMonth(store.slot) AS month, 0, 0, 0, 0, 0,
            store.is_first_response, if(store.bucket < 50, store.bucket, 50 * exp((store.bucket - 49.5) * log(1.04))),
            toUInt64(greatest(sum(store.responses), 0)), sum(store.response_seconds),
            0, 0
        FROM conversations.store_responses AS store
        GROUP BY store.clinic_code, month, store.is_first_response, store.bucket
        UNION ALL
        SELECT
            toString(clinic_code), toStartOfMonth(date_id) AS month, 0, 0, 0, 0, 0,
            false, 0., 0, 0,
            count(), sum(rating)
        FROM conversations.fact_ratings
        GROUP BY clinic_code, month
    ) AS parts
    GROUP BY clinic_code, month
) AS performance
LEFT JOIN conversations.dim_clinics_current AS clinics ON clinics.clinic_code = performance.clinic_code
COMMENT 'Clinics compared by month: volumes, response times, ratings, ranks.';

CREATE OR REPLACE VIEW conversations.agg_history_monthly
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
    mean_response_seconds Nullable(Float64) COMMENT 'Mean response time, exact; null without responses.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A name, type or segment that becomes known later reaches back, and can still move messages between rows.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
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
    avg(messages.response_seconds) AS mean_response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(toStartOfMonth(messages.message_timestamp) + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
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

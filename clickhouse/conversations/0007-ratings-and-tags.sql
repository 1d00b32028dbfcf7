CREATE TABLE IF NOT EXISTS conversations.landing_ratings
(
    conversation_id String COMMENT 'Conversation that was rated.',
    customer_id String COMMENT 'Customer of the conversation.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of the conversation.',
    rating UInt8 COMMENT 'The rating given last, 1 to 5.',
    rated_at DateTime64(3, 'UTC') COMMENT 'When it was given.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY conversation_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of ratings. Read conversations.fact_ratings.';

CREATE VIEW IF NOT EXISTS conversations.fact_ratings
(
    conversation_id String COMMENT 'Conversation that was rated: unique. Joins dim_conversations_current.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it was given; joins dim_dates.',
    rating UInt8 COMMENT 'The rating given last, 1 to 5.',
    rated_at DateTime64(3, 'UTC') COMMENT 'When it was given, in UTC.'
)
AS SELECT conversation_id, customer_id, clinic_code, toDate(rated_at) AS date_id, rating, rated_at
FROM conversations.landing_ratings FINAL
WHERE sign = 1
COMMENT 'One row per rated conversation: the rating given last.';

CREATE TABLE IF NOT EXISTS conversations.landing_conversation_tags
(
    conversation_id String COMMENT 'Conversation that has, or has had, the tag.',
    customer_id String COMMENT 'Customer of the conversation.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of the conversation.',
    tag LowCardinality(String) COMMENT 'The tag.',
    tagged_at DateTime64(3, 'UTC') COMMENT 'Start of the first version of the conversation that has it.',
    is_urgent Bool COMMENT 'Whether that version was urgent.',
    is_sensitive Bool COMMENT 'Whether that version was sensitive.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (tag, conversation_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of tags. Read conversations.fact_conversation_tags.';

CREATE VIEW IF NOT EXISTS conversations.fact_conversation_tags
(
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC of tagged_at; joins dim_dates.',
    tag LowCardinality(String) COMMENT 'The tag; unique with conversation_id.',
    tagged_at DateTime64(3, 'UTC') COMMENT 'When the conversation first had it, in UTC.',
    is_urgent Bool COMMENT 'Whether the conversation was urgent at that time.',
    is_sensitive Bool COMMENT 'Whether the conversation was sensitive at that time.'
)
AS SELECT conversation_id, customer_id, clinic_code, toDate(tagged_at) AS date_id, tag, tagged_at, is_urgent, is_sensitive
FROM conversations.landing_conversation_tags FINAL
WHERE sign = 1
COMMENT 'One row per conversation and tag that it has or has had.';

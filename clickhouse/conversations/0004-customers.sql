-- Versions of customers. A new segment or clinic opens a version; total_conversations overwrites the current one.
CREATE TABLE IF NOT EXISTS conversations.landing_customers
(
    customer_id String COMMENT 'Id of the customer.',
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    total_conversations UInt32 COMMENT 'Conversations so far.',
    customer_segment LowCardinality(String) COMMENT 'High Volume, Medium Volume or Low Volume.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version.',
    valid_to DateTime64(3, 'UTC') COMMENT 'End of the version, exclusive.',
    is_current Bool COMMENT 'Whether the version holds now.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the key is known.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (customer_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of versions of customers. Read conversations.dim_customers.';

CREATE VIEW IF NOT EXISTS conversations.dim_customers
(
    customer_id String COMMENT 'Id of the customer; unique with valid_from.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    total_conversations UInt32 COMMENT 'Conversations of the customer up to the end of the version.',
    customer_segment LowCardinality(String) COMMENT 'High Volume from 10 conversations, Medium Volume from 5, else Low Volume.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version, in UTC.',
    valid_to DateTime64(3, 'UTC') COMMENT 'End of the version, exclusive, in UTC; 2299-12-31 00:00:00 when it holds now.',
    is_current Bool COMMENT 'Whether the version holds now.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the key is known: a message or conversation came before the customer.'
)
AS SELECT customer_id, clinic_code, total_conversations, customer_segment, valid_from, valid_to, is_current, version, is_inferred
FROM conversations.landing_customers FINAL
WHERE sign = 1
COMMENT 'Versions of customers (SCD2): one row per customer and version.';

CREATE DICTIONARY IF NOT EXISTS conversations.customers_as_of
(
    customer_id String,
    valid_from DateTime64(3, 'UTC'),
    valid_until DateTime64(3, 'UTC'),
    clinic_code String DEFAULT '',
    customer_segment String DEFAULT '',
    total_conversations UInt32 DEFAULT 0,
    version UInt32 DEFAULT 0
)
PRIMARY KEY customer_id
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT customer_id, valid_from, valid_to - INTERVAL 1 MILLISECOND AS valid_until, clinic_code, customer_segment, total_conversations, version FROM conversations.dim_customers'
    INVALIDATE_QUERY 'SELECT max(row_version) FROM conversations.landing_customers'))
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN valid_from MAX valid_until)
LIFETIME(MIN 60 MAX 120)
COMMENT 'The version of a customer that held at a time, at most two minutes behind. Columns: customer_id (key), valid_from and valid_until (range, both inclusive), clinic_code, customer_segment, total_conversations, version (0 when none held). Example: SELECT dictGet(''conversations.customers_as_of'', ''customer_segment'', tuple(customer_id), message_timestamp) FROM conversations.fact_messages';

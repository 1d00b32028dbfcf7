CREATE TABLE IF NOT EXISTS conversations.landing_clinics
(
    clinic_code String COMMENT 'Code of the clinic.',
    clinic_name String COMMENT 'Name; empty when only inferred.',
    clinic_type LowCardinality(String) COMMENT 'Given, or taken from the name.',
    timezone LowCardinality(String) COMMENT 'IANA time zone; empty when unknown.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version.',
    valid_to DateTime64(3, 'UTC') COMMENT 'End of the version, exclusive.',
    is_current Bool COMMENT 'Whether the version holds now.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the key is known.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (clinic_code, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of versions of clinics. Read conversations.dim_clinics.';

CREATE VIEW IF NOT EXISTS conversations.dim_clinics
(
    clinic_code String COMMENT 'Code of the clinic; unique with valid_from.',
    clinic_name String COMMENT 'Name; empty when only inferred.',
    clinic_type LowCardinality(String) COMMENT 'As given; else LLC, Inc or Group when the name contains it, else Other.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version, in UTC.',
    valid_to DateTime64(3, 'UTC') COMMENT 'End of the version, exclusive, in UTC; 2299-12-31 00:00:00 when it holds now.',
    is_current Bool COMMENT 'Whether the version holds now.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the code is known: a message came before the clinic.',
    timezone LowCardinality(String) COMMENT 'IANA time zone; empty when unknown, and then UTC is meant.'
)
AS SELECT clinic_code, clinic_name, clinic_type, valid_from, valid_to, is_current, version, is_inferred, timezone
FROM conversations.landing_clinics FINAL
WHERE sign = 1
COMMENT 'Versions of clinics (SCD2): one row per clinic and version.';

CREATE VIEW IF NOT EXISTS conversations.dim_clinics_current
(
    clinic_code String COMMENT 'Code of the clinic: unique.',
    clinic_name String COMMENT 'Name; empty when only inferred.',
    clinic_type LowCardinality(String) COMMENT 'As given; else LLC, Inc or Group when the name contains it, else Other.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version, in UTC.',
    valid_to DateTime64(3, 'UTC') COMMENT '2299-12-31 00:00:00: it holds now.',
    is_current Bool COMMENT 'Always true.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the code is known: a message came before the clinic.',
    timezone LowCardinality(String) COMMENT 'IANA time zone; empty when unknown, and then UTC is meant.'
)
AS SELECT clinic_code, clinic_name, clinic_type, valid_from, valid_to, is_current, version, is_inferred, timezone
FROM conversations.dim_clinics
WHERE is_current
COMMENT 'One row per clinic as it is now, without the deleted.';

-- Here and not with the customers, because it names the clinic. ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS conversations.dim_customers_current
(
    customer_id String COMMENT 'Id of the customer: unique.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    total_conversations UInt32 COMMENT 'Conversations of the customer so far.',
    customer_segment LowCardinality(String) COMMENT 'High Volume from 10 conversations, Medium Volume from 5, else Low Volume.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version, in UTC.',
    valid_to DateTime64(3, 'UTC') COMMENT '2299-12-31 00:00:00: it holds now.',
    is_current Bool COMMENT 'Always true.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the key is known: a message or conversation came before the customer.',
    clinic_name String COMMENT 'Name of the clinic as it is now; empty when unknown.',
    open_conversations UInt64 COMMENT 'Conversations whose status is open now.',
    completed_conversations UInt64 COMMENT 'Conversations whose status is done now.',
    urgent_conversations UInt64 COMMENT 'Conversations that are urgent now.',
    sensitive_conversations UInt64 COMMENT 'Conversations that are sensitive now.'
)
AS SELECT
    customers.customer_id AS customer_id,
    customers.clinic_code AS clinic_code,
    customers.total_conversations AS total_conversations,
    customers.customer_segment AS customer_segment,
    customers.valid_from AS valid_from,
    customers.valid_to AS valid_to,
    customers.is_current AS is_current,
    customers.version AS version,
    customers.is_inferred AS is_inferred,
    ifNull(clinics.clinic_name, '') AS clinic_name,
    ifNull(counts.open_conversations, 0) AS open_conversations,
    ifNull(counts.completed_conversations, 0) AS completed_conversations,
    ifNull(counts.urgent_conversations, 0) AS urgent_conversations,
    ifNull(counts.sensitive_conversations, 0) AS sensitive_conversations
FROM conversations.dim_customers AS customers
LEFT JOIN
(
    SELECT
        customer_id,
        countIf(status = 'open') AS open_conversations,
        countIf(status = 'done') AS completed_conversations,
        countIf(is_urgent) AS urgent_conversations,
        countIf(is_sensitive) AS sensitive_conversations
    FROM conversations.landing_conversations FINAL
    WHERE sign = 1 AND is_current
    GROUP BY customer_id
) AS counts ON counts.customer_id = customers.customer_id
LEFT JOIN conversations.dim_clinics_current AS clinics ON clinics.clinic_code = customers.clinic_code
WHERE customers.is_current
COMMENT 'One row per customer as it is now, without the deleted.';

CREATE DICTIONARY IF NOT EXISTS conversations.clinics_as_of
(
    clinic_code String,
    valid_from DateTime64(3, 'UTC'),
    valid_until DateTime64(3, 'UTC'),
    clinic_name String DEFAULT '',
    clinic_type String DEFAULT '',
    timezone String DEFAULT '',
    version UInt32 DEFAULT 0
)
PRIMARY KEY clinic_code
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT clinic_code, valid_from, valid_to - INTERVAL 1 MILLISECOND AS valid_until, clinic_name, clinic_type, timezone, version FROM conversations.dim_clinics'
    INVALIDATE_QUERY 'SELECT max(row_version) FROM conversations.landing_clinics'))
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN valid_from MAX valid_until)
LIFETIME(MIN 60 MAX 120)
COMMENT 'The version of a clinic that held at a time, at most two minutes behind. Columns: clinic_code (key), valid_from and valid_until (range, both inclusive), clinic_name, clinic_type, timezone, version (0 when none held). Example: SELECT dictGet(''conversations.clinics_as_of'', ''clinic_name'', tuple(toString(clinic_code)), message_timestamp) FROM conversations.fact_messages';

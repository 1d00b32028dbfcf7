-- Versions of conversations. A dictionary answers "which version held then": its ranges include both ends, hence the
-- millisecond taken from valid_to. It is loaded when first asked, and again only when rows were added since.
-- A dictionary reads its source as a user: the named collection `parley` of the server has its user and password. The
-- embedded server has one; elsewhere CREATE NAMED COLLECTION parley AS user = '...', password = '...'. Nothing else needs it.
CREATE TABLE IF NOT EXISTS conversations.landing_conversations
(
    conversation_id String COMMENT 'Id of the conversation.',
    customer_id String COMMENT 'Customer.',
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    status LowCardinality(String) COMMENT 'open, done or snoozed; empty when only inferred.',
    tags Array(LowCardinality(String)) COMMENT 'Tags.',
    is_urgent Bool COMMENT 'Urgent, by flag or by tag.',
    is_sensitive Bool COMMENT 'Sensitive, by flag or by tag.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version.',
    valid_to DateTime64(3, 'UTC') COMMENT 'End of the version, exclusive.',
    is_current Bool COMMENT 'Whether the version holds now.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the key is known.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (conversation_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of versions of conversations. Read conversations.dim_conversations.';

CREATE VIEW IF NOT EXISTS conversations.dim_conversations
(
    conversation_id String COMMENT 'Id of the conversation; unique with valid_from.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    status LowCardinality(String) COMMENT 'open, done or snoozed; empty when only inferred.',
    tags String COMMENT 'Tags sorted and joined by a comma and a space. One row per tag: fact_conversation_tags.',
    is_urgent Bool COMMENT 'Urgent, by flag or by a tag that contains urgent.',
    is_sensitive Bool COMMENT 'Sensitive, by flag or by a tag that contains sensitive.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version, in UTC.',
    valid_to DateTime64(3, 'UTC') COMMENT 'End of the version, exclusive, in UTC; 2299-12-31 00:00:00 when it holds now.',
    is_current Bool COMMENT 'Whether the version holds now.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the key is known: a message came before the conversation.',
    tag_count UInt32 COMMENT 'Distinct tags.',
    is_pog Bool COMMENT 'Whether a tag contains pog, in any case.',
    is_plan Bool COMMENT 'Whether a tag contains plan, in any case.',
    is_open Bool COMMENT 'Whether status is open.',
    is_completed Bool COMMENT 'Whether status is done.',
    is_snoozed Bool COMMENT 'Whether status is snoozed.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.'
)
AS SELECT
    conversation_id,
    customer_id,
    status,
    arrayStringConcat(arraySort(arrayDistinct(landing.tags)), ', ') AS tags,
    is_urgent,
    is_sensitive,
    valid_from,
    valid_to,
    is_current,
    version,
    is_inferred,
    length(arrayDistinct(landing.tags)) AS tag_count,
    toBool(arrayExists(tag -> lower(tag) LIKE '%pog%', landing.tags)) AS is_pog,
    toBool(arrayExists(tag -> lower(tag) LIKE '%plan%', landing.tags)) AS is_plan,
    toBool(status = 'open') AS is_open,
    toBool(status = 'done') AS is_completed,
    toBool(status = 'snoozed') AS is_snoozed,
    clinic_code
FROM conversations.landing_conversations AS landing FINAL
WHERE sign = 1
COMMENT 'Versions of conversations (SCD2): one row per conversation and version.';

CREATE VIEW IF NOT EXISTS conversations.dim_conversations_current
(
    conversation_id String COMMENT 'Id of the conversation: unique.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    status LowCardinality(String) COMMENT 'open, done or snoozed; empty when only inferred.',
    tags String COMMENT 'Tags sorted and joined by a comma and a space. One row per tag: fact_conversation_tags.',
    is_urgent Bool COMMENT 'Urgent, by flag or by a tag that contains urgent.',
    is_sensitive Bool COMMENT 'Sensitive, by flag or by a tag that contains sensitive.',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the version, in UTC.',
    valid_to DateTime64(3, 'UTC') COMMENT '2299-12-31 00:00:00: it holds now.',
    is_current Bool COMMENT 'Always true.',
    version UInt32 COMMENT 'Number of the version, from 1.',
    is_inferred Bool COMMENT 'Whether only the key is known: a message came before the conversation.',
    tag_count UInt32 COMMENT 'Distinct tags.',
    is_pog Bool COMMENT 'Whether a tag contains pog, in any case.',
    is_plan Bool COMMENT 'Whether a tag contains plan, in any case.',
    is_open Bool COMMENT 'Whether status is open.',
    is_completed Bool COMMENT 'Whether status is done.',
    is_snoozed Bool COMMENT 'Whether status is snoozed.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.'
)
AS SELECT
    conversation_id, customer_id, status, tags, is_urgent, is_sensitive, valid_from, valid_to, is_current, version,
    is_inferred, tag_count, is_pog, is_plan, is_open, is_completed, is_snoozed, clinic_code
FROM conversations.dim_conversations
WHERE is_current
COMMENT 'One row per conversation as it is now, without the deleted.';

CREATE DICTIONARY IF NOT EXISTS conversations.conversations_as_of
(
    conversation_id String,
    valid_from DateTime64(3, 'UTC'),
    valid_until DateTime64(3, 'UTC'),
    customer_id String DEFAULT '',
    clinic_code String DEFAULT '',
    status String DEFAULT '',
    tags String DEFAULT '',
    is_urgent UInt8 DEFAULT 0,
    is_sensitive UInt8 DEFAULT 0,
    version UInt32 DEFAULT 0
)
PRIMARY KEY conversation_id
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT conversation_id, valid_from, valid_to - INTERVAL 1 MILLISECOND AS valid_until, customer_id, clinic_code, status, tags, is_urgent, is_sensitive, version FROM conversations.dim_conversations'
    INVALIDATE_QUERY 'SELECT max(row_version) FROM conversations.landing_conversations'))
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN valid_from MAX valid_until)
LIFETIME(MIN 60 MAX 120)
COMMENT 'The version of a conversation that held at a time, at most two minutes behind. Columns: conversation_id (key), valid_from and valid_until (range, both inclusive), customer_id, clinic_code, status, tags, is_urgent, is_sensitive, version (0 when none held). Example: SELECT dictGet(''conversations.conversations_as_of'', ''status'', tuple(conversation_id), message_timestamp) FROM conversations.fact_messages';

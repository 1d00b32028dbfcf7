-- For the ClickHouse cluster parley, by `parley migrate --cluster parley --print`.
-- Generated from clickhouse/*/NNNN-name.sql. Do not edit: write a migration.

-- conversations/0001-messages

CREATE DATABASE IF NOT EXISTS conversations ON CLUSTER 'parley' ENGINE = Atomic COMMENT 'Messages between clinics and customers: facts, versioned dimensions and aggregates.';

CREATE TABLE IF NOT EXISTS conversations.landing_messages_local ON CLUSTER 'parley'
(
    message_id String COMMENT 'Id of the message.',
    conversation_id String COMMENT 'Conversation that it belongs to.',
    customer_id String COMMENT 'Customer of the conversation.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of the conversation.',
    message_timestamp DateTime64(3, 'UTC') COMMENT 'When it was sent.' CODEC(Delta(8), LZ4),
    direction LowCardinality(String) COMMENT 'in (from the customer) or out (from the clinic).',
    direction_type LowCardinality(String) COMMENT 'initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel, such as whatsapp or email.',
    text_length Nullable(UInt32) COMMENT 'Characters of the text; null when unknown.',
    text Nullable(String) COMMENT 'The text; null unless Parley was configured to store it.',
    text_tags Array(LowCardinality(String)) COMMENT 'Tags found in the text by the configured words.',
    previous_message_timestamp Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the message before it in its conversation; null for the first and for one that came too late.',
    minutes_since_last_message Nullable(UInt32) COMMENT 'Whole minutes since then.',
    seconds_since_last_message Nullable(UInt32) COMMENT 'Whole seconds since then.',
    response_seconds Nullable(UInt32) COMMENT 'On an out message: seconds since the first unanswered in message; null when it answers none.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    session_started_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of its session; null when it came too late.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (clinic_code, message_timestamp, message_id)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of messages. Read conversations.fact_messages.';

CREATE TABLE IF NOT EXISTS conversations.landing_messages ON CLUSTER 'parley' AS conversations.landing_messages_local
ENGINE = Distributed('parley', 'conversations', 'landing_messages_local', cityHash64(clinic_code, message_timestamp, message_id))
COMMENT 'Storage of messages. Read conversations.fact_messages.';

CREATE VIEW IF NOT EXISTS conversations.fact_messages ON CLUSTER 'parley'
(
    message_id String COMMENT 'Id of the message: unique.',
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it was sent; joins dim_dates.',
    message_timestamp DateTime64(3, 'UTC') COMMENT 'When it was sent, in UTC.',
    direction LowCardinality(String) COMMENT 'in (from the customer) or out (from the clinic).',
    direction_type LowCardinality(String) COMMENT 'initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel, such as whatsapp or email.',
    message_count UInt8 COMMENT 'Always 1, to be summed.',
    minutes_since_last_message Nullable(UInt32) COMMENT 'Whole minutes elapsed since the previous message by time of the same conversation, in either direction; null for the first, and for one that came too late.',
    seconds_since_last_message Nullable(UInt32) COMMENT 'The same in whole seconds.',
    previous_message_timestamp Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of that previous message.',
    message_hour UInt8 COMMENT 'Hour of the day in UTC, 0 to 23. For the clinic''s own hours see agg_response_times.',
    inbound_message_count UInt8 COMMENT '1 when direction is in, else 0.',
    outbound_message_count UInt8 COMMENT '1 when direction is out, else 0.',
    initial_message_count UInt8 COMMENT '1 when direction_type is initial, else 0.',
    followup_message_count UInt8 COMMENT '1 when direction_type is followup, else 0.',
    response_message_count UInt8 COMMENT '1 when direction_type is response, else 0.',
    response_seconds Nullable(UInt32) COMMENT 'On an out message: seconds since the first in message that was not yet answered; null when it answers none.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    session_id Nullable(String) COMMENT 'Session; joins fact_sessions. Null when it came too late to be placed.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness: it is counted, with no gap, response or session.',
    message_type_id String COMMENT 'Joins dim_message_types.',
    text_length Nullable(UInt32) COMMENT 'Characters of the text; null when unknown.',
    text Nullable(String) COMMENT 'The text; null unless Parley was configured to store it.',
    text_tags Array(LowCardinality(String)) COMMENT 'Tags found in the text by the configured words.'
)
AS SELECT
    message_id,
    conversation_id,
    customer_id,
    clinic_code,
    toDate(message_timestamp) AS date_id,
    message_timestamp,
    direction,
    direction_type,
    channel,
    toUInt8(1) AS message_count,
    minutes_since_last_message,
    seconds_since_last_message,
    previous_message_timestamp,
    toHour(message_timestamp) AS message_hour,
    direction = 'in' AS inbound_message_count,
    direction = 'out' AS outbound_message_count,
    direction_type = 'initial' AS initial_message_count,
    direction_type = 'followup' AS followup_message_count,
    direction_type = 'response' AS response_message_count,
    response_seconds,
    is_first_response,
    concat(conversation_id, '@', toString(toUnixTimestamp64Milli(session_started_at))) AS session_id,
    is_too_late,
    concat(direction, '/', direction_type, '/', channel) AS message_type_id,
    text_length,
    text,
    text_tags
FROM conversations.landing_messages FINAL
WHERE sign = 1
COMMENT 'One row per message.';

CREATE VIEW IF NOT EXISTS conversations.dim_message_types ON CLUSTER 'parley'
(
    message_type_id String COMMENT 'direction/direction_type/channel: unique.',
    direction LowCardinality(String) COMMENT 'in or out.',
    direction_type LowCardinality(String) COMMENT 'initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel, such as whatsapp or email.',
    direction_description LowCardinality(String) COMMENT 'Inbound, Outbound or Unknown.',
    message_type_description LowCardinality(String) COMMENT 'Initial Message, Follow-up Message, Response Message or Other.'
)
AS SELECT
    concat(direction, '/', direction_type, '/', channel) AS message_type_id,
    direction,
    direction_type,
    channel,
    transform(direction, ['in', 'out'], ['Inbound', 'Outbound'], 'Unknown') AS direction_description,
    transform(direction_type, ['initial', 'followup', 'response'], ['Initial Message', 'Follow-up Message', 'Response Message'], 'Other') AS message_type_description
FROM conversations.landing_messages
GROUP BY direction, direction_type, channel
COMMENT 'Kinds of messages that have occurred.';

-- conversations/0002-sessions

CREATE TABLE IF NOT EXISTS conversations.landing_sessions_local ON CLUSTER 'parley'
(
    conversation_id String COMMENT 'Conversation that it belongs to.',
    customer_id String COMMENT 'Customer of its first message.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of its first message.',
    started_at DateTime64(3, 'UTC') COMMENT 'Time of its first message.' CODEC(Delta(8), LZ4),
    ended_at DateTime64(3, 'UTC') COMMENT 'Time of its last message.' CODEC(Delta(8), LZ4),
    message_count UInt32 COMMENT 'Messages.',
    in_count UInt32 COMMENT 'Messages from the customer.',
    out_count UInt32 COMMENT 'Messages from the clinic.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (clinic_code, started_at, conversation_id)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of sessions. Read conversations.fact_sessions.';

CREATE TABLE IF NOT EXISTS conversations.landing_sessions ON CLUSTER 'parley' AS conversations.landing_sessions_local
ENGINE = Distributed('parley', 'conversations', 'landing_sessions_local', cityHash64(clinic_code, started_at, conversation_id))
COMMENT 'Storage of sessions. Read conversations.fact_sessions.';

CREATE VIEW IF NOT EXISTS conversations.fact_sessions ON CLUSTER 'parley'
(
    session_id String COMMENT 'conversation_id@start in milliseconds since 1970: unique, and the same whatever the order of arrival.',
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer of its first message; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of its first message; joins dim_clinics_current.',
    started_at DateTime64(3, 'UTC') COMMENT 'Time of its first message, in UTC.',
    ended_at DateTime64(3, 'UTC') COMMENT 'Time of its last message so far, in UTC.',
    message_count UInt32 COMMENT 'Messages.',
    in_count UInt32 COMMENT 'Messages from the customer.',
    out_count UInt32 COMMENT 'Messages from the clinic.',
    duration_seconds UInt32 COMMENT 'Whole seconds from its first to its last message; 0 for a single message.',
    is_open Bool COMMENT 'Whether the last message is less than 30 minutes old by the clock of the server, so that the next one could still belong to it.'
)
AS SELECT
    concat(conversation_id, '@', toString(toUnixTimestamp64Milli(started_at))) AS session_id,
    conversation_id,
    customer_id,
    clinic_code,
    started_at,
    ended_at,
    message_count,
    in_count,
    out_count,
    toUInt32(intDiv(toUnixTimestamp64Milli(ended_at) - toUnixTimestamp64Milli(started_at), 1000)) AS duration_seconds,
    toBool(ended_at > now64(3, 'UTC') - INTERVAL 30 MINUTE) AS is_open
FROM conversations.landing_sessions FINAL
WHERE sign = 1
COMMENT 'One row per session: messages of a conversation with no gap longer than 30 minutes between them.';

-- conversations/0003-conversations

CREATE TABLE IF NOT EXISTS conversations.landing_conversations_local ON CLUSTER 'parley'
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (conversation_id, valid_from)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of versions of conversations. Read conversations.dim_conversations.';

CREATE TABLE IF NOT EXISTS conversations.landing_conversations ON CLUSTER 'parley' AS conversations.landing_conversations_local
ENGINE = Distributed('parley', 'conversations', 'landing_conversations_local', cityHash64(conversation_id, valid_from))
COMMENT 'Storage of versions of conversations. Read conversations.dim_conversations.';

CREATE VIEW IF NOT EXISTS conversations.dim_conversations ON CLUSTER 'parley'
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

CREATE VIEW IF NOT EXISTS conversations.dim_conversations_current ON CLUSTER 'parley'
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

CREATE DICTIONARY IF NOT EXISTS conversations.conversations_as_of ON CLUSTER 'parley'
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

-- conversations/0004-customers

CREATE TABLE IF NOT EXISTS conversations.landing_customers_local ON CLUSTER 'parley'
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (customer_id, valid_from)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of versions of customers. Read conversations.dim_customers.';

CREATE TABLE IF NOT EXISTS conversations.landing_customers ON CLUSTER 'parley' AS conversations.landing_customers_local
ENGINE = Distributed('parley', 'conversations', 'landing_customers_local', cityHash64(customer_id, valid_from))
COMMENT 'Storage of versions of customers. Read conversations.dim_customers.';

CREATE VIEW IF NOT EXISTS conversations.dim_customers ON CLUSTER 'parley'
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

CREATE DICTIONARY IF NOT EXISTS conversations.customers_as_of ON CLUSTER 'parley'
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

-- conversations/0005-clinics

CREATE TABLE IF NOT EXISTS conversations.landing_clinics_local ON CLUSTER 'parley'
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (clinic_code, valid_from)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of versions of clinics. Read conversations.dim_clinics.';

CREATE TABLE IF NOT EXISTS conversations.landing_clinics ON CLUSTER 'parley' AS conversations.landing_clinics_local
ENGINE = Distributed('parley', 'conversations', 'landing_clinics_local', cityHash64(clinic_code, valid_from))
COMMENT 'Storage of versions of clinics. Read conversations.dim_clinics.';

CREATE VIEW IF NOT EXISTS conversations.dim_clinics ON CLUSTER 'parley'
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

CREATE VIEW IF NOT EXISTS conversations.dim_clinics_current ON CLUSTER 'parley'
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

CREATE VIEW IF NOT EXISTS conversations.dim_customers_current ON CLUSTER 'parley'
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
GLOBAL LEFT JOIN
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
GLOBAL LEFT JOIN conversations.dim_clinics_current AS clinics ON clinics.clinic_code = customers.clinic_code
WHERE customers.is_current
COMMENT 'One row per customer as it is now, without the deleted.';

CREATE DICTIONARY IF NOT EXISTS conversations.clinics_as_of ON CLUSTER 'parley'
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

-- conversations/0006-dates

CREATE VIEW IF NOT EXISTS conversations.dim_dates ON CLUSTER 'parley'
(
    date_id Date COMMENT 'The day: unique.',
    year UInt16 COMMENT 'Year.',
    month UInt8 COMMENT 'Month, 1 to 12.',
    day UInt8 COMMENT 'Day of the month, 1 to 31.',
    day_of_week UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    is_business_day Bool COMMENT 'Whether it is neither a Saturday nor a Sunday. Holidays are not known.',
    week Date COMMENT 'Monday of its ISO week.',
    month_start Date COMMENT 'First day of its month.',
    quarter UInt8 COMMENT 'Quarter, 1 to 4.'
)
AS SELECT
    toDate('2000-01-01') + number AS date_id,
    toYear(date_id) AS year,
    toMonth(date_id) AS month,
    toDayOfMonth(date_id) AS day,
    toDayOfWeek(date_id) % 7 AS day_of_week,
    toBool(toDayOfWeek(date_id) <= 5) AS is_business_day,
    toMonday(date_id) AS week,
    toStartOfMonth(date_id) AS month_start,
    toQuarter(date_id) AS quarter
FROM numbers(toUInt64(toDate(now('UTC')) + INTERVAL 1 YEAR - toDate('2000-01-01') + 1))
COMMENT 'Every day from 2000-01-01 to a year from today.';

-- conversations/0007-ratings-and-tags

CREATE TABLE IF NOT EXISTS conversations.landing_ratings_local ON CLUSTER 'parley'
(
    conversation_id String COMMENT 'Conversation that was rated.',
    customer_id String COMMENT 'Customer of the conversation.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of the conversation.',
    rating UInt8 COMMENT 'The rating given last, 1 to 5.',
    rated_at DateTime64(3, 'UTC') COMMENT 'When it was given.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY conversation_id
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of ratings. Read conversations.fact_ratings.';

CREATE TABLE IF NOT EXISTS conversations.landing_ratings ON CLUSTER 'parley' AS conversations.landing_ratings_local
ENGINE = Distributed('parley', 'conversations', 'landing_ratings_local', cityHash64(conversation_id))
COMMENT 'Storage of ratings. Read conversations.fact_ratings.';

CREATE VIEW IF NOT EXISTS conversations.fact_ratings ON CLUSTER 'parley'
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

CREATE TABLE IF NOT EXISTS conversations.landing_conversation_tags_local ON CLUSTER 'parley'
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (tag, conversation_id)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of tags. Read conversations.fact_conversation_tags.';

CREATE TABLE IF NOT EXISTS conversations.landing_conversation_tags ON CLUSTER 'parley' AS conversations.landing_conversation_tags_local
ENGINE = Distributed('parley', 'conversations', 'landing_conversation_tags_local', cityHash64(tag, conversation_id))
COMMENT 'Storage of tags. Read conversations.fact_conversation_tags.';

CREATE VIEW IF NOT EXISTS conversations.fact_conversation_tags ON CLUSTER 'parley'
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

-- conversations/0008-response-times

CREATE TABLE IF NOT EXISTS conversations.store_responses_local ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour in which the response was sent.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket UInt16 COMMENT 'Bucket of the response time.',
    responses Int64 COMMENT 'Responses, to be summed.',
    response_seconds Int64 COMMENT 'Their seconds, to be summed.'
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', (responses, response_seconds))
ORDER BY (clinic_code, direction_type, channel, slot, is_first_response, bucket)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of response times. Read conversations.agg_response_times.';

CREATE TABLE IF NOT EXISTS conversations.store_responses ON CLUSTER 'parley' AS conversations.store_responses_local
ENGINE = Distributed('parley', 'conversations', 'store_responses_local')
COMMENT 'Storage of response times. Read conversations.agg_response_times.';

CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.store_responses_feed ON CLUSTER 'parley' TO conversations.store_responses_local
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour in which the response was sent.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket UInt16 COMMENT 'Bucket of the response time.',
    responses Int64 COMMENT 'Responses, to be summed.',
    response_seconds Int64 COMMENT 'Their seconds, to be summed.'
)
AS WITH assumeNotNull(landing.response_seconds) AS seconds
SELECT
    clinic_code,
    direction_type,
    channel,
    toStartOfFifteenMinutes(toDateTime(message_timestamp)) AS slot,
    is_first_response,
    toUInt16(if(seconds < 50, seconds, 50 + floor(log(seconds / 50) / log(1.04)))) AS bucket,
    sum(sign) AS responses,
    sum(sign * toInt64(seconds)) AS response_seconds
FROM conversations.landing_messages_local AS landing
WHERE landing.response_seconds IS NOT NULL
GROUP BY clinic_code, direction_type, channel, slot, is_first_response, bucket
COMMENT 'Keeps store_responses.';

CREATE VIEW IF NOT EXISTS conversations.agg_response_distribution ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket_seconds Float64 COMMENT 'Response time: exact below 50 seconds, else the middle of a bucket, at most 2 % off.',
    responses UInt64 COMMENT 'Responses with this time.',
    response_seconds Int64 COMMENT 'Sum of their exact response times in seconds.'
)
AS SELECT
    store.clinic_code AS clinic_code,
    toStartOfMonth(store.slot) AS month,
    toUInt8(substring(toString(store.slot, if(ifNull(zones.is_known, 0), ifNull(zones.timezone, 'UTC'), 'UTC')), 12, 2)) AS hour_of_day,
    store.direction_type AS direction_type,
    store.channel AS channel,
    store.is_first_response AS is_first_response,
    if(store.bucket < 50, store.bucket, 50 * exp((store.bucket - 49.5) * log(1.04))) AS bucket_seconds,
    sum(store.responses) AS responses,
    sum(store.response_seconds) AS response_seconds
FROM conversations.store_responses AS store
GLOBAL LEFT JOIN
(
    SELECT
        clinic_code,
        argMax(timezone, valid_from) AS timezone,
        timezone IN (SELECT time_zone FROM system.time_zones) AS is_known
    FROM conversations.dim_clinics
    GROUP BY clinic_code
) AS zones ON zones.clinic_code = store.clinic_code
GROUP BY clinic_code, month, hour_of_day, direction_type, channel, is_first_response, bucket_seconds
HAVING responses > 0
COMMENT 'Histogram of response times, for charts and for quantiles of any other grouping: quantileExactWeighted(0.9)(bucket_seconds, responses). A response is an out message that answers an in message.';

CREATE VIEW IF NOT EXISTS conversations.agg_response_times ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Float64 COMMENT 'Mean seconds from the first unanswered in message to the response, exact.',
    p50_response_seconds Float64 COMMENT 'Median of the same: exact below 50 seconds, else at most 2 % off.',
    p90_response_seconds Float64 COMMENT '90th percentile of the same: exact below 50 seconds, else at most 2 % off.'
)
AS WITH
    -- Buckets in their order, those of one bucket from the least, so that what a correction took is taken first.
    arraySort(groupArray((store.bucket, store.responses))) AS histogram,
    arrayCumSum(entry -> entry.2, histogram) AS cumulative,
    -- Nearest rank, in tenths: 0.9 * n is not exact in floating point.
    arrayMap(tenths -> histogram[arrayFirstIndex(count -> count * 10 >= tenths * cumulative[-1], cumulative)].1, [5, 9]) AS buckets,
    arrayMap(bucket -> if(bucket < 50, bucket, 50 * exp((bucket - 49.5) * log(1.04))), buckets) AS quantiles
SELECT
    store.clinic_code AS clinic_code,
    toStartOfMonth(store.slot) AS month,
    toUInt8(substring(toString(store.slot, if(ifNull(zones.is_known, 0), ifNull(zones.timezone, 'UTC'), 'UTC')), 12, 2)) AS hour_of_day,
    store.direction_type AS direction_type,
    store.channel AS channel,
    sum(store.responses) AS responses,
    sum(store.response_seconds) / responses AS mean_response_seconds,
    quantiles[1] AS p50_response_seconds,
    quantiles[2] AS p90_response_seconds
FROM conversations.store_responses AS store
GLOBAL LEFT JOIN
(
    SELECT
        clinic_code,
        argMax(timezone, valid_from) AS timezone,
        timezone IN (SELECT time_zone FROM system.time_zones) AS is_known
    FROM conversations.dim_clinics
    GROUP BY clinic_code
) AS zones ON zones.clinic_code = store.clinic_code
GROUP BY clinic_code, month, hour_of_day, direction_type, channel
HAVING responses > 0
COMMENT 'Response times by clinic, month, hour of the day, message type and channel. Quantiles do not add up: for other groupings read agg_response_distribution.';

-- conversations/0009-engagement

CREATE TABLE IF NOT EXISTS conversations.store_engagement_local ON CLUSTER 'parley'
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
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (clinic_code, date_id)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of engagement. Read conversations.agg_engagement_daily, _weekly and _monthly.';

CREATE TABLE IF NOT EXISTS conversations.store_engagement ON CLUSTER 'parley' AS conversations.store_engagement_local
ENGINE = Distributed('parley', 'conversations', 'store_engagement_local')
COMMENT 'Storage of engagement. Read conversations.agg_engagement_daily, _weekly and _monthly.';

CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.store_engagement_feed ON CLUSTER 'parley' TO conversations.store_engagement_local
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
FROM conversations.landing_messages_local
GROUP BY clinic_code, date_id
COMMENT 'Keeps store_engagement.';

CREATE VIEW IF NOT EXISTS conversations.agg_engagement_daily ON CLUSTER 'parley'
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

CREATE VIEW IF NOT EXISTS conversations.agg_engagement_weekly ON CLUSTER 'parley'
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

CREATE VIEW IF NOT EXISTS conversations.agg_engagement_monthly ON CLUSTER 'parley'
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

-- conversations/0010-themes

CREATE VIEW IF NOT EXISTS conversations.agg_themes ON CLUSTER 'parley'
(
    month Date COMMENT 'First day of the month, in UTC.',
    tag LowCardinality(String) COMMENT 'Tag of the conversations.',
    conversations UInt64 COMMENT 'Conversations that first had the tag in the month.',
    urgent_conversations UInt64 COMMENT 'Those of them that were urgent then.',
    sensitive_conversations UInt64 COMMENT 'Those of them that were sensitive then.',
    clinics UInt64 COMMENT 'Clinics that they belong to.',
    previous_conversations UInt64 COMMENT 'conversations of the month before; 0 when there was none.',
    change Int64 COMMENT 'conversations - previous_conversations. A month that is not over is compared with a whole one.',
    trend LowCardinality(String) COMMENT 'New when previous_conversations is 0, Rising from 20 % more, Falling from 20 % less, else Steady.'
)
AS SELECT
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
        'Steady') AS trend
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
GLOBAL LEFT JOIN
(
    SELECT toStartOfMonth(date_id) + INTERVAL 1 MONTH AS month, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY month, tag
) AS before ON before.month = now.month AND before.tag = now.tag
COMMENT 'Themes of conversations by month: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

CREATE VIEW IF NOT EXISTS conversations.agg_themes_weekly ON CLUSTER 'parley'
(
    week Date COMMENT 'Monday of the ISO week, in UTC.',
    tag LowCardinality(String) COMMENT 'Tag of the conversations.',
    conversations UInt64 COMMENT 'Conversations that first had the tag in the week.',
    urgent_conversations UInt64 COMMENT 'Those of them that were urgent then.',
    sensitive_conversations UInt64 COMMENT 'Those of them that were sensitive then.',
    clinics UInt64 COMMENT 'Clinics that they belong to.',
    previous_conversations UInt64 COMMENT 'conversations of the week before; 0 when there was none.',
    change Int64 COMMENT 'conversations - previous_conversations. A week that is not over is compared with a whole one.',
    trend LowCardinality(String) COMMENT 'New when previous_conversations is 0, Rising from 20 % more, Falling from 20 % less, else Steady.'
)
AS SELECT
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
        'Steady') AS trend
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
GLOBAL LEFT JOIN
(
    SELECT toMonday(date_id) + INTERVAL 7 DAY AS week, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY week, tag
) AS before ON before.week = now.week AND before.tag = now.tag
COMMENT 'Themes of conversations by week: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

-- conversations/0011-clinic-performance

CREATE VIEW IF NOT EXISTS conversations.agg_clinic_performance ON CLUSTER 'parley'
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
    rating_rank Nullable(UInt64) COMMENT 'Place in the month by mean rating: 1 is the best; null without ratings.'
)
AS SELECT
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
    if(performance.ratings > 0, rank() OVER (PARTITION BY performance.month ORDER BY mean_rating DESC NULLS LAST), NULL) AS rating_rank
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
GLOBAL LEFT JOIN conversations.dim_clinics_current AS clinics ON clinics.clinic_code = performance.clinic_code
COMMENT 'Clinics compared by month: volumes, response times, ratings, ranks.';

-- conversations/0012-history

CREATE VIEW IF NOT EXISTS conversations.agg_history_monthly ON CLUSTER 'parley'
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
GLOBAL ASOF LEFT JOIN
(
    SELECT clinic_code, clinic_name, clinic_type, valid_from, valid_to FROM conversations.dim_clinics
) AS clinics ON clinics.clinic_code = messages.clinic_code AND clinics.valid_from <= messages.message_timestamp
GLOBAL ASOF LEFT JOIN
(
    SELECT customer_id, customer_segment, valid_from, valid_to FROM conversations.dim_customers
) AS customers ON customers.customer_id = messages.customer_id AND customers.valid_from <= messages.message_timestamp
GROUP BY month, clinic_code, clinic_name, clinic_type, customer_segment
COMMENT 'Months with clinics and customers as they were when each message was sent (SCD2).';

-- conversations/0013-response-slots

CREATE VIEW IF NOT EXISTS conversations.agg_response_slots ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which the response was sent; joins dim_dates.',
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour in which the response was sent.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket_seconds Float64 COMMENT 'Response time: exact below 50 seconds, else the middle of a bucket, at most 2 % off.',
    responses Int64 COMMENT 'Responses with this time, to be summed: a correction is a row of its own, with a negative number.',
    response_seconds Int64 COMMENT 'Their exact response times in seconds, to be summed.'
)
AS SELECT
    clinic_code,
    toDate(store.slot) AS date_id,
    store.slot AS slot,
    direction_type,
    channel,
    is_first_response,
    if(store.bucket < 50, store.bucket, 50 * exp((store.bucket - 49.5) * log(1.04))) AS bucket_seconds,
    store.responses AS responses,
    store.response_seconds AS response_seconds
FROM conversations.store_responses AS store
COMMENT 'Histogram of response times by quarter of an hour, to be summed, for any span of days. Several rows may be of one quarter and time: sum responses by what you group and by bucket_seconds first, then take quantileExactWeighted(0.9)(bucket_seconds, toUInt64(greatest(responses, 0))).';

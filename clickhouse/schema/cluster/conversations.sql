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

-- conversations/0013-business-time

CREATE TABLE IF NOT EXISTS conversations.reference_schedules ON CLUSTER 'parley'
(
    clinic_code String COMMENT 'Clinic; empty for the default schedule.',
    hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Open hours: weekday (0 is Sunday), minutes since midnight, days on which they hold (valid_to exclusive).',
    holidays Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16)) COMMENT 'Days with hours of their own, in minutes since midnight; closed all day when both are 0.',
    loaded_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was loaded: the last one of a clinic holds, whole.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}', loaded_at)
ORDER BY clinic_code
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of schedules. Read conversations.clinic_schedules and conversations.clinic_holidays.';

CREATE VIEW IF NOT EXISTS conversations.schedules_in_force ON CLUSTER 'parley'
(
    clinic_code String COMMENT 'Clinic; empty for the default schedule.',
    hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Open hours: weekday (0 is Sunday), minutes since midnight by the clock of the clinic, days on which they hold.',
    holidays Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16)) COMMENT 'Days with hours of their own, in minutes since midnight; closed all day when both are 0.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded; 1970-01-01 for the one that is built in.',
    is_built_in Bool COMMENT 'Whether it is the default that holds while none was loaded: Monday to Friday, 09:00 to 17:00, no holidays.'
)
AS SELECT clinic_code, hours, holidays, loaded_at, false AS is_built_in
FROM conversations.reference_schedules FINAL
WHERE notEmpty(hours) OR notEmpty(holidays)
UNION ALL
SELECT
    '' AS clinic_code,
    CAST(arrayMap(weekday -> (weekday, 540, 1020, '1970-01-01', '2299-12-31'), range(1, 6)), 'Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32))') AS hours,
    CAST([], 'Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16))') AS holidays,
    toDateTime64(0, 3, 'UTC') AS loaded_at,
    true AS is_built_in
FROM
(
    SELECT countIf(clinic_code = '' AND (notEmpty(hours) OR notEmpty(holidays))) AS defaults
    FROM conversations.reference_schedules FINAL
)
WHERE defaults = 0
COMMENT 'One row per clinic with a schedule of its own, and one for all others. Easier to read: clinic_schedules, clinic_holidays.';

CREATE VIEW IF NOT EXISTS conversations.clinic_schedules ON CLUSTER 'parley'
(
    clinic_code String COMMENT 'Clinic; empty for the default, which holds on the days for which a clinic has no hours of its own.',
    weekday UInt8 COMMENT '0 is Sunday, 6 is Saturday, as in dim_dates.day_of_week.',
    opens_at String COMMENT 'HH:MM by the clock of the clinic.',
    closes_at String COMMENT 'HH:MM by the clock of the clinic; no later than opens_at: on the next day. 24:00 is midnight.',
    valid_from Date32 COMMENT 'First day on which it holds.',
    valid_to Date32 COMMENT 'The day from which it holds no more; 2299-12-31 when it holds now.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded; 1970-01-01 for the default that is built in.',
    is_built_in Bool COMMENT 'Whether it is of the default that holds while none was loaded.'
)
AS SELECT
    clinic_code,
    hour.1 AS weekday,
    concat(leftPad(toString(intDiv(hour.2, 60)), 2, '0'), ':', leftPad(toString(hour.2 % 60), 2, '0')) AS opens_at,
    concat(leftPad(toString(intDiv(hour.3, 60)), 2, '0'), ':', leftPad(toString(hour.3 % 60), 2, '0')) AS closes_at,
    hour.4 AS valid_from,
    hour.5 AS valid_to,
    loaded_at,
    is_built_in
FROM (SELECT clinic_code, arrayJoin(hours) AS hour, loaded_at, is_built_in FROM conversations.schedules_in_force)
COMMENT 'Open hours of clinics: one row per interval of a weekday. Loaded by parley schedules load.';

CREATE VIEW IF NOT EXISTS conversations.clinic_holidays ON CLUSTER 'parley'
(
    clinic_code String COMMENT 'Clinic; empty for every clinic that does not list the day itself.',
    day Date32 COMMENT 'The day, by the clock of the clinic.',
    name String COMMENT 'Name of the holiday.',
    opens_at Nullable(String) COMMENT 'HH:MM by the clock of the clinic; null when it is closed all day.',
    closes_at Nullable(String) COMMENT 'HH:MM by the clock of the clinic; null when it is closed all day.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded.'
)
AS SELECT
    clinic_code,
    holiday.1 AS day,
    holiday.2 AS name,
    if(holiday.3 = 0 AND holiday.4 = 0, NULL, concat(leftPad(toString(intDiv(holiday.3, 60)), 2, '0'), ':', leftPad(toString(holiday.3 % 60), 2, '0'))) AS opens_at,
    if(holiday.3 = 0 AND holiday.4 = 0, NULL, concat(leftPad(toString(intDiv(holiday.4, 60)), 2, '0'), ':', leftPad(toString(holiday.4 % 60), 2, '0'))) AS closes_at,
    loaded_at
FROM (SELECT clinic_code, arrayJoin(holidays) AS holiday, loaded_at FROM conversations.schedules_in_force)
COMMENT 'Days on which the hours of the week do not hold. Loaded by parley schedules load.';

CREATE VIEW IF NOT EXISTS conversations.clinic_calendars ON CLUSTER 'parley'
(
    clinic_code String COMMENT 'Clinic: unique.',
    calendar_id UInt64 COMMENT 'Calendar; the same for clinics with the same zone, hours and holidays. Joins business_intervals.',
    timezone String COMMENT 'IANA time zone of the clinic as it is known now; UTC when it is unknown.',
    own_hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Hours of its own.',
    default_hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Hours of the default, for days for which it has none of its own.',
    holidays Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16)) COMMENT 'Its own holidays, and those of the default on other days.'
)
AS SELECT
    clinics.clinic_code AS clinic_code,
    cityHash64(timezone, own_hours, default_hours, holidays) AS calendar_id,
    clinics.zone AS timezone,
    schedules.hours AS own_hours,
    defaults.hours AS default_hours,
    arrayConcat(schedules.holidays, arrayFilter(holiday -> NOT has(schedules.holidays.day, holiday.1), defaults.holidays)) AS holidays
FROM
(
    SELECT
        clinic_code,
        '' AS no_clinic,
        argMax(timezone, valid_from) AS known,
        if(known IN (SELECT time_zone FROM system.time_zones), known, 'UTC') AS zone
    FROM conversations.dim_clinics
    GROUP BY clinic_code
) AS clinics
GLOBAL LEFT JOIN conversations.schedules_in_force AS schedules ON schedules.clinic_code = clinics.clinic_code
GLOBAL LEFT JOIN conversations.schedules_in_force AS defaults ON defaults.clinic_code = clinics.no_clinic
COMMENT 'Which calendar each clinic has.';

CREATE VIEW IF NOT EXISTS conversations.business_intervals ON CLUSTER 'parley'
(
    calendar_id UInt64 COMMENT 'Calendar; joins clinic_calendars.',
    stretch Int32 COMMENT 'Days without a gap in what is known of them. Between two instants of different stretches nothing is known.',
    opens_at DateTime('UTC') COMMENT 'When the clinic opens, in UTC; also the start of a stretch, as an interval of no length.',
    closes_at DateTime('UTC') COMMENT 'When it closes, in UTC.',
    until DateTime('UTC') COMMENT 'Last second before the next interval.',
    open_seconds UInt32 COMMENT 'Seconds between opening and closing.',
    open_seconds_before UInt32 COMMENT 'Open seconds of the stretch before this interval.'
)
AS WITH
    toDate('2010-01-01') AS first_day,
    today() + INTERVAL 1 YEAR AS last_day,
    calendars AS
    (
        SELECT calendar_id, any(timezone) AS timezone, any(own_hours) AS own_hours, any(default_hours) AS default_hours, any(holidays) AS holidays
        FROM conversations.clinic_calendars
        GROUP BY calendar_id
    ),
    -- How far the clock of each zone is ahead of UTC, at every midnight in UTC.
    daily AS
    (
        SELECT
            timezone,
            86400 * arrayJoin(range(toInt32(first_day) - 2, toInt32(last_day) + 4)) AS midnight,
            toInt64(toUnixTimestamp(toDateTime(toString(toDateTime(midnight, 'UTC'), timezone), 'UTC'))) - midnight AS ahead
        FROM (SELECT DISTINCT timezone FROM calendars)
    ),
    -- The days at whose ends it differs, and the first of all.
    moved AS
    (
        SELECT timezone, midnight, last_midnight
        FROM
        (
            SELECT
                timezone, midnight, ahead,
                lagInFrame(midnight, 1, midnight) OVER by_time AS last_midnight,
                lagInFrame(ahead, 1, toInt64(-100000)) OVER by_time AS last_ahead
            FROM daily
            WINDOW by_time AS (PARTITION BY timezone ORDER BY midnight ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        )
        WHERE ahead != last_ahead
    ),
    -- The same of every minute of those days.
    minutely AS
    (
        SELECT
            timezone,
            arrayJoin(if(last_midnight = midnight, [midnight], arrayMap(place -> last_midnight + toInt64(60 * place), range(0, 1441)))) AS minute,
            toInt64(toUnixTimestamp(toDateTime(toString(toDateTime(minute, 'UTC'), timezone), 'UTC'))) - minute AS ahead
        FROM moved
    ),
    periods AS
    (
        SELECT timezone, groupArray((since, until, ahead)) AS periods
        FROM
        (
            SELECT
                timezone, minute AS since, ahead,
                leadInFrame(minute, 1, toInt64(9999999999)) OVER (PARTITION BY timezone ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
            FROM
            (
                SELECT timezone, minute, ahead, lagInFrame(ahead, 1, toInt64(-100000)) OVER (PARTITION BY timezone ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_ahead
                FROM minutely
            )
            WHERE ahead != last_ahead
        )
        GROUP BY timezone
    ),
    -- The hours of each day by the clock of the clinic. A day of which no hours are known is left out.
    days AS
    (
        SELECT
            calendar_id,
            timezone,
            arrayJoin(range(toInt32(first_day), toInt32(last_day) + 1)) AS day,
            toDate32(toDate(toUInt16(day))) AS date,
            arrayFilter(hour -> hour.4 <= date AND date < hour.5, own_hours) AS own,
            if(empty(own), arrayFilter(hour -> hour.4 <= date AND date < hour.5, default_hours), own) AS week,
            arrayFilter(holiday -> holiday.1 = date, holidays) AS special,
            if(
                empty(special),
                arrayMap(hour -> (hour.2, hour.3), arrayFilter(hour -> hour.1 = toDayOfWeek(date) % 7, week)),
                arrayMap(holiday -> (holiday.3, holiday.4), arrayFilter(holiday -> holiday.3 != 0 OR holiday.4 != 0, special))
            ) AS hours
        FROM calendars
        WHERE notEmpty(week)
    ),
    -- Days that follow each other make a stretch. What is said of times in two stretches leaves out the days between.
    stretches AS
    (
        SELECT
            calendar_id, timezone, day, hours, stretch,
            min(day) OVER (PARTITION BY calendar_id, stretch) AS first,
            max(day) OVER (PARTITION BY calendar_id, stretch) AS last
        FROM
        (
            SELECT
                calendar_id, timezone, day, hours,
                day - toInt64(row_number() OVER (PARTITION BY calendar_id ORDER BY day)) AS stretch
            FROM days
        )
    ),
    -- Seconds since 1970 by that clock: open hours (kind 0), and the ends of the stretch (1: its first day, 2: its last).
    walls AS
    (
        SELECT calendar_id, timezone, stretch, arrayJoin(arrayConcat(
            arrayMap(hour -> (0, 86400 * day + 60 * toInt64(hour.1), 86400 * day + 60 * toInt64(hour.2 + if(hour.2 <= hour.1, 1440, 0))), hours),
            if(day = first, [(1, 86400 * day, 86400 * (day + 1))], []),
            if(day = last, [(2, 86400 * day, 86400 * (day + 1))], []))) AS wall
        FROM stretches
    ),
    -- In UTC. What a clock shows twice is there twice, and what it leaps over is not.
    pieces AS
    (
        SELECT
            walls.calendar_id AS calendar_id,
            walls.stretch AS stretch,
            walls.wall.1 AS kind,
            arrayJoin(arrayFilter(piece -> piece.1 < piece.2, arrayMap(
                period -> (greatest(walls.wall.2 - period.3, period.1), least(walls.wall.3 - period.3, period.2)), zones.periods))) AS piece
        FROM walls GLOBAL LEFT JOIN periods AS zones ON zones.timezone = walls.timezone
    ),
    bounded AS
    (
        SELECT
            calendar_id, stretch, kind, piece.1 AS opened, piece.2 AS closed,
            minIf(piece.1, kind = 1) OVER (PARTITION BY calendar_id, stretch) AS starts,
            maxIf(piece.2, kind = 2) OVER (PARTITION BY calendar_id, stretch) AS ends
        FROM pieces
    ),
    -- Hours that overlap count once. The start of a stretch is there as an interval of no length.
    parted AS
    (
        SELECT
            calendar_id, stretch, ends, within.2 AS closes, within.1 = starts AND within.2 = starts AS is_start,
            greatest(within.1, max(within.2) OVER (PARTITION BY calendar_id, stretch ORDER BY within ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS opens
        FROM
        (
            SELECT
                calendar_id, stretch, starts, ends,
                if(kind = 0, (least(greatest(opened, starts), ends), least(closed, ends)), (starts, starts)) AS within
            FROM bounded
            WHERE kind = 0 OR (kind = 1 AND opened = starts)
        )
    )
SELECT
    calendar_id,
    stretch,
    toDateTime(opens, 'UTC') AS opens_at,
    toDateTime(closes, 'UTC') AS closes_at,
    toDateTime(leadInFrame(opens, 1, ends) OVER (PARTITION BY calendar_id, stretch ORDER BY opens, closes ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - 1, 'UTC') AS until,
    toUInt32(closes - opens) AS open_seconds,
    toUInt32(sum(closes - opens) OVER (PARTITION BY calendar_id, stretch ORDER BY opens, closes ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - (closes - opens)) AS open_seconds_before
FROM parted
WHERE opens < closes OR is_start
COMMENT 'When clinics were and will be open, in UTC, with the sum of open seconds before each interval.';

CREATE DICTIONARY IF NOT EXISTS conversations.calendar_of_clinic ON CLUSTER 'parley'
(
    clinic_code String,
    calendar_id UInt64 DEFAULT 0
)
PRIMARY KEY clinic_code
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT clinic_code, calendar_id FROM conversations.clinic_calendars'
    INVALIDATE_QUERY 'SELECT count(), groupBitXor(cityHash64(clinic_code, calendar_id)) FROM conversations.clinic_calendars'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 60 MAX 120)
COMMENT 'The calendar of a clinic, at most two minutes behind. Columns: clinic_code (key), calendar_id (0 when the clinic is unknown).';

CREATE DICTIONARY IF NOT EXISTS conversations.business_time ON CLUSTER 'parley'
(
    calendar_id UInt64,
    opens_at DateTime('UTC'),
    until DateTime('UTC'),
    stretch Int32 DEFAULT 0,
    opens_second UInt32 DEFAULT 0,
    open_seconds UInt32 DEFAULT 0,
    open_seconds_before UInt32 DEFAULT 0
)
PRIMARY KEY calendar_id
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT calendar_id, opens_at, until, stretch, toUnixTimestamp(opens_at) AS opens_second, open_seconds, open_seconds_before FROM conversations.business_intervals'
    INVALIDATE_QUERY 'SELECT today(), count(), groupBitXor(calendar_id) FROM (SELECT DISTINCT calendar_id FROM conversations.clinic_calendars)'))
LAYOUT(RANGE_HASHED())
RANGE(MIN opens_at MAX until)
LIFETIME(MIN 60 MAX 120)
COMMENT 'Open seconds of a calendar up to a time: open_seconds_before + least(time - opens_second, open_seconds). Columns: calendar_id (key), opens_at and until (range, both inclusive), stretch (0 when nothing is known of that time; two times can be compared within one stretch), opens_second, open_seconds, open_seconds_before. Example: SELECT business_response_seconds FROM conversations.fact_responses';

-- conversations/0014-business-responses

CREATE TABLE IF NOT EXISTS conversations.store_answers_local ON CLUSTER 'parley'
(
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in whole seconds.' CODEC(Delta(4), LZ4),
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    message_hash UInt64 COMMENT 'Hash of the id of the response.',
    response_seconds UInt32 COMMENT 'Seconds since the first unanswered in message.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (answered_at, clinic_code, message_hash)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of responses. Read conversations.fact_response_times, or conversations.fact_responses with their ids.';

CREATE TABLE IF NOT EXISTS conversations.store_answers ON CLUSTER 'parley' AS conversations.store_answers_local
ENGINE = Distributed('parley', 'conversations', 'store_answers_local')
COMMENT 'Storage of responses. Read conversations.fact_response_times, or conversations.fact_responses with their ids.';

CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.store_answers_feed ON CLUSTER 'parley' TO conversations.store_answers_local
(
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in whole seconds.',
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    message_hash UInt64 COMMENT 'Hash of the id of the response.',
    response_seconds UInt32 COMMENT 'Seconds since the first unanswered in message.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'direction_type of the response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
AS SELECT
    toDateTime(message_timestamp) AS answered_at,
    clinic_code,
    cityHash64(message_id) AS message_hash,
    assumeNotNull(landing.response_seconds) AS response_seconds,
    channel,
    direction_type,
    is_first_response,
    sign,
    row_version
FROM conversations.landing_messages_local AS landing
WHERE landing.response_seconds IS NOT NULL
COMMENT 'Keeps store_answers.';

CREATE VIEW IF NOT EXISTS conversations.fact_response_times ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it responded; joins dim_dates.',
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in UTC, in whole seconds.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    response_seconds UInt32 COMMENT 'Seconds from the first unanswered in message to the response.',
    business_response_seconds Nullable(UInt32) COMMENT 'Those of them that were within the open hours of the clinic; null where its calendar does not reach.'
)
AS WITH
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(store.clinic_code))) AS calendar,
    toUnixTimestamp(store.answered_at - store.response_seconds) AS from_second,
    toUnixTimestamp(store.answered_at) AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    store.clinic_code AS clinic_code,
    toDate(store.answered_at) AS date_id,
    store.answered_at AS answered_at,
    store.channel AS channel,
    store.direction_type AS direction_type,
    store.is_first_response AS is_first_response,
    store.response_seconds AS response_seconds,
    business_seconds AS business_response_seconds
FROM conversations.store_answers AS store FINAL
WHERE store.sign = 1
COMMENT 'One row per response, without its ids: for figures over many of them. With ids: fact_responses.';

CREATE VIEW IF NOT EXISTS conversations.fact_responses ON CLUSTER 'parley'
(
    message_id String COMMENT 'Id of the response: unique; joins fact_messages.',
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which the response was sent; joins dim_dates.',
    answered_at DateTime64(3, 'UTC') COMMENT 'When the response was sent, in UTC.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    response_seconds UInt32 COMMENT 'Seconds from the first unanswered in message to the response.',
    response_minutes UInt32 COMMENT 'The same in whole minutes.',
    business_response_seconds Nullable(UInt32) COMMENT 'Those seconds that were within the open hours of the clinic; null where its calendar does not reach.',
    business_response_minutes Nullable(UInt32) COMMENT 'The same in whole minutes.'
)
AS WITH
    assumeNotNull(landing.response_seconds) AS seconds,
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(landing.clinic_code))) AS calendar,
    toUnixTimestamp(landing.message_timestamp) - seconds AS from_second,
    toUnixTimestamp(landing.message_timestamp) AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    landing.message_id AS message_id,
    landing.conversation_id AS conversation_id,
    landing.customer_id AS customer_id,
    landing.clinic_code AS clinic_code,
    toDate(landing.message_timestamp) AS date_id,
    landing.message_timestamp AS answered_at,
    landing.channel AS channel,
    landing.direction_type AS direction_type,
    landing.is_first_response AS is_first_response,
    seconds AS response_seconds,
    intDiv(seconds, 60) AS response_minutes,
    business_seconds AS business_response_seconds,
    intDiv(business_seconds, 60) AS business_response_minutes
FROM conversations.landing_messages AS landing FINAL
WHERE landing.sign = 1 AND landing.response_seconds IS NOT NULL
COMMENT 'One row per response: an out message that answers an in message.';

CREATE VIEW IF NOT EXISTS conversations.fact_message_gaps ON CLUSTER 'parley'
(
    message_id String COMMENT 'Id of the message: unique; joins fact_messages.',
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    message_timestamp DateTime64(3, 'UTC') COMMENT 'When it was sent, in UTC.',
    minutes_since_last_message UInt32 COMMENT 'Whole minutes elapsed since the message before it, as in fact_messages.',
    seconds_since_last_message UInt32 COMMENT 'The same in whole seconds.',
    business_minutes_since_last_message Nullable(UInt32) COMMENT 'Those of them that were within the open hours of the clinic; null where its calendar does not reach.',
    business_seconds_since_last_message Nullable(UInt32) COMMENT 'The same in whole seconds.'
)
AS WITH
    assumeNotNull(landing.seconds_since_last_message) AS seconds,
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(landing.clinic_code))) AS calendar,
    toUnixTimestamp(landing.message_timestamp) - seconds AS from_second,
    toUnixTimestamp(landing.message_timestamp) AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    landing.message_id AS message_id,
    landing.conversation_id AS conversation_id,
    landing.clinic_code AS clinic_code,
    landing.message_timestamp AS message_timestamp,
    intDiv(seconds, 60) AS minutes_since_last_message,
    seconds AS seconds_since_last_message,
    intDiv(business_seconds, 60) AS business_minutes_since_last_message,
    business_seconds AS business_seconds_since_last_message
FROM conversations.landing_messages AS landing FINAL
WHERE landing.sign = 1 AND landing.seconds_since_last_message IS NOT NULL
COMMENT 'Time since the last message, elapsed and within open hours: one row per message that has one before it.';

CREATE VIEW IF NOT EXISTS conversations.agg_business_response_times ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it responded; joins dim_dates.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Float64 COMMENT 'Mean seconds from the first unanswered in message to the response, exact.',
    p50_response_seconds UInt32 COMMENT 'Median of the same, exact: of an even number the lower of the two in the middle.',
    p90_response_seconds UInt32 COMMENT 'The same that 9 of 10 responses do not exceed, exact.',
    measured_responses UInt64 COMMENT 'Responses of which the business seconds are known: those that the calendar of the clinic reaches.',
    mean_business_response_seconds Nullable(Float64) COMMENT 'Mean of the seconds within open hours, exact; null when none is known.',
    p50_business_response_seconds Nullable(UInt32) COMMENT 'Median of the same, exact; null when none is known.',
    p90_business_response_seconds Nullable(UInt32) COMMENT 'The same that 9 of 10 do not exceed, exact; null when none is known.'
)
AS SELECT
    times.clinic_code AS clinic_code,
    times.date_id AS date_id,
    count() AS responses,
    avg(times.response_seconds) AS mean_response_seconds,
    quantileExactLow(0.5)(times.response_seconds) AS p50_response_seconds,
    quantileExactLow(0.9)(times.response_seconds) AS p90_response_seconds,
    count(times.business_response_seconds) AS measured_responses,
    avg(times.business_response_seconds) AS mean_business_response_seconds,
    quantileExactLow(0.5)(times.business_response_seconds) AS p50_business_response_seconds,
    quantileExactLow(0.9)(times.business_response_seconds) AS p90_business_response_seconds
FROM conversations.fact_response_times AS times
GROUP BY clinic_code, date_id
COMMENT 'Response times by clinic and day, elapsed and within open hours. Quantiles do not add up: for other groupings ask fact_response_times.';

-- conversations/0015-waiting

CREATE TABLE IF NOT EXISTS conversations.landing_waiting_local ON CLUSTER 'parley'
(
    conversation_id String COMMENT 'Conversation whose last messages are unanswered.',
    customer_id String COMMENT 'Customer, as the dimension has it now.',
    clinic_code LowCardinality(String) COMMENT 'Clinic, as the dimension has it now.',
    channel LowCardinality(String) COMMENT 'Channel of the last of the unanswered messages.',
    status LowCardinality(String) COMMENT 'Status, as the dimension has it now.',
    is_urgent Bool COMMENT 'Urgent, as the dimension has it now.',
    waiting_since DateTime64(3, 'UTC') COMMENT 'Time of the first of the unanswered messages.',
    unanswered_messages UInt32 COMMENT 'How many they are.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY conversation_id
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of who waits. Read conversations.waiting_now.';

CREATE TABLE IF NOT EXISTS conversations.landing_waiting ON CLUSTER 'parley' AS conversations.landing_waiting_local
ENGINE = Distributed('parley', 'conversations', 'landing_waiting_local', cityHash64(conversation_id))
COMMENT 'Storage of who waits. Read conversations.waiting_now.';

CREATE VIEW IF NOT EXISTS conversations.waiting_now ON CLUSTER 'parley'
(
    conversation_id String COMMENT 'Conversation: unique; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic; joins dim_clinics_current.',
    channel LowCardinality(String) COMMENT 'Channel of the last unanswered message.',
    status LowCardinality(String) COMMENT 'open or snoozed; empty when no event of the conversation itself has come. One that is done, or deleted, does not wait.',
    is_urgent Bool COMMENT 'Urgent now, by flag or by a tag that contains urgent.',
    waiting_since DateTime64(3, 'UTC') COMMENT 'Time of the first in message that no out message has followed, in UTC.',
    unanswered_messages UInt32 COMMENT 'In messages since then, that one among them.',
    waiting_seconds UInt32 COMMENT 'Whole seconds elapsed since then, by the clock of the server.',
    waiting_minutes UInt32 COMMENT 'The same in whole minutes.',
    waiting_business_seconds Nullable(UInt32) COMMENT 'Those seconds that were within the open hours of the clinic; null where its calendar does not reach.',
    waiting_business_minutes Nullable(UInt32) COMMENT 'The same in whole minutes.'
)
AS WITH
    greatest(toUnixTimestamp(now('UTC')), toUnixTimestamp(landing.waiting_since)) AS now_second,
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(landing.clinic_code))) AS calendar,
    toUnixTimestamp(landing.waiting_since) AS from_second,
    now_second AS to_second,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(from_second, 'UTC')) AS earlier,
    dictGet('conversations.business_time', ('stretch', 'opens_second', 'open_seconds', 'open_seconds_before'), calendar, toDateTime(to_second, 'UTC')) AS later,
    later.4 + least(to_second - later.2, later.3) - earlier.4 - least(from_second - earlier.2, earlier.3) AS open_between,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(earlier.1 != 0 AND earlier.1 = later.1, 0)) AS business_seconds
SELECT
    landing.conversation_id AS conversation_id,
    landing.customer_id AS customer_id,
    landing.clinic_code AS clinic_code,
    landing.channel AS channel,
    landing.status AS status,
    landing.is_urgent AS is_urgent,
    landing.waiting_since AS waiting_since,
    landing.unanswered_messages AS unanswered_messages,
    toUInt32(to_second - from_second) AS waiting_seconds,
    intDiv(waiting_seconds, 60) AS waiting_minutes,
    business_seconds AS waiting_business_seconds,
    intDiv(business_seconds, 60) AS waiting_business_minutes
FROM conversations.landing_waiting AS landing FINAL
WHERE landing.sign = 1 AND landing.status != 'done'
COMMENT 'One row per conversation in which the clinic has yet to answer.';

CREATE VIEW IF NOT EXISTS conversations.agg_waiting_now ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic: unique; joins dim_clinics_current.',
    waiting_conversations UInt64 COMMENT 'Conversations that wait for an answer.',
    urgent_conversations UInt64 COMMENT 'Those of them that are urgent.',
    unanswered_messages UInt64 COMMENT 'Unanswered in messages.',
    longest_waiting_since DateTime64(3, 'UTC') COMMENT 'Since when the first of them waits, in UTC.',
    longest_waiting_seconds UInt32 COMMENT 'Seconds for which it has waited.',
    p50_waiting_seconds UInt32 COMMENT 'Median of the seconds elapsed, exact.',
    waiting_over_1_hour UInt64 COMMENT 'Conversations that have waited for more than an hour.',
    waiting_over_4_hours UInt64 COMMENT 'Conversations that have waited for more than 4 hours.',
    waiting_over_24_hours UInt64 COMMENT 'Conversations that have waited for more than 24 hours.',
    longest_waiting_business_seconds Nullable(UInt32) COMMENT 'The most seconds within open hours; null when none is known.',
    p50_waiting_business_seconds Nullable(UInt32) COMMENT 'Median of the seconds within open hours, exact; null when none is known.',
    waiting_over_1_business_hour UInt64 COMMENT 'Conversations that have waited for more than an hour within open hours.',
    waiting_over_4_business_hours UInt64 COMMENT 'Conversations that have waited for more than 4 hours within open hours.',
    waiting_over_8_business_hours UInt64 COMMENT 'Conversations that have waited for more than 8 hours within open hours.'
)
AS SELECT
    waiting.clinic_code AS clinic_code,
    count() AS waiting_conversations,
    countIf(waiting.is_urgent) AS urgent_conversations,
    sum(waiting.unanswered_messages) AS unanswered_messages,
    min(waiting.waiting_since) AS longest_waiting_since,
    max(waiting.waiting_seconds) AS longest_waiting_seconds,
    quantileExactLow(0.5)(waiting.waiting_seconds) AS p50_waiting_seconds,
    countIf(waiting.waiting_seconds > 3600) AS waiting_over_1_hour,
    countIf(waiting.waiting_seconds > 14400) AS waiting_over_4_hours,
    countIf(waiting.waiting_seconds > 86400) AS waiting_over_24_hours,
    max(waiting.waiting_business_seconds) AS longest_waiting_business_seconds,
    quantileExactLow(0.5)(waiting.waiting_business_seconds) AS p50_waiting_business_seconds,
    countIf(waiting.waiting_business_seconds > 3600) AS waiting_over_1_business_hour,
    countIf(waiting.waiting_business_seconds > 14400) AS waiting_over_4_business_hours,
    countIf(waiting.waiting_business_seconds > 28800) AS waiting_over_8_business_hours
FROM conversations.waiting_now AS waiting
GROUP BY clinic_code
COMMENT 'Who waits for an answer, by clinic. A clinic in which nobody waits has no row.';

-- conversations/0016-response-times

CREATE VIEW IF NOT EXISTS conversations.store_clinic_offsets ON CLUSTER 'parley'
(
    clinic_code String COMMENT 'Clinic with a time zone that is known.',
    changes Array(UInt32) COMMENT 'Seconds since 1970 at which the offset of its zone changes, ascending.',
    offsets Array(Int32) COMMENT 'Seconds by which its clocks are ahead of UTC: before the first change, and from each change on.'
)
AS WITH
    (SELECT (toUInt32(min(date_id)), toUInt32(max(date_id))) FROM conversations.store_engagement) AS days,
    arrayMap(day -> toUInt32(day * 86400), range(toUInt32(greatest(days.1, 31) - 31), toUInt32(days.2 + 32))) AS midnights,
    arrayMap(time -> toInt32(toUnixTimestamp(toDateTime(toString(toDateTime(time, 'UTC'), timezone), 'UTC')) - toInt64(time)), midnights) AS day_offsets,
    arrayFilter((time, offset, next_offset) -> offset != next_offset, midnights, day_offsets, arrayShiftLeft(day_offsets, 1, day_offsets[-1])) AS days_of_change,
    arrayFlatten(arrayMap(time -> arrayMap(quarter -> toUInt32(time + quarter * 900), range(0, 97)), days_of_change)) AS quarters,
    arrayMap(time -> toInt32(toUnixTimestamp(toDateTime(toString(toDateTime(time, 'UTC'), timezone), 'UTC')) - toInt64(time)), quarters) AS quarter_offsets,
    -- Between the days there is no change: both have the offset of the midnight that they share, or of all days between.
    arrayFilter((change, is_change) -> is_change, arrayZip(quarters, quarter_offsets), arrayMap((offset, before) -> offset != before, quarter_offsets, arrayShiftRight(quarter_offsets, 1, day_offsets[1]))) AS found
SELECT
    clinic_code,
    found.1 AS changes,
    arrayConcat([day_offsets[1]], found.2) AS offsets
FROM
(
    SELECT timezone, groupArray(clinic_code) AS clinic_codes
    FROM
    (
        SELECT clinic_code, argMax(timezone, valid_from) AS timezone
        FROM conversations.dim_clinics
        GROUP BY clinic_code
    ) AS clinics
    WHERE timezone IN (SELECT time_zone FROM system.time_zones)
    GROUP BY timezone
) AS zones
ARRAY JOIN clinic_codes AS clinic_code
COMMENT 'Offsets of the last known time zones of clinics, for views of response times.';

CREATE OR REPLACE VIEW conversations.agg_response_distribution ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket_seconds Float64 COMMENT 'Response time: exact below 50 seconds, else the middle of a bucket, at most 2 % off.',
    responses UInt64 COMMENT 'Responses with this time.',
    response_seconds Int64 COMMENT 'Sum of their exact response times in seconds.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    histograms.clinic_code AS clinic_code,
    histograms.month AS month,
    histograms.hour_of_day AS hour_of_day,
    histograms.direction_type AS direction_type,
    histograms.channel AS channel,
    histograms.is_first_response AS is_first_response,
    if(bucket < 50, bucket, 50 * exp((bucket - 49.5) * log(1.04))) AS bucket_seconds,
    bucket_responses AS responses,
    bucket_response_seconds AS response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(histograms.month + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
FROM
(
    WITH
        arraySort(groupArray(bitShiftLeft(toUInt64(store.bucket), 32) + toUInt64(store.responses + 2147483648))) AS counts,
        arraySort(groupArray(bitShiftLeft(toUInt64(store.bucket), 48) + toUInt64(store.response_seconds + 140737488355328))) AS sums,
        arrayMap(entry -> toUInt16(bitShiftRight(entry, 32)), counts) AS bucket_of_each,
        -- 65535 is no bucket.
        arrayMap((own, next) -> own != next, bucket_of_each, arrayShiftLeft(bucket_of_each, 1, 65535)) AS is_last,
        arrayFilter((total, is_end) -> is_end, arrayCumSum(entry -> toInt64(bitAnd(entry, 4294967295)) - 2147483648, counts), is_last) AS responses_through,
        arrayFilter((total, is_end) -> is_end, arrayCumSum(entry -> toInt64(bitAnd(entry, 281474976710655)) - 140737488355328, sums), is_last) AS seconds_through
    SELECT
        store.clinic_code AS clinic_code,
        toStartOfMonth(store.slot) AS month,
        toUInt8(intDiv(toUnixTimestamp(store.slot) + zones.offsets[arrayCount(change -> change <= toUnixTimestamp(store.slot), zones.changes) + 1], 3600) % 24) AS hour_of_day,
        store.direction_type AS direction_type,
        store.channel AS channel,
        store.is_first_response AS is_first_response,
        arrayFilter((own, is_end) -> is_end, bucket_of_each, is_last) AS buckets,
        arrayMap((through, before) -> through - before, responses_through, arrayShiftRight(responses_through, 1, 0)) AS responses_of_buckets,
        arrayMap((through, before) -> through - before, seconds_through, arrayShiftRight(seconds_through, 1, 0)) AS seconds_of_buckets
    FROM conversations.store_responses AS store
    GLOBAL ANY LEFT JOIN conversations.store_clinic_offsets AS zones ON zones.clinic_code = store.clinic_code
    GROUP BY clinic_code, month, hour_of_day, direction_type, channel, is_first_response
) AS histograms
ARRAY JOIN
    buckets AS bucket,
    responses_of_buckets AS bucket_responses,
    seconds_of_buckets AS bucket_response_seconds
WHERE bucket_responses > 0
COMMENT 'Histogram of response times, for charts and for quantiles of any other grouping: quantileExactWeighted(0.9)(bucket_seconds, responses). A response is an out message that answers an in message.';

CREATE OR REPLACE VIEW conversations.agg_response_times ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded.',
    month Date COMMENT 'First day of the month, in UTC, of the response.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the clinic''s time zone as it is known now, at which the response was sent; in UTC when the zone is unknown.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Float64 COMMENT 'Mean seconds from the first unanswered in message to the response, exact.',
    p50_response_seconds Float64 COMMENT 'Median of the same: exact below 50 seconds, else at most 2 % off.',
    p90_response_seconds Float64 COMMENT '90th percentile of the same: exact below 50 seconds, else at most 2 % off.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH
    (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress,
    -- Buckets in their order, those of one bucket from the least, so that what a correction took is taken first.
    arraySort(groupArray(bitShiftLeft(toUInt64(store.bucket), 32) + toUInt64(store.responses + 2147483648))) AS histogram,
    arrayCumSum(entry -> toInt64(bitAnd(entry, 4294967295)) - 2147483648, histogram) AS cumulative,
    -- Nearest rank, in tenths: 0.9 * n is not exact in floating point.
    arrayMap(tenths -> bitShiftRight(histogram[arrayFirstIndex(count -> count * 10 >= tenths * cumulative[-1], cumulative)], 32), [5, 9]) AS buckets,
    arrayMap(bucket -> if(bucket < 50, bucket, 50 * exp((bucket - 49.5) * log(1.04))), buckets) AS quantiles
SELECT
    store.clinic_code AS clinic_code,
    toStartOfMonth(store.slot) AS month,
    toUInt8(intDiv(toUnixTimestamp(store.slot) + zones.offsets[arrayCount(change -> change <= toUnixTimestamp(store.slot), zones.changes) + 1], 3600) % 24) AS hour_of_day,
    store.direction_type AS direction_type,
    store.channel AS channel,
    sum(store.responses) AS responses,
    sum(store.response_seconds) / responses AS mean_response_seconds,
    quantiles[1] AS p50_response_seconds,
    quantiles[2] AS p90_response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(month + INTERVAL 1 MONTH, 'UTC') <= progress.2, false)) AS is_final
FROM conversations.store_responses AS store
GLOBAL ANY LEFT JOIN conversations.store_clinic_offsets AS zones ON zones.clinic_code = store.clinic_code
GROUP BY clinic_code, month, hour_of_day, direction_type, channel
HAVING responses > 0
COMMENT 'Response times by clinic, month, hour of the day, message type and channel. Quantiles do not add up: for other groupings read agg_response_distribution.';

-- conversations/0017-final

CREATE OR REPLACE VIEW conversations.agg_engagement_daily ON CLUSTER 'parley'
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

CREATE OR REPLACE VIEW conversations.agg_engagement_weekly ON CLUSTER 'parley'
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

CREATE OR REPLACE VIEW conversations.agg_engagement_monthly ON CLUSTER 'parley'
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

CREATE OR REPLACE VIEW conversations.agg_themes ON CLUSTER 'parley'
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
GLOBAL LEFT JOIN
(
    SELECT toStartOfMonth(date_id) + INTERVAL 1 MONTH AS month, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY month, tag
) AS before ON before.month = now.month AND before.tag = now.tag
COMMENT 'Themes of conversations by month: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

CREATE OR REPLACE VIEW conversations.agg_themes_weekly ON CLUSTER 'parley'
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
GLOBAL LEFT JOIN
(
    SELECT toMonday(date_id) + INTERVAL 7 DAY AS week, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY week, tag
) AS before ON before.week = now.week AND before.tag = now.tag
COMMENT 'Themes of conversations by week: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

CREATE OR REPLACE VIEW conversations.agg_clinic_performance ON CLUSTER 'parley'
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
GLOBAL LEFT JOIN conversations.dim_clinics_current AS clinics ON clinics.clinic_code = performance.clinic_code
COMMENT 'Clinics compared by month: volumes, response times, ratings, ranks.';

CREATE OR REPLACE VIEW conversations.agg_history_monthly ON CLUSTER 'parley'
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

-- conversations/0018-open-sessions

CREATE OR REPLACE VIEW conversations.fact_sessions ON CLUSTER 'parley'
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
    is_open Bool COMMENT 'Whether the last message is younger than the configured sessionGapMinutes by the clock of the server, so that the next one could still belong to it.'
)
AS WITH (SELECT max(value) FROM orchestrator.settings WHERE domain = 'conversations' AND name = 'session_gap_seconds') AS gap_seconds
SELECT
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
    toBool(ended_at > now64(3, 'UTC') - toIntervalSecond(ifNull(gap_seconds, 0))) AS is_open
FROM conversations.landing_sessions FINAL
WHERE sign = 1
COMMENT 'One row per session: messages of a conversation with no gap longer than the configured sessionGapMinutes between them.';

-- conversations/0019-response-slots

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

-- conversations/0020-final-too

CREATE OR REPLACE VIEW conversations.agg_business_response_times ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it responded; joins dim_dates.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Float64 COMMENT 'Mean seconds from the first unanswered in message to the response, exact.',
    p50_response_seconds UInt32 COMMENT 'Median of the same, exact: of an even number the lower of the two in the middle.',
    p90_response_seconds UInt32 COMMENT 'The same that 9 of 10 responses do not exceed, exact.',
    measured_responses UInt64 COMMENT 'Responses of which the business seconds are known: those that the calendar of the clinic reaches.',
    mean_business_response_seconds Nullable(Float64) COMMENT 'Mean of the seconds within open hours, exact; null when none is known.',
    p50_business_response_seconds Nullable(UInt32) COMMENT 'Median of the same, exact; null when none is known.',
    p90_business_response_seconds Nullable(UInt32) COMMENT 'The same that 9 of 10 do not exceed, exact; null when none is known.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the day ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    times.clinic_code AS clinic_code,
    times.date_id AS date_id,
    count() AS responses,
    avg(times.response_seconds) AS mean_response_seconds,
    quantileExactLow(0.5)(times.response_seconds) AS p50_response_seconds,
    quantileExactLow(0.9)(times.response_seconds) AS p90_response_seconds,
    count(times.business_response_seconds) AS measured_responses,
    avg(times.business_response_seconds) AS mean_business_response_seconds,
    quantileExactLow(0.5)(times.business_response_seconds) AS p50_business_response_seconds,
    quantileExactLow(0.9)(times.business_response_seconds) AS p90_business_response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(date_id + 1, 'UTC') <= progress.2, false)) AS is_final
FROM conversations.fact_response_times AS times
GROUP BY clinic_code, date_id
COMMENT 'Response times by clinic and day, elapsed and within open hours. Quantiles do not add up: for other groupings ask fact_response_times.';

CREATE OR REPLACE VIEW conversations.agg_waiting_now ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic: unique; joins dim_clinics_current.',
    waiting_conversations UInt64 COMMENT 'Conversations that wait for an answer.',
    urgent_conversations UInt64 COMMENT 'Those of them that are urgent.',
    unanswered_messages UInt64 COMMENT 'Unanswered in messages.',
    longest_waiting_since DateTime64(3, 'UTC') COMMENT 'Since when the first of them waits, in UTC.',
    longest_waiting_seconds UInt32 COMMENT 'Seconds for which it has waited.',
    p50_waiting_seconds UInt32 COMMENT 'Median of the seconds elapsed, exact.',
    waiting_over_1_hour UInt64 COMMENT 'Conversations that have waited for more than an hour.',
    waiting_over_4_hours UInt64 COMMENT 'Conversations that have waited for more than 4 hours.',
    waiting_over_24_hours UInt64 COMMENT 'Conversations that have waited for more than 24 hours.',
    longest_waiting_business_seconds Nullable(UInt32) COMMENT 'The most seconds within open hours; null when none is known.',
    p50_waiting_business_seconds Nullable(UInt32) COMMENT 'Median of the seconds within open hours, exact; null when none is known.',
    waiting_over_1_business_hour UInt64 COMMENT 'Conversations that have waited for more than an hour within open hours.',
    waiting_over_4_business_hours UInt64 COMMENT 'Conversations that have waited for more than 4 hours within open hours.',
    waiting_over_8_business_hours UInt64 COMMENT 'Conversations that have waited for more than 8 hours within open hours.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Never: it is of now.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    waiting.clinic_code AS clinic_code,
    count() AS waiting_conversations,
    countIf(waiting.is_urgent) AS urgent_conversations,
    sum(waiting.unanswered_messages) AS unanswered_messages,
    min(waiting.waiting_since) AS longest_waiting_since,
    max(waiting.waiting_seconds) AS longest_waiting_seconds,
    quantileExactLow(0.5)(waiting.waiting_seconds) AS p50_waiting_seconds,
    countIf(waiting.waiting_seconds > 3600) AS waiting_over_1_hour,
    countIf(waiting.waiting_seconds > 14400) AS waiting_over_4_hours,
    countIf(waiting.waiting_seconds > 86400) AS waiting_over_24_hours,
    max(waiting.waiting_business_seconds) AS longest_waiting_business_seconds,
    quantileExactLow(0.5)(waiting.waiting_business_seconds) AS p50_waiting_business_seconds,
    countIf(waiting.waiting_business_seconds > 3600) AS waiting_over_1_business_hour,
    countIf(waiting.waiting_business_seconds > 14400) AS waiting_over_4_business_hours,
    countIf(waiting.waiting_business_seconds > 28800) AS waiting_over_8_business_hours,
    progress.1 AS complete_through,
    false AS is_final
FROM conversations.waiting_now AS waiting
GROUP BY clinic_code
COMMENT 'Who waits for an answer, by clinic. A clinic in which nobody waits has no row.';

CREATE OR REPLACE VIEW conversations.agg_response_slots ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which the response was sent; joins dim_dates.',
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour in which the response was sent.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    is_first_response Bool COMMENT 'Whether these are first responses of their conversations.',
    bucket_seconds Float64 COMMENT 'Response time: exact below 50 seconds, else the middle of a bucket, at most 2 % off.',
    responses Int64 COMMENT 'Responses with this time, to be summed: a correction is a row of its own, with a negative number.',
    response_seconds Int64 COMMENT 'Their exact response times in seconds, to be summed.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the quarter of an hour ended so long before complete_through that no event within the allowed lateness can change the row any more.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'conversations') AS progress
SELECT
    clinic_code,
    toDate(store.slot) AS date_id,
    store.slot AS slot,
    direction_type,
    channel,
    is_first_response,
    if(store.bucket < 50, store.bucket, 50 * exp((store.bucket - 49.5) * log(1.04))) AS bucket_seconds,
    store.responses AS responses,
    store.response_seconds AS response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(slot + INTERVAL 15 MINUTE <= progress.2, false)) AS is_final
FROM conversations.store_responses AS store
COMMENT 'Histogram of response times by quarter of an hour, to be summed, for any span of days. Several rows may be of one quarter and time: sum responses by what you group and by bucket_seconds first, then take quantileExactWeighted(0.9)(bucket_seconds, toUInt64(greatest(responses, 0))).';

-- conversations/0021-history-snapshot

CREATE TABLE IF NOT EXISTS conversations.snapshot_history ON CLUSTER 'parley'
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
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A name, type or segment that becomes known later reaches back, and can still move messages between rows.',
    refreshed_at DateTime64(3, 'UTC') COMMENT 'When these rows were computed.',
    state String COMMENT 'What had been counted then: while it is the same, nothing is computed.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}', refreshed_at)
ORDER BY (month, clinic_code, clinic_name, clinic_type, customer_segment)
SETTINGS replicated_deduplication_window = 100, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of the history that is kept ready. Read conversations.agg_history_monthly_snapshot.';

CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.snapshot_history_refresh ON CLUSTER 'parley' REFRESH EVERY 10 SECOND APPEND TO conversations.snapshot_history
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
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A name, type or segment that becomes known later reaches back, and can still move messages between rows.',
    refreshed_at DateTime64(3, 'UTC') COMMENT 'When these rows were computed.',
    state String COMMENT 'What had been counted then: while it is the same, nothing is computed.'
)
EMPTY AS WITH
    (
        SELECT concat(toString(sum(plan)), '/', toString(max(version)), '/', ifNull(toString((SELECT max(complete_through) FROM orchestrator.progress WHERE domain = 'conversations')), ''))
        FROM
        (
            SELECT max(plan) AS plan, max(row_version) AS version
            FROM orchestrator.landing_runs
            WHERE startsWith(stage, 'conversations.')
            GROUP BY app, stage, partition
        )
    ) AS counted,
    (SELECT (argMax(state, refreshed_at), max(refreshed_at)) FROM conversations.snapshot_history) AS kept,
    (SELECT sum(messages) FROM conversations.store_engagement) AS size
SELECT
    history.month AS month,
    history.clinic_code AS clinic_code,
    history.clinic_name AS clinic_name,
    history.clinic_type AS clinic_type,
    history.customer_segment AS customer_segment,
    history.messages AS messages,
    history.in_messages AS in_messages,
    history.out_messages AS out_messages,
    history.conversations AS conversations,
    history.responses AS responses,
    history.mean_response_seconds AS mean_response_seconds,
    history.complete_through AS complete_through,
    history.is_final AS is_final,
    now64(3, 'UTC') AS refreshed_at,
    counted AS state
FROM conversations.agg_history_monthly AS history
WHERE counted != kept.1 AND now64(3, 'UTC') >= kept.2 + toIntervalSecond(intDiv(size, 100000))
ORDER BY month, clinic_code
COMMENT 'Keeps snapshot_history. To have it at once: SYSTEM REFRESH VIEW conversations.snapshot_history_refresh.';

CREATE VIEW IF NOT EXISTS conversations.agg_history_monthly_snapshot ON CLUSTER 'parley'
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
    refreshed_at DateTime64(3, 'UTC') COMMENT 'When these rows were computed; the same on every row that is shown.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A name, type or segment that becomes known later reaches back, and can still move messages between rows.'
)
AS SELECT
    month,
    clinic_code,
    clinic_name,
    clinic_type,
    customer_segment,
    messages,
    in_messages,
    out_messages,
    conversations,
    responses,
    mean_response_seconds,
    refreshed_at,
    complete_through,
    is_final
FROM conversations.snapshot_history FINAL
WHERE refreshed_at = (SELECT max(refreshed_at) FROM conversations.snapshot_history)
COMMENT 'agg_history_monthly as it was at refreshed_at, kept ready: at most about ten seconds old, and a second more for each 100,000 messages, while events flow.';

-- conversations/0022-business-clock

CREATE DICTIONARY IF NOT EXISTS conversations.business_clock ON CLUSTER 'parley'
(
    calendar_id UInt64,
    since DateTime('UTC'),
    until DateTime('UTC'),
    line Int64 DEFAULT 0
)
PRIMARY KEY calendar_id
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT calendar_id, toDateTime(piece.1, ''UTC'') AS since, toDateTime(piece.2, ''UTC'') AS until, piece.3 AS line FROM (SELECT calendar_id, toInt64(toUnixTimestamp(opens_at)) AS opens, opens + toInt64(open_seconds) AS closes, toInt64(open_seconds_before) + bitShiftLeft(toInt64(stretch) + 100000, 40) AS before, arrayJoin(arrayFilter(span -> span.1 <= span.2, [(opens, closes - 1, 2 * (before - opens) + 1), (closes, toInt64(toUnixTimestamp(until)), 2 * (before + closes - opens))])) AS piece FROM conversations.business_intervals)'
    INVALIDATE_QUERY 'SELECT today(), count(), groupBitXor(calendar_id) FROM (SELECT DISTINCT calendar_id FROM conversations.clinic_calendars)'))
LAYOUT(RANGE_HASHED())
RANGE(MIN since MAX until)
LIFETIME(MIN 60 MAX 120)
COMMENT 'Open seconds of a calendar up to a time, packed, for fact_response_times; business_time is plainer. Columns: calendar_id (key), since and until (range, both inclusive), line (2 * rise + slope: open seconds up to t are rise + slope * t; 0 when nothing is known of that time).';

CREATE OR REPLACE VIEW conversations.fact_response_times ON CLUSTER 'parley'
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it responded; joins dim_dates.',
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in UTC, in whole seconds.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    response_seconds UInt32 COMMENT 'Seconds from the first unanswered in message to the response.',
    business_response_seconds Nullable(UInt32) COMMENT 'Those of them that were within the open hours of the clinic; null where its calendar does not reach.'
)
AS WITH
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(store.clinic_code))) AS calendar,
    store.answered_at - store.response_seconds AS asked_at,
    dictGet('conversations.business_clock', 'line', calendar, asked_at) AS earlier_line,
    dictGet('conversations.business_clock', 'line', calendar, store.answered_at) AS later_line,
    bitShiftRight(earlier_line, 1) + bitAnd(earlier_line, 1) * toUnixTimestamp(asked_at) AS earlier,
    bitShiftRight(later_line, 1) + bitAnd(later_line, 1) * toUnixTimestamp(store.answered_at) AS later,
    later - earlier AS open_between,
    earlier_line != 0 AND open_between >= 0 AND open_between < 1099511627776 / 2 AS is_known,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(is_known, 0)) AS business_seconds
SELECT
    store.clinic_code AS clinic_code,
    toDate(store.answered_at) AS date_id,
    store.answered_at AS answered_at,
    store.channel AS channel,
    store.direction_type AS direction_type,
    store.is_first_response AS is_first_response,
    store.response_seconds AS response_seconds,
    business_seconds AS business_response_seconds
FROM conversations.store_answers AS store FINAL
WHERE store.sign = 1
COMMENT 'One row per response, without its ids: for figures over many of them. With ids: fact_responses.';

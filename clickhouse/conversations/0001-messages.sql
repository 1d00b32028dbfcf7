-- Messages. The landing table is itself the store of facts, so that a row is written once: the last version of a key
-- tells whether it is true (sign = 1). What analysts read is the view over it.
--
-- Sorting key: what BI filters by (clinic, time), then the id. All three never change for a message, so a correction
-- (-1 and +1) falls on the key of the row that it corrects. A key that holds more than the grain is safe for the same
-- reason in every landing table: a -1 row repeats the attributes that it withdraws.
--
-- No partitions: one insert of a replay may hold ten years, and each partition would become a part of its own.
--
-- Deduplication window: a batch is one block per table, so 10,000 blocks are the last 10,000 batches of all tasks
-- together. A batch is only ever repeated before the next of its task, so the window has to outlast the outage of one
-- task while the others go on: 10,000 batches of a second each are 1,000 s of ten busy tasks. Beyond it the landing tables would
-- still be right (a repeated row has the same key and version), the store_ tables would count twice.
-- The list is kept in memory, and read at start.
--
-- Inserts do best with optimize_on_insert = 0: merging each block by key before it is written cost 2 of 5.5 CPU seconds
-- a million rows, and FINAL reads blocks that hold a key twice just as well. Views see every row of an insert either way.
--
-- Codecs: Delta saves 4 % of the disk at no cost to the insert. ZSTD on the ids saved 5 % more for 5 % of its CPU.
CREATE DATABASE IF NOT EXISTS conversations ENGINE = Atomic COMMENT 'Messages between clinics and customers: facts, versioned dimensions and aggregates.';

CREATE TABLE IF NOT EXISTS conversations.landing_messages
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
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (clinic_code, message_timestamp, message_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of messages. Read conversations.fact_messages.';

CREATE VIEW IF NOT EXISTS conversations.fact_messages
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

-- Without FINAL: direction, type and channel of a message never change, and no message vanishes.
CREATE VIEW IF NOT EXISTS conversations.dim_message_types
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

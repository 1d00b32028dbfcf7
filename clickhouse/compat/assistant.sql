-- The databases that the document of the domain assistant names (raw, seeds, staging, intermediate, marts), as views, so that
-- its queries run unchanged. Optional: `parley migrate --compat`, or `compat: true` in the configuration. Each view has the
-- columns and the comments of the one that it reads; run it again when those have grown.

CREATE DATABASE IF NOT EXISTS raw ENGINE = Atomic COMMENT 'Entries of transcripts as they came, as a view over the database assistant.';

CREATE OR REPLACE VIEW raw.conversations
(
    _id String COMMENT 'Id of the entry; unique with session_id.',
    type LowCardinality(String) COMMENT 'Type of the entry.',
    session_id String COMMENT 'Session.',
    project_id LowCardinality(String) COMMENT 'Project.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When it happened, in UTC.',
    ingested_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took it in, in UTC: Parley has no step between that and extracted_at.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took it in, in UTC: what freshness goes by.',
    message_role LowCardinality(Nullable(String)) COMMENT 'user or assistant; null for what is no message.',
    message_content Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    message_raw Nullable(String) COMMENT 'Always null: Parley keeps no copy of what came beside its dead letters.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.',
    date Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    tool_name LowCardinality(Nullable(String)) COMMENT 'Tool that the entry itself names; null without one.',
    tool_id Nullable(String) COMMENT 'Of a call: its tool_use_id; null otherwise.',
    tool_use_id Nullable(String) COMMENT 'Id that a call and its result share; null without one.'
)
AS SELECT
    conversation_id AS _id,
    entry_type AS type,
    session_id,
    project_id,
    effective_timestamp AS timestamp,
    extracted_at AS ingested_at,
    extracted_at,
    if(is_message, entry_type, NULL) AS message_role,
    content AS message_content,
    NULL AS message_raw,
    source_file,
    partition_date AS date,
    nullIf(entries.tool_name, '') AS tool_name,
    if(entry_type = 'tool_use', nullIf(entries.tool_use_id, ''), NULL) AS tool_id,
    nullIf(entries.tool_use_id, '') AS tool_use_id
FROM assistant.stg_conversations AS entries
COMMENT 'Source: entries as they came.';

CREATE DATABASE IF NOT EXISTS seeds ENGINE = Atomic COMMENT 'Tables that people write, as views over the database assistant.';

CREATE OR REPLACE VIEW seeds.tool_categories AS SELECT * FROM assistant.tool_categories
COMMENT 'The same as assistant.tool_categories.';

CREATE DATABASE IF NOT EXISTS staging ENGINE = Atomic COMMENT 'Bronze: entries of transcripts, as views over the database assistant.';

CREATE OR REPLACE VIEW staging.stg_conversations AS SELECT * FROM assistant.stg_conversations
COMMENT 'The same as assistant.stg_conversations.';

CREATE OR REPLACE VIEW staging.stg_messages AS SELECT * FROM assistant.stg_messages
COMMENT 'The same as assistant.stg_messages.';

CREATE OR REPLACE VIEW staging.stg_tool_calls AS SELECT * FROM assistant.stg_tool_calls
COMMENT 'The same as assistant.stg_tool_calls.';

CREATE DATABASE IF NOT EXISTS intermediate ENGINE = Atomic COMMENT 'Silver: enriched entries and sessions, as views over the database assistant.';

CREATE OR REPLACE VIEW intermediate.int_sessions_computed AS SELECT * FROM assistant.int_sessions_computed
COMMENT 'The same as assistant.int_sessions_computed.';

CREATE OR REPLACE VIEW intermediate.int_messages_enriched AS SELECT * FROM assistant.int_messages_enriched
COMMENT 'The same as assistant.int_messages_enriched.';

CREATE OR REPLACE VIEW intermediate.int_tool_usage AS SELECT * FROM assistant.int_tool_usage
COMMENT 'The same as assistant.int_tool_usage.';

CREATE DATABASE IF NOT EXISTS marts ENGINE = Atomic COMMENT 'Gold: dimensions, facts and aggregates, as views over the database assistant.';

CREATE OR REPLACE VIEW marts.dim_date AS SELECT * FROM assistant.dim_date
COMMENT 'The same as assistant.dim_date.';

CREATE OR REPLACE VIEW marts.dim_sessions AS SELECT * FROM assistant.dim_sessions
COMMENT 'The same as assistant.dim_sessions.';

CREATE OR REPLACE VIEW marts.dim_projects AS SELECT * FROM assistant.dim_projects
COMMENT 'The same as assistant.dim_projects.';

CREATE OR REPLACE VIEW marts.dim_tools AS SELECT * FROM assistant.dim_tools
COMMENT 'The same as assistant.dim_tools.';

CREATE OR REPLACE VIEW marts.fct_messages AS SELECT * FROM assistant.fct_messages
COMMENT 'The same as assistant.fct_messages.';

CREATE OR REPLACE VIEW marts.fct_tool_calls AS SELECT * FROM assistant.fct_tool_calls
COMMENT 'The same as assistant.fct_tool_calls.';

CREATE OR REPLACE VIEW marts.fct_file_operations AS SELECT * FROM assistant.fct_file_operations
COMMENT 'The same as assistant.fct_file_operations.';

CREATE OR REPLACE VIEW marts.fct_file_ops AS SELECT * FROM assistant.fct_file_ops
COMMENT 'The same as assistant.fct_file_ops.';

CREATE OR REPLACE VIEW marts.agg_daily_summary AS SELECT * FROM assistant.agg_daily_summary
COMMENT 'The same as assistant.agg_daily_summary.';

CREATE OR REPLACE VIEW marts.agg_hourly_activity AS SELECT * FROM assistant.agg_hourly_activity
COMMENT 'The same as assistant.agg_hourly_activity.';

CREATE OR REPLACE VIEW marts.agg_session_metrics AS SELECT * FROM assistant.agg_session_metrics
COMMENT 'The same as assistant.agg_session_metrics.';

CREATE OR REPLACE VIEW marts.agg_tool_efficiency AS SELECT * FROM assistant.agg_tool_efficiency
COMMENT 'The same as assistant.agg_tool_efficiency.';

CREATE OR REPLACE VIEW marts.agg_code_changes AS SELECT * FROM assistant.agg_code_changes
COMMENT 'The same as assistant.agg_code_changes.';

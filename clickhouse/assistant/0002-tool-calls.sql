-- Tool calls, each paired with its result by tool_use_id. A call is written when it comes and again with its result; a
-- result whose call is not known has a row of its own, which is withdrawn when the call comes.
CREATE TABLE IF NOT EXISTS assistant.landing_tool_calls
(
    tool_call_id String COMMENT 'Entry id of the call; of a result without a call, of the result. Unique within its session.',
    session_id String COMMENT 'Session that it belongs to.',
    project_id LowCardinality(String) COMMENT 'Project of the call; of a result without a call, of the result.',
    tool_use_id String COMMENT 'Id that the call and its result share; empty without one.',
    tool_name LowCardinality(String) COMMENT 'Tool that was called; unknown when neither entry names it.',
    call_conversation_id String COMMENT 'Entry id of the call; empty for a result without a call.',
    result_conversation_id String COMMENT 'Entry id of the result; empty while there is none.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Time of the call; of a result without a call, of the result.' CODEC(Delta(8), LZ4),
    called_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the call; null for a result without a call.',
    returned_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the result; null while there is none.',
    duration_ms Nullable(Int64) COMMENT 'Milliseconds from the call to its result; null without both, and when the result is dated before the call.',
    is_success Nullable(UInt8) COMMENT '1 when the result says nothing of an error, 0 when it says that the call failed; null without a result.',
    input_length UInt32 COMMENT 'Characters of the call''s content; without one, of its input as JSON. 0 without a call.',
    result_length UInt32 COMMENT 'Characters of the result''s content; 0 without a result.',
    file_path String COMMENT 'File that the input names (file_path, notebook_path or path); empty without one.',
    file_extension LowCardinality(String) COMMENT 'Extension of that file, in lower case without the dot; empty without one.',
    file_type_category LowCardinality(String) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other; empty without a file.',
    source_file LowCardinality(String) COMMENT 'File that the call came from; of a result without a call, the result. Empty when unknown.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4),
    extracted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When ClickHouse took this row in: the time that freshness goes by.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (occurred_at, session_id, tool_call_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of tool calls. Read assistant.fct_tool_calls.';

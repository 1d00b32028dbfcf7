-- Sums by quarter of an hour, session and project, from which the aggregates are read. A quarter: every zone in use since
-- 1972 is a multiple of 15 minutes away from UTC, so days and hours of any zone are whole numbers of slots. By session, so
-- that a person can narrow a page by the session's activity level. Corrections subtract what they replace.
--
-- What an entry is (its time, session, project, type, content) never changes, and no entry vanishes: so least and
-- greatest times, and the sets of sessions, projects, tools and files, need no subtraction. Only its place among others
-- (turn, response time) and the result of a call are corrected.
CREATE TABLE IF NOT EXISTS assistant.store_activity
(
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour.',
    session_id String COMMENT 'Session.',
    project_id LowCardinality(String) COMMENT 'Project.',
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'Time of the first entry.',
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Time of the last entry.',
    entries SimpleAggregateFunction(sum, Int64) COMMENT 'Entries of every type.',
    user_messages SimpleAggregateFunction(sum, Int64) COMMENT 'Messages of the user.',
    assistant_messages SimpleAggregateFunction(sum, Int64) COMMENT 'Messages of the assistant.',
    content_length SimpleAggregateFunction(sum, Int64) COMMENT 'Characters of the messages.',
    messages_with_code SimpleAggregateFunction(sum, Int64) COMMENT 'Messages with a fenced code block.',
    questions SimpleAggregateFunction(sum, Int64) COMMENT 'Messages with a question.',
    responses SimpleAggregateFunction(sum, Int64) COMMENT 'Responses later than the message that they follow.',
    response_ms SimpleAggregateFunction(sum, Int64) COMMENT 'Milliseconds that those took together.'
)
ENGINE = AggregatingMergeTree
ORDER BY (slot, session_id, project_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of activity. Read the aggregates.';

CREATE MATERIALIZED VIEW IF NOT EXISTS assistant.store_activity_feed TO assistant.store_activity
(
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour.',
    session_id String COMMENT 'Session.',
    project_id LowCardinality(String) COMMENT 'Project.',
    first_at DateTime64(3, 'UTC') COMMENT 'Time of the first entry.',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of the last entry.',
    entries Int64 COMMENT 'Entries of every type.',
    user_messages Int64 COMMENT 'Messages of the user.',
    assistant_messages Int64 COMMENT 'Messages of the assistant.',
    content_length Int64 COMMENT 'Characters of the messages.',
    messages_with_code Int64 COMMENT 'Messages with a fenced code block.',
    questions Int64 COMMENT 'Messages with a question.',
    responses Int64 COMMENT 'Responses later than the message that they follow.',
    response_ms Int64 COMMENT 'Milliseconds that those took together.'
)
AS SELECT
    toStartOfFifteenMinutes(toDateTime(effective_timestamp)) AS slot,
    session_id,
    project_id,
    min(effective_timestamp) AS first_at,
    max(effective_timestamp) AS last_at,
    sum(sign) AS entries,
    sumIf(sign, entry_type = 'user') AS user_messages,
    sumIf(sign, entry_type = 'assistant') AS assistant_messages,
    sumIf(sign * toInt64(landing.content_length), entry_type IN ('user', 'assistant')) AS content_length,
    sumIf(sign, has_code_block) AS messages_with_code,
    sumIf(sign, is_question) AS questions,
    sumIf(sign, response_time_ms > 0) AS responses,
    sumIf(sign * assumeNotNull(response_time_ms), response_time_ms > 0) AS response_ms
FROM assistant.landing_entries AS landing
GROUP BY slot, session_id, project_id
COMMENT 'Keeps store_activity.';

CREATE TABLE IF NOT EXISTS assistant.store_tool_calls
(
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour of the call.',
    session_id String COMMENT 'Session.',
    project_id LowCardinality(String) COMMENT 'Project.',
    tool_name LowCardinality(String) COMMENT 'Tool.',
    file_path String COMMENT 'File that the input names; empty without one.',
    file_extension LowCardinality(String) COMMENT 'Its extension; empty without one.',
    file_type_category LowCardinality(String) COMMENT 'Its type; empty without a file.',
    first_called_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Time of the first call; null when there are only results without a call.',
    last_called_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Time of the last call; null when there are only results without a call.',
    calls SimpleAggregateFunction(sum, Int64) COMMENT 'Calls.',
    results SimpleAggregateFunction(sum, Int64) COMMENT 'Results, those without a call among them.',
    paired SimpleAggregateFunction(sum, Int64) COMMENT 'Calls with a result.',
    successes SimpleAggregateFunction(sum, Int64) COMMENT 'Those of them that say nothing of an error.',
    timed SimpleAggregateFunction(sum, Int64) COMMENT 'Calls with a duration.',
    duration_ms SimpleAggregateFunction(sum, Int64) COMMENT 'Milliseconds that those took together.',
    input_length SimpleAggregateFunction(sum, Int64) COMMENT 'Characters of the calls.'
)
ENGINE = AggregatingMergeTree
ORDER BY (slot, session_id, project_id, tool_name, file_path, file_extension, file_type_category)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of tool calls. Read the aggregates.';

CREATE MATERIALIZED VIEW IF NOT EXISTS assistant.store_tool_calls_feed TO assistant.store_tool_calls
(
    slot DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour of the call.',
    session_id String COMMENT 'Session.',
    project_id LowCardinality(String) COMMENT 'Project.',
    tool_name LowCardinality(String) COMMENT 'Tool.',
    file_path String COMMENT 'File that the input names; empty without one.',
    file_extension LowCardinality(String) COMMENT 'Its extension; empty without one.',
    file_type_category LowCardinality(String) COMMENT 'Its type; empty without a file.',
    first_called_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the first call; null when there are only results without a call.',
    last_called_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the last call; null when there are only results without a call.',
    calls Int64 COMMENT 'Calls.',
    results Int64 COMMENT 'Results, those without a call among them.',
    paired Int64 COMMENT 'Calls with a result.',
    successes Int64 COMMENT 'Those of them that say nothing of an error.',
    timed Int64 COMMENT 'Calls with a duration.',
    duration_ms Int64 COMMENT 'Milliseconds that those took together.',
    input_length Int64 COMMENT 'Characters of the calls.'
)
AS WITH
    call_conversation_id != '' AS has_call,
    result_conversation_id != '' AS has_result
SELECT
    toStartOfFifteenMinutes(toDateTime(occurred_at)) AS slot,
    session_id,
    project_id,
    tool_name,
    file_path,
    file_extension,
    file_type_category,
    min(called_at) AS first_called_at,
    max(called_at) AS last_called_at,
    sumIf(sign, has_call) AS calls,
    sumIf(sign, has_result) AS results,
    sumIf(sign, has_call AND has_result) AS paired,
    sumIf(sign, has_call AND has_result AND is_success = 1) AS successes,
    sumIf(sign, landing.duration_ms IS NOT NULL) AS timed,
    sumIf(sign * assumeNotNull(landing.duration_ms), landing.duration_ms IS NOT NULL) AS duration_ms,
    sumIf(sign * toInt64(landing.input_length), has_call) AS input_length
FROM assistant.landing_tool_calls AS landing
GROUP BY slot, session_id, project_id, tool_name, file_path, file_extension, file_type_category
COMMENT 'Keeps store_tool_calls.';

-- How long calls took, to the millisecond: median and maximum are exact, and a correction takes back what it replaces.
-- A tool has few durations beside its calls, so no buckets are needed.
CREATE TABLE IF NOT EXISTS assistant.store_durations
(
    tool_name LowCardinality(String) COMMENT 'Tool.',
    duration_ms Int64 COMMENT 'Milliseconds that a call took.',
    calls Int64 COMMENT 'Calls that took so long, to be summed.'
)
ENGINE = SummingMergeTree(calls)
ORDER BY (tool_name, duration_ms)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of durations of calls. Read assistant.agg_tool_efficiency.';

CREATE MATERIALIZED VIEW IF NOT EXISTS assistant.store_durations_feed TO assistant.store_durations
(
    tool_name LowCardinality(String) COMMENT 'Tool.',
    duration_ms Int64 COMMENT 'Milliseconds that a call took.',
    calls Int64 COMMENT 'Calls that took so long, to be summed.'
)
AS SELECT tool_name, assumeNotNull(landing.duration_ms) AS duration_ms, sum(sign) AS calls
FROM assistant.landing_tool_calls AS landing
WHERE landing.duration_ms IS NOT NULL
GROUP BY tool_name, duration_ms
COMMENT 'Keeps store_durations.';

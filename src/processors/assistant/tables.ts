import type { LandingTable, RowOf } from '../../runtime/domain.ts';

const time = "DateTime64(3, 'UTC')" as const;
const maybeTime = "Nullable(DateTime64(3, 'UTC'))" as const;

/**
 * Three of the tables have a column more in the migrations, `extracted_at`, that ClickHouse fills: when a row was written
 * is a matter of its clock, and no correction has to repeat it.
 */

/**
 * An entry of a transcript, of any type. Grain: session_id, conversation_id (the entry's id). Every correction sends
 * both the row that it withdraws and the one that holds, so that incremental views can read the signs.
 */
export const landingEntries = {
  database: 'assistant',
  name: 'landing_entries',
  columns: {
    conversation_id: 'String',
    session_id: 'String',
    project_id: 'LowCardinality(String)',
    entry_type: 'LowCardinality(String)',
    effective_timestamp: time,
    source_file: 'LowCardinality(String)',
    /** Characters of the content; of a call without content, of its input as JSON. */
    content_length: 'UInt32',
    content: 'Nullable(String)',
    /** What follows is of messages (user, assistant) only: elsewhere empty, false or null. */
    task_category: 'LowCardinality(String)',
    has_code_block: 'Bool',
    has_url: 'Bool',
    is_question: 'Bool',
    message_sequence: 'Nullable(UInt32)',
    previous_role: 'LowCardinality(String)',
    previous_message_timestamp: maybeTime,
    turn_type: 'LowCardinality(String)',
    response_time_ms: 'Nullable(Int64)',
    /** What follows is of tool entries (tool_use, tool_result) only. The name is what the entry itself says. */
    tool_name: 'LowCardinality(String)',
    tool_use_id: 'String',
    is_error: 'Bool',
    tool_sequence: 'Nullable(UInt32)',
    /** Of a call: failed calls of the same tool with the same input right before it. */
    retry_count: 'Nullable(UInt32)',
    /** Start of its activity period; null for an entry that came too late to be placed. */
    period_started_at: maybeTime,
    is_too_late: 'Bool',
  },
} as const satisfies LandingTable;

/**
 * A tool call with its result. Grain: session_id, tool_call_id: the entry id of the call or, of a result without a
 * call, of the result. Sends both rows of a correction, as `landingEntries`.
 */
export const landingToolCalls = {
  database: 'assistant',
  name: 'landing_tool_calls',
  columns: {
    tool_call_id: 'String',
    session_id: 'String',
    project_id: 'LowCardinality(String)',
    tool_use_id: 'String',
    tool_name: 'LowCardinality(String)',
    /** Entry ids; empty while there is none. */
    call_conversation_id: 'String',
    result_conversation_id: 'String',
    /** Of the call; of a result without a call, of the result. */
    occurred_at: time,
    called_at: maybeTime,
    returned_at: maybeTime,
    duration_ms: 'Nullable(Int64)',
    is_success: 'Nullable(UInt8)',
    input_length: 'UInt32',
    result_length: 'UInt32',
    file_path: 'String',
    file_extension: 'LowCardinality(String)',
    file_type_category: 'LowCardinality(String)',
    source_file: 'LowCardinality(String)',
  },
} as const satisfies LandingTable;

/** A session by its explicit id, whatever the gaps in it and the projects that it spans. Grain: session_id. */
export const landingSessions = {
  database: 'assistant',
  name: 'landing_sessions',
  columns: {
    session_id: 'String',
    /** The project with the most entries; of several, the one that sorts first. */
    project_id: 'LowCardinality(String)',
    project_count: 'UInt32',
    session_start: time,
    session_end: time,
    total_entries: 'UInt32',
    user_message_count: 'UInt32',
    assistant_message_count: 'UInt32',
    /** Characters of its messages. */
    total_content_length: 'UInt64',
    messages_with_code: 'UInt32',
    question_count: 'UInt32',
    /** Responses that took more than no time, and how long they took together. */
    response_count: 'UInt32',
    total_response_ms: 'UInt64',
    tool_invocations: 'UInt32',
    tool_results: 'UInt32',
    tool_errors: 'UInt32',
    unique_tools_used: 'UInt32',
    /** The tool called most; of several, the one that sorts first. Empty without a call. */
    primary_tool: 'LowCardinality(String)',
    primary_task_category: 'LowCardinality(String)',
    task_category_count: 'UInt32',
    /** Its activity periods, and how long they are together. */
    period_count: 'UInt32',
    active_ms: 'UInt64',
    too_late_count: 'UInt32',
  },
  replacedBy: ['session_id'],
} as const satisfies LandingTable;

/** A stretch of a session without a silence longer than the configured one. Grain: session_id, started_at. */
export const landingActivityPeriods = {
  database: 'assistant',
  name: 'landing_activity_periods',
  columns: {
    session_id: 'String',
    /** Of its first entry. */
    project_id: 'LowCardinality(String)',
    started_at: time,
    ended_at: time,
    entry_count: 'UInt32',
    user_message_count: 'UInt32',
    assistant_message_count: 'UInt32',
    tool_invocations: 'UInt32',
  },
  replacedBy: ['started_at', 'session_id'],
} as const satisfies LandingTable;

export type EntryRow = RowOf<typeof landingEntries>;
export type ToolCallRow = RowOf<typeof landingToolCalls>;
export type SessionRow = RowOf<typeof landingSessions>;
export type PeriodRow = RowOf<typeof landingActivityPeriods>;

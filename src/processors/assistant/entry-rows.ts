import { NEVER } from '../gaps.ts';
import { CODE, QUESTION, URL } from './content.ts';
import { hasFailed, isToolEntry, type KeptEntry, roleOf } from './entry.ts';
import type { Period } from './entry-pass.ts';
import type { EntryRow, PeriodRow } from './tables.ts';

export type TurnType = 'conversation_start' | 'follow_up' | 'response' | 'continuation';

/** The row of an entry; of one that was never placed, without place and neighbours, and flagged. */
export function entryRow(sessionId: string, entry: KeptEntry): EntryRow {
  const { about, marks, previousTime, periodStartedAt } = entry;
  const isPlaced = periodStartedAt !== NEVER;
  const isMessage = roleOf(about.type) !== undefined;
  const hasPrevious = previousTime !== NEVER;
  return {
    conversation_id: entry.id,
    session_id: sessionId,
    project_id: about.projectId,
    entry_type: about.type,
    effective_timestamp: entry.time,
    source_file: about.sourceFile,
    content_length: entry.contentLength,
    content: entry.content,
    task_category: about.taskCategory,
    has_code_block: (marks & CODE) !== 0,
    has_url: (marks & URL) !== 0,
    is_question: (marks & QUESTION) !== 0,
    message_sequence: isPlaced && isMessage ? entry.sequence : null,
    previous_role: entry.previousRole,
    previous_message_timestamp: hasPrevious ? previousTime : null,
    turn_type: isPlaced && isMessage ? turnOf(entry) : '',
    response_time_ms: responseMsOf(entry),
    tool_name: about.toolName,
    tool_use_id: entry.toolUseId,
    is_error: hasFailed(entry),
    tool_sequence: isPlaced && isToolEntry(about.type) ? entry.sequence : null,
    retry_count: isPlaced && about.type === 'tool_use' ? entry.retryCount : null,
    period_started_at: isPlaced ? periodStartedAt : null,
    is_too_late: !isPlaced,
  };
}

/** Of a message that is placed. */
function turnOf({ about, previousRole }: KeptEntry): TurnType {
  if (previousRole === '') return 'conversation_start';
  if (previousRole === about.type) return 'continuation';
  return about.type === 'user' ? 'follow_up' : 'response';
}

/** Milliseconds from the user's message to the assistant's that follows it; null for any other entry. */
export function responseMsOf({ about, previousRole, previousTime, time }: KeptEntry): number | null {
  return about.type === 'assistant' && previousRole === 'user' ? time - previousTime : null;
}

export function periodRow(sessionId: string, period: Period): PeriodRow {
  return {
    session_id: sessionId,
    project_id: period.projectId,
    started_at: period.startedAt,
    ended_at: period.endedAt,
    entry_count: period.entries,
    user_message_count: period.userMessages,
    assistant_message_count: period.assistantMessages,
    tool_invocations: period.calls,
  };
}

import type { EntryRow, PeriodRow, SessionRow, ToolCallRow } from '../../../src/processors/assistant/tables.ts';
import type { Arrival } from '../oracle.ts';

/**
 * What the domain `assistant` has to come to, computed from all entries at once. Written from the rules in words
 * (REQUIREMENTS 5, docs/semantics.md), never from the processors: no state, no increments, no batches. Only the shapes of
 * the rows are shared.
 */
export interface AssistantRows {
  readonly landing_entries: EntryRow[];
  readonly landing_tool_calls: ToolCallRow[];
  readonly landing_sessions: SessionRow[];
  readonly landing_activity_periods: PeriodRow[];
}

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const GAP = 1800 * SECOND;
const TYPES = new Set(
  'user assistant tool_use tool_result system summary file-history-snapshot queue-operation progress unknown'.split(
    ' ',
  ),
);
const CATEGORIES = {
  bug_fix: ['bug', 'fix', 'error', 'issue'],
  feature: ['add', 'create', 'implement', 'new'],
  refactor: ['refactor', 'restructure', 'clean up'],
  testing: ['test', 'unit test', 'coverage'],
  documentation: ['document', 'documentation', 'docs', 'readme'],
  review: ['review', 'audit', 'feedback'],
};
const FILE_TYPES: Record<string, RegExp> = {
  docker: /(^|\/)dockerfile$/i,
  javascript: /\.(js|ts|tsx)$/i,
  python: /\.py$/i,
  documentation: /\.md$/i,
  config: /\.json$/i,
  styles: /\.css$/i,
  go: /\.go$/i,
  sql: /\.sql$/i,
  shell: /\.sh$/i,
};

interface Said {
  readonly id: string;
  readonly time: number;
  readonly type: string;
  readonly project: string;
  readonly text: string;
  readonly event: Readonly<Record<string, unknown>>;
  readonly isTooLate: boolean;
}

/** `arrivals`: entries in the order they came. */
export function oracle(arrivals: readonly Arrival[]): AssistantRows {
  const rows: AssistantRows = {
    landing_entries: [],
    landing_tool_calls: [],
    landing_sessions: [],
    landing_activity_periods: [],
  };
  const inDates = arrivals.filter(({ value }) => {
    const day = new Date(String(value.timestamp)).toISOString().slice(0, 10);
    return day >= '2024-01-01' && day <= '2099-12-31';
  });
  for (const session of new Set(inDates.map(({ value }) => String(value.session_id)))) {
    const said = saidIn(inDates.filter(({ value }) => value.session_id === session).map(({ value }) => value));
    const placed = said.filter(({ isTooLate }) => !isTooLate).sort(byTime);
    const periods = periodsIn(placed);
    const entries = said.map((one) => entryRow(session, one, placed, periods));
    rows.landing_entries.push(...entries);
    rows.landing_tool_calls.push(...toolCallRows(session, said));
    rows.landing_activity_periods.push(...periods.map((period) => periodRow(session, period)));
    rows.landing_sessions.push(sessionRow(session, said, entries, periods));
  }
  return rows;
}

/** Entries in the order of arrival, each id once, with whether each was too late when it came. */
function saidIn(events: readonly Readonly<Record<string, unknown>>[]): Said[] {
  const said: Said[] = [];
  for (const event of events) {
    const id = String(event.conversation_id);
    if (said.some((other) => other.id === id)) continue;
    const time = Date.parse(String(event.timestamp));
    const newest = Math.max(...said.map((other) => other.time));
    said.push({
      id,
      time,
      type: TYPES.has(String(event.entry_type)) ? String(event.entry_type) : 'unknown',
      project: String(event.project_id),
      text: (event.content as string | null | undefined) ?? '',
      event,
      isTooLate: time < newest - DAY,
    });
  }
  return said;
}

function byTime(left: Said, right: Said): number {
  return left.time - right.time || (left.id < right.id ? -1 : 1);
}

const isMessage = ({ type }: Said) => type === 'user' || type === 'assistant';
const isTool = ({ type }: Said) => type === 'tool_use' || type === 'tool_result';
const toolOf = ({ event }: Said) => (event.tool_name as string | undefined) ?? '';
const useIdOf = ({ event }: Said) => (event.tool_use_id as string | undefined) ?? '';
const inputOf = ({ event }: Said) =>
  typeof event.tool_input === 'object' && event.tool_input !== null
    ? JSON.stringify(event.tool_input)
    : ((event.tool_input as string | undefined) ?? '');

function entryRow(
  session: string,
  one: Said,
  placed: readonly Said[],
  periods: readonly (readonly Said[])[],
): EntryRow {
  const messages = placed.filter(isMessage);
  const tools = placed.filter(isTool);
  const messageAt = messages.indexOf(one);
  const toolAt = tools.indexOf(one);
  const before = messageAt > 0 ? messages[messageAt - 1]! : undefined;
  const isResponse = before?.type === 'user' && one.type === 'assistant';
  return {
    conversation_id: one.id,
    session_id: session,
    project_id: one.project,
    entry_type: one.type,
    effective_timestamp: one.time,
    source_file: (one.event.source_file as string | undefined) ?? '',
    content_length: lengthOf(one),
    content: null,
    task_category: isMessage(one) ? categoryOf(one.text) : '',
    has_code_block: isMessage(one) && one.text.includes('```'),
    has_url: isMessage(one) && /https?:\/\/\w/.test(one.text),
    is_question: isMessage(one) && /\w\?(\s|$)/.test(one.text),
    message_sequence: messageAt < 0 ? null : messageAt + 1,
    previous_role: before?.type ?? '',
    previous_message_timestamp: before?.time ?? null,
    turn_type: messageAt < 0 ? '' : turnOf(before?.type, one.type),
    response_time_ms: isResponse ? one.time - before.time : null,
    tool_name: isTool(one) ? toolOf(one) : '',
    tool_use_id: isTool(one) ? useIdOf(one) : '',
    is_error: one.type === 'tool_result' && one.event.is_error === true,
    tool_sequence: toolAt < 0 ? null : toolAt + 1,
    retry_count: one.type === 'tool_use' && !one.isTooLate ? retriesOf(one, placed) : null,
    period_started_at: periods.find((period) => period.includes(one))?.[0]?.time ?? null,
    is_too_late: one.isTooLate,
  };
}

/** A call without content is as long as its input. */
function lengthOf(one: Said): number {
  const hasContent = one.event.content !== undefined && one.event.content !== null;
  return hasContent || one.type !== 'tool_use' ? one.text.length : inputOf(one).length;
}

function turnOf(before: string | undefined, role: string): string {
  if (before === undefined) return 'conversation_start';
  if (before === role) return 'continuation';
  return role === 'user' ? 'follow_up' : 'response';
}

/** The first category with a word, whole or simply inflected, in the text. */
function categoryOf(text: string): string {
  for (const [category, words] of Object.entries(CATEGORIES)) {
    const forms = words.flatMap((word) => {
      const stem = word.replace(/e$/, '');
      return [word, `${word}s`, `${word}es`, `${word}d`, `${stem}ed`, `${stem}ing`];
    });
    const pattern = forms.map((form) => form.replaceAll(' ', '\\s+')).join('|');
    if (new RegExp(`(?<![\\p{L}\\p{N}_])(${pattern})(?![\\p{L}\\p{N}_])`, 'iu').test(text)) return category;
  }
  return 'other';
}

/** How many calls right before this one were the same and failed before the next was made. */
function retriesOf(one: Said, placed: readonly Said[]): number {
  const at = placed.indexOf(one);
  const previous = placed.slice(0, at).findLast(({ type }) => type === 'tool_use');
  if (previous === undefined || toolOf(previous) !== toolOf(one) || inputOf(previous) !== inputOf(one)) return 0;
  const hasFailed = placed
    .slice(placed.indexOf(previous), at)
    .some(
      (other) =>
        other.type === 'tool_result' &&
        useIdOf(previous) !== '' &&
        useIdOf(other) === useIdOf(previous) &&
        other.event.is_error === true,
    );
  return hasFailed ? retriesOf(previous, placed) + 1 : 0;
}

/** Runs of entries without a silence of more than 30 minutes. */
function periodsIn(placed: readonly Said[]): Said[][] {
  const periods: Said[][] = [];
  for (const [index, one] of placed.entries()) {
    if (index === 0 || one.time - placed[index - 1]!.time > GAP) periods.push([]);
    periods.at(-1)!.push(one);
  }
  return periods;
}

function periodRow(session: string, entries: readonly Said[]): PeriodRow {
  const number = (type: string) => entries.filter((one) => one.type === type).length;
  return {
    session_id: session,
    project_id: entries[0]!.project,
    started_at: entries[0]!.time,
    ended_at: entries.at(-1)!.time,
    entry_count: entries.length,
    user_message_count: number('user'),
    assistant_message_count: number('assistant'),
    tool_invocations: number('tool_use'),
  };
}

/**
 * In the order of arrival: what comes is paired with what waits for it. One of a kind waits under an id at a time; what
 * comes beside it, or without an id, stays alone.
 */
function toolCallRows(session: string, said: readonly Said[]): ToolCallRow[] {
  const pairs: { call?: Said; result?: Said; waits: boolean }[] = [];
  for (const one of said.filter(isTool)) {
    const [own, other] = one.type === 'tool_use' ? (['call', 'result'] as const) : (['result', 'call'] as const);
    const id = useIdOf(one);
    const waiting = pairs.filter((pair) => pair.waits && id !== '' && id === useIdOf((pair.call ?? pair.result)!));
    const partner = waiting.find((pair) => pair[other] !== undefined);
    if (partner === undefined) pairs.push({ [own]: one, waits: waiting.length === 0 });
    else Object.assign(partner, { [own]: one, waits: false });
  }
  return pairs.map(({ call, result }) => {
    const file = call === undefined ? '' : pathOf(call);
    const extension = /[^/]\.([^./]+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
    const kind = Object.keys(FILE_TYPES).find((type) => FILE_TYPES[type]!.test(file));
    return {
      tool_call_id: (call ?? result)!.id,
      session_id: session,
      project_id: (call ?? result)!.project,
      tool_use_id: useIdOf((call ?? result)!),
      tool_name: [call, result].map((one) => (one ? toolOf(one) : '')).find((name) => name !== '') ?? 'unknown',
      call_conversation_id: call?.id ?? '',
      result_conversation_id: result?.id ?? '',
      occurred_at: (call ?? result)!.time,
      called_at: call?.time ?? null,
      returned_at: result?.time ?? null,
      duration_ms: call && result && result.time >= call.time ? result.time - call.time : null,
      is_success: result === undefined ? null : result.event.is_error === true ? 0 : 1,
      input_length: call === undefined ? 0 : lengthOf(call),
      result_length: result === undefined ? 0 : lengthOf(result),
      file_path: file,
      file_extension: extension,
      file_type_category: file === '' ? '' : (kind ?? 'other'),
      source_file: ((call ?? result)!.event.source_file as string | undefined) ?? '',
    };
  });
}

function pathOf({ event }: Said): string {
  const input = typeof event.tool_input === 'string' ? safeParse(event.tool_input) : event.tool_input;
  const { file_path, path } = (input ?? {}) as Record<string, unknown>;
  return String(file_path ?? path ?? '');
}

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sessionRow(
  session: string,
  said: readonly Said[],
  entries: readonly EntryRow[],
  periods: readonly (readonly Said[])[],
): SessionRow {
  const number = (type: string) => said.filter((one) => one.type === type).length;
  const messages = entries.filter((row) => row.task_category !== '');
  const responses = entries.map((row) => row.response_time_ms ?? 0).filter((milliseconds) => milliseconds > 0);
  const calls = said.filter(({ type }) => type === 'tool_use').map((one) => toolOf(one) || 'unknown');
  const categories = messages.map((row) => row.task_category);
  const tasks = most(
    categories.filter((name) => name !== 'other'),
    Object.keys(CATEGORIES),
  );
  const projects = said.map(({ project }) => project);
  return {
    session_id: session,
    project_id: most(projects, projects.toSorted()),
    project_count: new Set(projects).size,
    session_start: Math.min(...said.map(({ time }) => time)),
    session_end: Math.max(...said.map(({ time }) => time)),
    total_entries: said.length,
    user_message_count: number('user'),
    assistant_message_count: number('assistant'),
    total_content_length: sum(messages.map((row) => row.content_length)),
    messages_with_code: messages.filter((row) => row.has_code_block).length,
    question_count: messages.filter((row) => row.is_question).length,
    response_count: responses.length,
    total_response_ms: sum(responses),
    tool_invocations: calls.length,
    tool_results: number('tool_result'),
    tool_errors: entries.filter((row) => row.is_error).length,
    unique_tools_used: new Set(calls).size,
    primary_tool: most(calls, calls.toSorted()),
    primary_task_category: tasks || (messages.length > 0 ? 'other' : ''),
    task_category_count: new Set(categories).size,
    period_count: periods.length,
    active_ms: sum(periods.map((period) => period.at(-1)!.time - period[0]!.time)),
    too_late_count: said.filter(({ isTooLate }) => isTooLate).length,
  };
}

/** What occurs most; of several, what stands first in `order`. Empty when nothing occurs. */
function most(names: readonly string[], order: readonly string[]): string {
  const times = (name: string) => names.filter((other) => other === name).length;
  return [...order].sort((left, right) => times(right) - times(left)).find((name) => times(name) > 0) ?? '';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

import { CODE, QUESTION } from './content.ts';
import { hasFailed, type KeptEntry, roleOf } from './entry.ts';
import type { Period } from './entry-pass.ts';
import { responseMsOf } from './entry-rows.ts';
import type { SessionRow } from './tables.ts';
import { OTHER } from './task-category.ts';

/** A session as running sums: whatever comes, in whatever order, costs the same however long the session is. */
export interface SessionTotals {
  start: number;
  end: number;
  userMessages: number;
  assistantMessages: number;
  contentLength: number;
  withCode: number;
  questions: number;
  responses: number;
  responseMs: number;
  calls: number;
  results: number;
  errors: number;
  periods: number;
  activeMs: number;
  tooLate: number;
  readonly projects: Map<string, number>;
  readonly tools: Map<string, number>;
  readonly categories: Map<string, number>;
}

/** Different projects, tools and categories that are counted one by one. Further ones count together, under no name. */
const NAMES_MAX = 512;

export function noTotals(): SessionTotals {
  return {
    start: Number.POSITIVE_INFINITY,
    end: Number.NEGATIVE_INFINITY,
    userMessages: 0,
    assistantMessages: 0,
    contentLength: 0,
    withCode: 0,
    questions: 0,
    responses: 0,
    responseMs: 0,
    calls: 0,
    results: 0,
    errors: 0,
    periods: 0,
    activeMs: 0,
    tooLate: 0,
    projects: new Map(),
    tools: new Map(),
    categories: new Map(),
  };
}

/** Counts an entry that came, whatever its place. */
export function addEntry(totals: SessionTotals, entry: KeptEntry, isTooLate: boolean): void {
  const { time, marks } = entry;
  const { type, projectId, taskCategory } = entry.about;
  if (isTooLate) totals.tooLate++;
  if (time < totals.start) totals.start = time;
  if (time > totals.end) totals.end = time;
  count(totals.projects, projectId);
  if (roleOf(type) !== undefined) {
    if (type === 'user') totals.userMessages++;
    else totals.assistantMessages++;
    totals.contentLength += entry.contentLength;
    if ((marks & CODE) !== 0) totals.withCode++;
    if ((marks & QUESTION) !== 0) totals.questions++;
    count(totals.categories, taskCategory);
  } else if (type === 'tool_use') {
    totals.calls++;
    count(totals.tools, entry.about.toolName || 'unknown');
  } else if (type === 'tool_result') {
    totals.results++;
    if (hasFailed(entry)) totals.errors++;
  }
}

/** Counts, or takes back, the response that a placed entry is. Those that took no time are none. */
export function addResponse(totals: SessionTotals, sign: 1 | -1, entry: KeptEntry): void {
  const milliseconds = responseMsOf(entry);
  if (milliseconds === null || milliseconds === 0) return;
  totals.responses += sign;
  totals.responseMs += sign * milliseconds;
}

export function addPeriod(totals: SessionTotals, sign: 1 | -1, { startedAt, endedAt }: Period): void {
  totals.periods += sign;
  totals.activeMs += sign * (endedAt - startedAt);
}

function count(counts: Map<string, number>, name: string): void {
  const known = counts.get(name);
  if (known === undefined && counts.size >= NAMES_MAX) counts.set('', (counts.get('') ?? 0) + 1);
  else counts.set(name, (known ?? 0) + 1);
}

/** `categories`: in their order, to choose by where two have as many messages. */
export function sessionRow(sessionId: string, totals: SessionTotals, categories: readonly string[]): SessionRow {
  let entries = 0;
  for (const number of totals.projects.values()) entries += number;
  return {
    session_id: sessionId,
    project_id: mostOf(totals.projects, byName),
    project_count: totals.projects.size,
    session_start: totals.start,
    session_end: totals.end,
    total_entries: entries,
    user_message_count: totals.userMessages,
    assistant_message_count: totals.assistantMessages,
    total_content_length: totals.contentLength,
    messages_with_code: totals.withCode,
    question_count: totals.questions,
    response_count: totals.responses,
    total_response_ms: totals.responseMs,
    tool_invocations: totals.calls,
    tool_results: totals.results,
    tool_errors: totals.errors,
    unique_tools_used: totals.tools.size,
    primary_tool: mostOf(totals.tools, byName),
    primary_task_category: primaryCategory(totals.categories, categories),
    task_category_count: totals.categories.size,
    period_count: totals.periods,
    active_ms: totals.activeMs,
    too_late_count: totals.tooLate,
  };
}

function primaryCategory(counts: ReadonlyMap<string, number>, categories: readonly string[]): string {
  const rankOf = (name: string) => (categories.includes(name) ? categories.indexOf(name) : categories.length);
  const found = mostOf(counts, (left, right) => rankOf(left) - rankOf(right) || byName(left, right), OTHER);
  return found === '' && counts.has(OTHER) ? OTHER : found;
}

/** The name with the greatest count; of several, the first by `order`. Without the name left out, and without the nameless. */
function mostOf(
  counts: ReadonlyMap<string, number>,
  order: (left: string, right: string) => number,
  without = '',
): string {
  let most = '';
  let greatest = 0;
  for (const [name, number] of counts) {
    if (name === '' || name === without) continue;
    if (number > greatest || (number === greatest && order(name, most) < 0)) {
      most = name;
      greatest = number;
    }
  }
  return most;
}

function byName(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

import type { Context } from '../../runtime/domain.ts';
import { isSameRow } from '../difference.ts';
import { isBlank } from '../history.ts';
import type { ConversationAttributes, ConversationState, Waiting } from './conversation-state.ts';
import { landingWaiting, type WaitingRow } from './tables.ts';

/**
 * Who waits for an answer: what the messages say (since when, how many) beside what holds of the conversation now. The
 * row follows both, and the state has both, so that "who waits now" is a small table to read and no history to walk.
 */
type Current = Pick<ConversationAttributes, 'customer_id' | 'clinic_code' | 'status' | 'is_urgent'>;

/** As the settled messages have it; null when nobody waits. */
export function waitingOf({ messages, leftWaiting }: ConversationState): Waiting | null {
  if (leftWaiting !== null) return leftWaiting;
  if (messages === null || messages.tail.unansweredCount === 0) return null;
  const { unansweredSince, unansweredCount, unansweredChannel } = messages.tail;
  return { since: unansweredSince, messages: unansweredCount, channel: unansweredChannel };
}

/**
 * Forgets the messages of a conversation that was idle for long. Who waited waits on, until the next message: without
 * what was written, that one could not take it back.
 */
export function forgetMessages(state: ConversationState): void {
  state.leftWaiting = waitingOf(state);
  state.messages = null;
}

/**
 * Writes what changed in who waits. To be called when the messages are settled, and before the versions are: what held
 * before is told by the rows as they were written.
 */
export function settleWaiting(
  id: string,
  state: ConversationState,
  waitedBefore: Waiting | null,
  context: Context,
): void {
  const waits = waitingOf(state);
  if (waitedBefore === null && waits === null) return;
  const current = currentOf(state);
  const before = rowOf(id, waitedBefore, state.isChanged ? writtenCurrent(state) : current);
  const after = rowOf(id, waits, current);
  if (before !== null && after !== null && isSameRow(before, after)) return;
  if (before !== null) context.emit(landingWaiting, -1, before);
  if (after !== null) context.emit(landingWaiting, 1, after);
}

function rowOf(id: string, waits: Waiting | null, current: Current | null): WaitingRow | null {
  if (waits === null || current === null) return null;
  return {
    conversation_id: id,
    customer_id: current.customer_id,
    clinic_code: current.clinic_code,
    channel: waits.channel,
    status: current.status,
    is_urgent: current.is_urgent,
    waiting_since: waits.since,
    unanswered_messages: waits.messages,
  };
}

/** What the current row of the dimension says; null of a conversation that is deleted, which has none. */
function currentOf({ history, first }: ConversationState): Current | null {
  const last = history.changes.at(-1);
  if (last !== undefined && last.attributes !== null) return last.attributes;
  if (first !== null && isBlank(history)) {
    return { customer_id: first.customerId, clinic_code: first.clinicCode, status: '', is_urgent: false };
  }
  const { base } = history;
  return last === undefined && base !== null && base.from !== null ? base.attributes : null;
}

function writtenCurrent({ written }: ConversationState): Current | null {
  const last = written?.versions.at(-1);
  return last?.is_current ? last : null;
}

import type { Message } from '../../events/conversations.ts';
import type { Context } from '../../runtime/domain.ts';
import { difference } from '../difference.ts';
import { minutesBetween, secondsBetween, takeTurn } from '../gaps.ts';
import { startsSession } from '../sessions.ts';
import { DUPLICATE, fold, place, type Timeline, type TimelineEntry, TOO_LATE } from '../timeline.ts';
import type { ConversationsOptions } from './options.ts';
import { landingMessages, landingSessions, type MessageRow, type SessionRow } from './tables.ts';

/**
 * The messages of one conversation: gaps, replies and sessions, in one pass by time.
 *
 * A new last message costs one step from the remembered end (`tail`). A late one makes the pass run again from what
 * was folded away (`base`), over the kept messages only, and writes what came out differently.
 */
export interface Messages extends Timeline<KeptMessage> {
  /** The pass at the horizon; null when nothing was folded. */
  base: Pass | null;
  /** The pass after the last settled message. */
  tail: Pass;
  /** How many of `entries`, from the front, have the rows they should have. */
  settled: number;
  /** Sessions as written, by start: those that a kept message is in, or could come to be in. */
  sessions: readonly SessionRow[];
}

export interface KeptMessage extends TimelineEntry {
  readonly about: About;
  readonly textLength: number | null;
  readonly text: string | null;
  readonly textTags: readonly string[];
  derived: Derived | null;
}

/** What messages of a conversation mostly share; kept once for all that do. */
export interface About {
  readonly customer_id: string;
  readonly clinic_code: string;
  readonly direction: 'in' | 'out';
  readonly direction_type: string;
  readonly channel: string;
}

interface Derived {
  readonly previous: number | null;
  readonly responseSeconds: number | null;
  readonly isFirstResponse: boolean;
  readonly sessionStartedAt: number;
}

/** Everything about earlier messages that the next one needs. */
export interface Pass {
  last: number | null;
  unansweredSince: number | null;
  hasResponse: boolean;
  session: SessionRow | null;
}

export function newPass(): Pass {
  return { last: null, unansweredSince: null, hasResponse: false, session: null };
}

export function emptyMessages(): Messages {
  return {
    latest: Number.NEGATIVE_INFINITY,
    horizon: null,
    entries: [],
    base: null,
    tail: newPass(),
    settled: 0,
    sessions: [],
  };
}

/** The part of the options that this file uses, in milliseconds. */
export interface MessageRules {
  readonly gapMs: number;
  readonly latenessMs: number;
  readonly entriesMax: number;
  readonly storeText: boolean;
}

export function messageRules(options: ConversationsOptions): MessageRules {
  return {
    gapMs: options.sessionGapMinutes * 60_000,
    latenessMs: options.allowedLatenessHours * 3_600_000,
    entriesMax: options.keptMessagesMax,
    storeText: options.storeText,
  };
}

/** Takes a message in. False when it changed nothing: a repeat, or too late (then its row is out already). */
export function takeMessage(
  messages: Messages,
  message: Message,
  time: number,
  textTags: readonly string[],
  rules: MessageRules,
  context: Context,
): boolean {
  const entry: KeptMessage = {
    id: message.message_id,
    time,
    about: aboutOf(messages, message),
    textLength: message.text_length ?? message.text?.length ?? null,
    text: rules.storeText ? (message.text ?? null) : null,
    textTags,
    derived: null,
  };
  const index = place(messages, entry, rules);
  if (index === DUPLICATE) {
    context.count('duplicate');
    return false;
  }
  if (index === TOO_LATE) {
    context.count('too_late');
    context.emit(landingMessages, 1, rowOf(message.conversation_id, entry));
    return false;
  }
  if (index < messages.entries.length - 1) {
    context.count('late');
    messages.settled = 0;
  }
  return true;
}

/** Writes the rows that changed since the last call, and forgets what no late message can need. */
export function settleMessages(id: string, messages: Messages, rules: MessageRules, context: Context): void {
  const sessions = runPass(id, messages, rules, (message, derived) => {
    if (message.derived !== null) {
      if (isSameDerived(message.derived, derived)) return;
      context.emit(landingMessages, -1, rowOf(id, message));
    }
    message.derived = derived;
    context.emit(landingMessages, 1, rowOf(id, message));
  });
  difference(messages.sessions, sessions, startOf, isSameSession, (sign, session) => {
    context.emit(landingSessions, sign, session);
  });
  messages.sessions = sessions;
  foldMessages(id, messages, rules);
}

/** Brings a state that was just decoded to where it was when it was encoded: derived values without rows. */
export function rebuildMessages(id: string, messages: Messages, rules: MessageRules): void {
  messages.settled = 0;
  messages.sessions = runPass(id, messages, rules, (message, derived) => {
    message.derived = derived;
  });
}

/** Runs the pass over the messages that are not settled; returns the sessions that now hold. */
function runPass(
  id: string,
  messages: Messages,
  rules: MessageRules,
  visit: (message: KeptMessage, derived: Derived) => void,
): SessionRow[] {
  const { entries } = messages;
  const isWhole = messages.settled === 0;
  const pass = isWhole ? (messages.base === null ? newPass() : { ...messages.base }) : messages.tail;
  const sessions = isWhole ? [] : messages.sessions.slice(0, -1);
  for (let index = messages.settled; index < entries.length; index++) {
    const message = entries[index]!;
    const finished = pass.session;
    const derived = advance(id, pass, message, rules);
    if (finished !== null && pass.session!.started_at !== finished.started_at) sessions.push(finished);
    visit(message, derived);
  }
  if (pass.session !== null) sessions.push(pass.session);
  messages.tail = pass;
  messages.settled = entries.length;
  return sessions;
}

function advance(id: string, pass: Pass, message: KeptMessage, rules: MessageRules): Derived {
  const previous = pass.last;
  const isInbound = message.about.direction === 'in';
  const hadResponse = pass.hasResponse;
  const responseSeconds = takeTurn(pass, isInbound, message.time);
  const session = pass.session;
  pass.session =
    session === null || startsSession(previous, message.time, rules.gapMs)
      ? newSession(id, message, isInbound)
      : {
          ...session,
          ended_at: message.time,
          message_count: session.message_count + 1,
          in_count: session.in_count + (isInbound ? 1 : 0),
          out_count: session.out_count + (isInbound ? 0 : 1),
        };
  pass.last = message.time;
  return {
    previous,
    responseSeconds,
    isFirstResponse: responseSeconds !== null && !hadResponse,
    sessionStartedAt: pass.session.started_at,
  };
}

/**
 * Folds away what no allowed late message can precede. With `entriesMax` 0 everything: for a conversation that has been
 * idle for long.
 */
export function foldMessages(id: string, messages: Messages, rules: MessageRules): void {
  let base: Pass | null = null;
  const count = fold(messages, rules, (message) => {
    base ??= messages.base === null ? newPass() : { ...messages.base };
    advance(id, base, message, rules);
  });
  if (base === null) return;
  messages.base = base;
  messages.settled -= count;
  const earliest = (base as Pass).session!.started_at;
  messages.sessions = messages.sessions.filter((session) => session.started_at >= earliest);
}

/** The entry's `About`, shared with a kept message that has the same one. */
function aboutOf(messages: Messages, message: Message): About {
  const { entries } = messages;
  for (let index = entries.length - 1; index >= 0 && index >= entries.length - 3; index--) {
    const about = entries[index]!.about;
    if (
      about.direction === message.direction &&
      about.direction_type === message.direction_type &&
      about.channel === message.channel &&
      about.customer_id === message.customer_id &&
      about.clinic_code === message.clinic_code
    ) {
      return about;
    }
  }
  return {
    customer_id: message.customer_id,
    clinic_code: message.clinic_code,
    direction: message.direction,
    direction_type: message.direction_type,
    channel: message.channel,
  };
}

function rowOf(id: string, message: KeptMessage): MessageRow {
  const { about, derived } = message;
  const previous = derived === null ? null : derived.previous;
  return {
    message_id: message.id,
    conversation_id: id,
    customer_id: about.customer_id,
    clinic_code: about.clinic_code,
    message_timestamp: message.time,
    direction: about.direction,
    direction_type: about.direction_type,
    channel: about.channel,
    text_length: message.textLength,
    text: message.text,
    text_tags: message.textTags,
    previous_message_timestamp: previous,
    minutes_since_last_message: minutesBetween(previous, message.time),
    seconds_since_last_message: secondsBetween(previous, message.time),
    response_seconds: derived === null ? null : derived.responseSeconds,
    is_first_response: derived?.isFirstResponse ?? false,
    session_started_at: derived === null ? null : derived.sessionStartedAt,
    is_too_late: derived === null,
  };
}

function newSession(id: string, message: KeptMessage, isInbound: boolean): SessionRow {
  return {
    conversation_id: id,
    customer_id: message.about.customer_id,
    clinic_code: message.about.clinic_code,
    started_at: message.time,
    ended_at: message.time,
    message_count: 1,
    in_count: isInbound ? 1 : 0,
    out_count: isInbound ? 0 : 1,
  };
}

function startOf(session: SessionRow): number {
  return session.started_at;
}

function isSameSession(left: SessionRow, right: SessionRow): boolean {
  return (
    left.ended_at === right.ended_at &&
    left.message_count === right.message_count &&
    left.in_count === right.in_count &&
    left.customer_id === right.customer_id &&
    left.clinic_code === right.clinic_code
  );
}

function isSameDerived(left: Derived, right: Derived): boolean {
  return (
    left.previous === right.previous &&
    left.responseSeconds === right.responseSeconds &&
    left.isFirstResponse === right.isFirstResponse &&
    left.sessionStartedAt === right.sessionStartedAt
  );
}

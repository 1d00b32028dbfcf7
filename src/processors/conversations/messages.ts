import type { Message } from '../../events/conversations.ts';
import type { Context } from '../../runtime/domain.ts';
import { difference } from '../difference.ts';
import { minutesBetween, secondsBetween, type Turn, takeTurn } from '../gaps.ts';
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
  /** What follows is derived from the messages before it, as its row has it. */
  previous: number | null;
  responseSeconds: number | null;
  isFirstResponse: boolean;
  /** Null until it is placed; a message that came too late never is. */
  sessionStartedAt: number | null;
}

/** What messages of a conversation mostly share; kept once for all that do. */
export interface About {
  readonly customer_id: string;
  readonly clinic_code: string;
  readonly direction: 'in' | 'out';
  readonly direction_type: string;
  readonly channel: string;
}

/** Everything about earlier messages that the next one needs: whose turn it is, and the session so far. */
export interface Pass extends Turn {
  /** Time of the last message; null before the first. */
  last: number | null;
  sessionStartedAt: number;
  sessionCustomer: string;
  sessionClinic: string;
  inCount: number;
  outCount: number;
}

export function newPass(): Pass {
  return {
    unansweredSince: null,
    hasResponse: false,
    last: null,
    sessionStartedAt: 0,
    sessionCustomer: '',
    sessionClinic: '',
    inCount: 0,
    outCount: 0,
  };
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
    previous: null,
    responseSeconds: null,
    isFirstResponse: false,
    sessionStartedAt: null,
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
  const sessions = runPass(id, messages, rules, context);
  difference(messages.sessions, sessions, startOf, isSameSession, (sign, session) => {
    context.emit(landingSessions, sign, session);
  });
  messages.sessions = sessions;
  foldMessages(messages, rules);
}

/** Brings a state that was just decoded to where it was when it was encoded: derived values, without writing rows. */
export function rebuildMessages(id: string, messages: Messages, rules: MessageRules): void {
  messages.settled = 0;
  messages.sessions = runPass(id, messages, rules, undefined);
}

/**
 * Runs the pass over the messages that are not settled and writes those that came out new or different; returns the
 * sessions that now hold.
 */
function runPass(id: string, messages: Messages, rules: MessageRules, context: Context | undefined): SessionRow[] {
  const { entries } = messages;
  const isWhole = messages.settled === 0;
  const pass = isWhole ? (messages.base === null ? newPass() : { ...messages.base }) : messages.tail;
  const sessions = isWhole ? [] : messages.sessions.slice(0, -1);
  for (let index = messages.settled; index < entries.length; index++) {
    const message = entries[index]!;
    const { previous, responseSeconds, isFirstResponse, sessionStartedAt } = message;
    if (pass.last !== null && startsSession(pass.last, message.time, rules.gapMs)) sessions.push(sessionOf(id, pass));
    advance(pass, message, rules);
    if (context === undefined) continue;
    if (sessionStartedAt !== null) {
      const isSame =
        sessionStartedAt === message.sessionStartedAt &&
        previous === message.previous &&
        responseSeconds === message.responseSeconds &&
        isFirstResponse === message.isFirstResponse;
      if (isSame) continue;
      const old = { ...message, previous, responseSeconds, isFirstResponse, sessionStartedAt };
      context.emit(landingMessages, -1, rowOf(id, old));
    }
    context.emit(landingMessages, 1, rowOf(id, message));
  }
  if (pass.last !== null) sessions.push(sessionOf(id, pass));
  messages.tail = pass;
  messages.settled = entries.length;
  return sessions;
}

/** Takes the next message by time: sets what is derived for it, and moves the pass past it. */
function advance(pass: Pass, message: KeptMessage, rules: MessageRules): void {
  const { time, about } = message;
  const isInbound = about.direction === 'in';
  const hadResponse = pass.hasResponse;
  message.previous = pass.last;
  message.responseSeconds = takeTurn(pass, isInbound, time);
  message.isFirstResponse = message.responseSeconds !== null && !hadResponse;
  if (startsSession(pass.last, time, rules.gapMs)) {
    pass.sessionStartedAt = time;
    pass.sessionCustomer = about.customer_id;
    pass.sessionClinic = about.clinic_code;
    pass.inCount = 0;
    pass.outCount = 0;
  }
  if (isInbound) pass.inCount++;
  else pass.outCount++;
  pass.last = time;
  message.sessionStartedAt = pass.sessionStartedAt;
}

function sessionOf(id: string, pass: Pass): SessionRow {
  return {
    conversation_id: id,
    customer_id: pass.sessionCustomer,
    clinic_code: pass.sessionClinic,
    started_at: pass.sessionStartedAt,
    ended_at: pass.last!,
    message_count: pass.inCount + pass.outCount,
    in_count: pass.inCount,
    out_count: pass.outCount,
  };
}

/**
 * Folds away what no allowed late message can precede. With `entriesMax` 0 everything: for a conversation that has been
 * idle for long.
 */
export function foldMessages(messages: Messages, rules: MessageRules): void {
  let base: Pass | null = null;
  const count = fold(messages, rules, (message) => {
    base ??= messages.base === null ? newPass() : { ...messages.base };
    advance(base, message, rules);
  });
  if (base === null) return;
  messages.base = base;
  messages.settled -= count;
  const earliest = (base as Pass).sessionStartedAt;
  messages.sessions = messages.sessions.filter((session) => session.started_at >= earliest);
}

/** The entry's `About`, shared with a kept message that has the same one. */
function aboutOf(messages: Messages, message: Message): About {
  const { entries } = messages;
  for (let index = entries.length - 1; index >= 0 && index >= entries.length - 3; index--) {
    const about = entries[index]!.about;
    if (isSameAbout(about, message)) return about;
  }
  return {
    customer_id: message.customer_id,
    clinic_code: message.clinic_code,
    direction: message.direction,
    direction_type: message.direction_type,
    channel: message.channel,
  };
}

export function isSameAbout(left: About, right: About): boolean {
  return (
    left.direction === right.direction &&
    left.direction_type === right.direction_type &&
    left.channel === right.channel &&
    left.customer_id === right.customer_id &&
    left.clinic_code === right.clinic_code
  );
}

function rowOf(id: string, message: KeptMessage): MessageRow {
  const { about, previous, time } = message;
  return {
    message_id: message.id,
    conversation_id: id,
    customer_id: about.customer_id,
    clinic_code: about.clinic_code,
    message_timestamp: time,
    direction: about.direction,
    direction_type: about.direction_type,
    channel: about.channel,
    text_length: message.textLength,
    text: message.text,
    text_tags: message.textTags,
    previous_message_timestamp: previous,
    minutes_since_last_message: minutesBetween(previous, time),
    seconds_since_last_message: secondsBetween(previous, time),
    response_seconds: message.responseSeconds,
    is_first_response: message.isFirstResponse,
    session_started_at: message.sessionStartedAt,
    is_too_late: message.sessionStartedAt === null,
  };
}

function startOf(session: SessionRow): number {
  return session.started_at;
}

function isSameSession(left: SessionRow, right: SessionRow): boolean {
  return (
    left.ended_at === right.ended_at &&
    left.in_count === right.in_count &&
    left.out_count === right.out_count &&
    left.customer_id === right.customer_id &&
    left.clinic_code === right.clinic_code
  );
}

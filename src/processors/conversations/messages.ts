import type { Message } from '../../events/conversations.ts';
import type { Context } from '../../runtime/domain.ts';
import { difference } from '../difference.ts';
import { NEVER } from '../gaps.ts';
import { isFull, isKnown, remember, shortId } from '../known-ids.ts';
import { startsSession } from '../sessions.ts';
import { fold, isKeptAt, place, type Timeline, TOO_LATE } from '../timeline.ts';
import { type About, advance, type KeptMessage, newPass, type Pass, sessionOf } from './message-pass.ts';
import { isSameSession, messageRow, startOf } from './message-rows.ts';
import { isPacked, lastPackedId, newPack, type Pack, packMessages, unpackMessages } from './messages-pack.ts';
import type { ConversationsOptions } from './options.ts';
import { landingMessages, landingSessions, type SessionRow } from './tables.ts';

/**
 * The messages of one conversation: gaps, replies and sessions, in one pass by time.
 *
 * - *closed*: what was settled is packed into text; only `tail`, the pass after it, is needed for a message that follows
 *   by time. Nearly all do, so nearly all of a conversation's life is spent so, at the cost of one step a message and of
 *   a few hundred bytes.
 * - *open*: a late message came. All kept messages are in `entries`, the pass runs again from `base`, what was folded
 *   away, and what comes out differently is written. Settling closes it again.
 */
export interface Messages {
  /** The pass at the horizon, behind which nothing can be placed; null when nothing was folded away. */
  base: Pass | null;
  /** The pass after the last settled message. Its `lastId` is empty while the pack has that message. */
  tail: Pass;
  /** The settled messages that are kept, while closed. */
  pack: Pack;
  /** While closed: those that came since, by time. While open: all that are kept. */
  entries: KeptMessage[];
  /** While open: the sessions as written that a kept message is in, by start. */
  sessions: readonly SessionRow[];
  isOpen: boolean;
  /** Short ids of the messages that came last, whatever became of them. */
  known: number[];
  /** The silence that ends a session by which the rows of the kept messages were derived. */
  gapMs: number;
}

const noSessions: readonly SessionRow[] = [];
/** Never added to. */
const noEntries: KeptMessage[] = [];

/** The message's id came before: nothing comes of it. */
export const DUPLICATE = -2;

export function emptyMessages(gapMs: number): Messages {
  return {
    base: null,
    tail: newPass(),
    pack: newPack(),
    entries: noEntries,
    sessions: noSessions,
    isOpen: false,
    known: [],
    gapMs,
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

/** Takes a message in: not negative, or DUPLICATE (nothing came of it), or TOO_LATE (its row is out, without a gap). */
export function takeMessage(
  messages: Messages,
  message: Message,
  time: number,
  textTags: readonly string[],
  rules: MessageRules,
  context: Context,
): number {
  const id = message.message_id;
  const short = shortId(id);
  if (isKnown(messages.known, short) || (isFull(messages.known) && isKept(messages, message, rules))) {
    context.count('duplicate');
    return DUPLICATE;
  }
  remember(messages.known, short);
  const entry: KeptMessage = {
    id,
    time,
    about: aboutOf(messages.pack, message),
    textLength: message.text_length ?? message.text?.length ?? null,
    text: rules.storeText ? (message.text ?? null) : null,
    textTags,
    previous: null,
    responseSeconds: null,
    isFirstResponse: false,
    sessionStartedAt: null,
  };
  if (!messages.isOpen) {
    if (isLast(messages, entry)) return append(messages, entry);
    open(message.conversation_id, messages);
  }
  const index = place(timelineOf(messages), entry, rules);
  if (index === TOO_LATE) {
    context.count('too_late');
    context.emit(landingMessages, 1, messageRow(message.conversation_id, entry));
    return TOO_LATE;
  }
  if (index < messages.entries.length - 1) context.count('late');
  return index;
}

/** Makes the array when it is needed: an empty one takes room for sixteen with the first item that it gets. */
function append(messages: Messages, entry: KeptMessage): number {
  if (messages.entries.length > 0) return messages.entries.push(entry) - 1;
  messages.entries = [entry];
  return 0;
}

/** Writes the rows that changed since the last call, and forgets what no late message can need. */
export function settleMessages(id: string, messages: Messages, rules: MessageRules, context: Context): void {
  if (!messages.isOpen && mustOpen(messages, rules)) open(id, messages);
  const before = messages.isOpen ? messages.sessions : lastSession(id, messages);
  const after = messages.isOpen ? settleAll(id, messages, rules, context) : settleNew(id, messages, rules, context);
  difference(before, after, startOf, isSameSession, (sign, session) => context.emit(landingSessions, sign, session));
}

/** Forgets the messages kept for late ones: for a conversation that has been idle for long. Their rows stay as written. */
export function compactMessages(id: string, messages: Messages, rules: MessageRules): void {
  open(id, messages);
  foldAway(messages, { ...rules, gapMs: messages.gapMs, entriesMax: 0 });
  close(messages);
}

/** Closed: steps on from the tail, and packs what came. Returns the sessions from the last written one on. */
function settleNew(id: string, messages: Messages, rules: MessageRules, context: Context): SessionRow[] {
  const { tail, entries } = messages;
  const latest = entries.at(-1)?.time ?? tail.last;
  if (tail.last !== NEVER && tail.last < latest - rules.latenessMs) {
    messages.base = { ...tail, lastId: lastIdOf(messages) };
    messages.pack.clear();
  } else if (messages.pack.count > 0 && messages.pack.firstTime < latest - 2 * rules.latenessMs) {
    foldPack(messages, latest, rules);
  }
  const sessions: SessionRow[] = [];
  for (const message of entries) {
    if (tail.last !== NEVER && startsSession(tail.last, message.time, rules.gapMs)) sessions.push(sessionOf(id, tail));
    advance(tail, message, rules.gapMs);
    context.emit(landingMessages, 1, messageRow(id, message));
  }
  if (tail.last !== NEVER) sessions.push(sessionOf(id, tail));
  close(messages);
  return sessions;
}

/** Open: runs the pass over all kept messages, writes what came out new or different, and closes. */
function settleAll(id: string, messages: Messages, rules: MessageRules, context: Context): SessionRow[] {
  const sessions = runPass(id, messages, rules.gapMs, (message, old) => {
    if (old !== null) context.emit(landingMessages, -1, messageRow(id, old));
    context.emit(landingMessages, 1, messageRow(id, message));
  });
  messages.gapMs = rules.gapMs;
  foldAway(messages, rules);
  close(messages);
  return sessions;
}

/** Unpacks the kept messages and derives again what their rows have, by the rule by which they were written. */
function open(id: string, messages: Messages): void {
  if (messages.isOpen) return;
  const fresh = messages.entries;
  messages.entries = unpackMessages(messages.pack);
  messages.sessions = runPass(id, messages, messages.gapMs, () => undefined);
  messages.entries.push(...fresh);
  messages.isOpen = true;
}

function close(messages: Messages): void {
  const { entries, pack } = messages;
  if (messages.isOpen) pack.clear();
  packMessages(pack, entries);
  messages.entries = noEntries;
  // The pack has it; a second copy of every last id is what the collector would move most.
  if (pack.count > 0) messages.tail.lastId = '';
  messages.sessions = noSessions;
  messages.isOpen = false;
}

/** `visit` is told of each message that came out new (`old` is null) or different. Returns the sessions that now hold. */
function runPass(
  id: string,
  messages: Messages,
  gapMs: number,
  visit: (message: KeptMessage, old: KeptMessage | null) => void,
): SessionRow[] {
  const pass = messages.base === null ? newPass() : { ...messages.base };
  const sessions: SessionRow[] = [];
  for (const message of messages.entries) {
    const { previous, responseSeconds, isFirstResponse, sessionStartedAt } = message;
    if (pass.last !== NEVER && startsSession(pass.last, message.time, gapMs)) sessions.push(sessionOf(id, pass));
    advance(pass, message, gapMs);
    if (sessionStartedAt === null) {
      visit(message, null);
      continue;
    }
    const isSame =
      sessionStartedAt === message.sessionStartedAt &&
      previous === message.previous &&
      responseSeconds === message.responseSeconds &&
      isFirstResponse === message.isFirstResponse;
    if (!isSame) visit(message, { ...message, previous, responseSeconds, isFirstResponse, sessionStartedAt });
  }
  if (pass.last !== NEVER) sessions.push(sessionOf(id, pass));
  messages.tail = pass;
  return sessions;
}

/** Folds away what no allowed late message can precede, and what is more than may be kept. */
function foldAway(messages: Messages, rules: MessageRules, timeline = timelineOf(messages)): void {
  fold(timeline, rules, (message) => {
    messages.base ??= newPass();
    advance(messages.base, message, rules.gapMs);
  });
}

/**
 * While closed: the same of the pack alone, whose rows stay as they are. What the tail ends with is within the lateness,
 * so some of it is left.
 */
function foldPack(messages: Messages, latest: number, rules: MessageRules): void {
  const entries = unpackMessages(messages.pack);
  foldAway(messages, rules, { latest, horizon: null, entries });
  messages.pack.clear();
  packMessages(messages.pack, entries);
}

/** While open: the kept messages as `place` and `fold` see them. */
function timelineOf({ base, entries }: Messages): Timeline<KeptMessage> {
  const horizon = base === null ? null : { id: base.lastId, time: base.last };
  return { latest: entries.at(-1)?.time ?? horizon?.time ?? Number.NEGATIVE_INFINITY, horizon, entries };
}

/** Whether the rows have to move to another rule, or more messages are kept than may be. */
function mustOpen({ pack, entries, gapMs }: Messages, rules: MessageRules): boolean {
  return gapMs !== rules.gapMs || pack.count + entries.length > rules.entriesMax;
}

/**
 * Whether a message that came so long ago that its id was forgotten is kept still: one dated ahead of all that followed.
 * Only one that would be kept had everything been folded by now counts, whenever the last fold was.
 */
function isKept(messages: Messages, message: Message, rules: MessageRules): boolean {
  const id = message.message_id;
  if (!messages.isOpen) {
    if (!isPacked(messages.pack, id) && !messages.entries.some((entry) => entry.id === id)) return false;
    open(message.conversation_id, messages);
  }
  const index = messages.entries.findIndex((entry) => entry.id === id);
  return index >= 0 && isKeptAt(timelineOf(messages), index, rules);
}

/** Whether it follows everything known, by (time, id). */
function isLast(messages: Messages, { id, time }: KeptMessage): boolean {
  const last = messages.entries.at(-1);
  const lastTime = last?.time ?? messages.tail.last;
  return time > lastTime || (time === lastTime && id > (last?.id ?? lastIdOf(messages)));
}

/** While closed: the id of the last settled message. */
function lastIdOf({ pack, tail }: Messages): string {
  return pack.count > 0 ? lastPackedId(pack) : tail.lastId;
}

function lastSession(id: string, { tail }: Messages): SessionRow[] {
  return tail.last === NEVER ? [] : [sessionOf(id, tail)];
}

/** The known `About` that is the same, or a new one, which is then known. */
function aboutOf(pack: Pack, message: Message): About {
  const { abouts } = pack;
  for (let index = abouts.length - 1; index >= 0; index--) {
    const about = abouts[index]!;
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
  const about: About = {
    customer_id: message.customer_id,
    clinic_code: message.clinic_code,
    direction: message.direction,
    direction_type: message.direction_type,
    channel: message.channel,
  };
  pack.abouts = [...abouts, about];
  return about;
}

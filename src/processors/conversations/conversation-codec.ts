import type { Base, Change } from '../history.ts';
import { encodeKnown } from '../known-ids.ts';
import type {
  ConversationAttributes,
  ConversationState,
  ForgottenTag,
  Rating,
  TextTag,
  Waiting,
} from './conversation-state.ts';
import { emptyConversation } from './conversation-state.ts';
import { restoreMessages, type StoredMessages, storeMessages } from './messages-codec.ts';
import { packedText } from './messages-pack.ts';
import { Names } from './names.ts';

/**
 * The stored form of a conversation. Times are distances from `start`, customers and clinics places in `names`. What
 * most conversations lack stands in `rest`.
 */
type StoredConversation = readonly [
  names: readonly string[],
  /** Time of the first message; 0 without one. */
  start: number,
  first: readonly [id: string, customer: number, clinic: number] | 0,
  counted: readonly [customer: number, startedAt: number] | 0,
  /** Three items for each customer named: customer, clinic, when. */
  named: readonly number[],
  messages: StoredMessages | 0,
  rest?: StoredRest,
];

interface StoredRest {
  readonly h?: readonly Change<ConversationAttributes>[];
  readonly b?: Base<ConversationAttributes>;
  readonly r?: Rating;
  readonly t?: readonly (readonly [tag: string, TextTag])[];
  readonly o?: readonly (readonly [tag: string, ForgottenTag])[];
  readonly w?: Waiting;
}

/** Ends the JSON and the known ids; the packed text of the kept messages follows. Neither has a line break of its own. */
const END = '\n';

export function encodeConversation(state: ConversationState): string {
  const { messages, first, counted, named } = state;
  const names = new Names();
  const start = first === null ? 0 : first.time;
  const places: number[] = [];
  for (const { customerId, clinicCode, at } of named) {
    places.push(names.place(customerId), names.place(clinicCode), at - start);
  }
  const stored: StoredConversation = [
    names.list,
    start,
    first === null ? 0 : [first.id, names.place(first.customerId), names.place(first.clinicCode)],
    counted === null ? 0 : [names.place(counted.customerId), counted.startedAt - start],
    places,
    messages === null ? 0 : storeMessages(messages, names, start),
  ];
  const rest = restOf(state);
  const json = JSON.stringify(rest === undefined ? stored : [...stored, rest]);
  return messages === null
    ? json + END + END
    : json + END + encodeKnown(messages.known) + END + packedText(messages.pack);
}

export function decodeConversation(text: string): ConversationState {
  const end = text.indexOf(END);
  const endOfKnown = text.indexOf(END, end + 1);
  if (end < 0 || endOfKnown < 0) throw new Error('a conversation without its two line breaks');
  const [list, start, first, counted, named, messages, rest] = JSON.parse(text.slice(0, end)) as StoredConversation;
  const names = new Names([...list]);
  const state = emptyConversation();
  if (messages !== 0) {
    const known = text.slice(end + 1, endOfKnown);
    state.messages = restoreMessages(messages, names, start, known, text.slice(endOfKnown + 1));
  }
  if (first !== 0) {
    state.first = { time: start, id: first[0], customerId: names.at(first[1]), clinicCode: names.at(first[2]) };
  }
  if (counted !== 0) state.counted = { customerId: names.at(counted[0]), startedAt: start + counted[1] };
  state.named = Array.from({ length: named.length / 3 }, (_, place) => ({
    customerId: names.at(named[3 * place]!),
    clinicCode: names.at(named[3 * place + 1]!),
    at: start + named[3 * place + 2]!,
    isTold: true,
  }));
  if (rest !== undefined) restoreRest(state, rest);
  state.written = null;
  return state;
}

function restOf({ history, rating, textTags, forgottenTags, leftWaiting }: ConversationState): StoredRest | undefined {
  const hasHistory = history.changes.length > 0 || history.base !== null;
  const hasTags = textTags !== null || forgottenTags !== null;
  if (!hasHistory && rating === null && !hasTags && leftWaiting === null) return undefined;
  return {
    ...(history.changes.length > 0 ? { h: history.changes } : {}),
    ...(history.base !== null ? { b: history.base } : {}),
    ...(rating !== null ? { r: rating } : {}),
    ...(textTags !== null ? { t: [...textTags] } : {}),
    ...(forgottenTags !== null ? { o: [...forgottenTags] } : {}),
    ...(leftWaiting !== null ? { w: leftWaiting } : {}),
  };
}

function restoreRest(state: ConversationState, { h, b, r, t, o, w }: StoredRest): void {
  if (h !== undefined) state.history.changes.push(...h);
  state.history.base = b ?? null;
  state.rating = r ?? null;
  state.leftWaiting = w ?? null;
  if (t !== undefined) state.textTags = new Map(t);
  if (o !== undefined) state.forgottenTags = new Map(o);
}

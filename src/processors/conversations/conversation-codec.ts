import type { Change } from '../history.ts';
import type {
  ConversationAttributes,
  ConversationState,
  CountedConversation,
  FirstMessage,
} from './conversation-state.ts';
import { emptyConversation, rowsOf } from './conversation-state.ts';
import { restoreMessages, type StoredMessages, storeMessages } from './messages-codec.ts';

/** The stored form of a conversation; parts without content are left out. */
interface StoredConversation {
  readonly m?: StoredMessages;
  readonly f?: FirstMessage;
  readonly h?: readonly Change<ConversationAttributes>[];
  /** Versions dropped from the front of the history. */
  readonly d?: number;
  readonly r?: { readonly rating: number; readonly ratedAt: number };
  readonly t?: readonly (readonly [tag: string, time: number])[];
  readonly c?: CountedConversation;
  /** Customers named. */
  readonly n?: readonly (readonly [customerId: string, at: number, clinicCode: string])[];
}

/** Ends the JSON; what follows is the packed text of the kept messages. JSON text has no line break of its own. */
const END = '\n';

export function encodeConversation(state: ConversationState): string {
  const { messages, first, history, rating, textTags, counted, named } = state;
  const stored: Record<string, unknown> = {};
  if (messages !== null) stored.m = storeMessages(messages);
  if (first !== null) stored.f = first;
  if (history.changes.length > 0) stored.h = history.changes;
  if (history.dropped > 0) stored.d = history.dropped;
  if (rating !== null) stored.r = rating;
  if (textTags.size > 0) stored.t = [...textTags];
  if (counted !== null) stored.c = counted;
  if (named.size > 0) stored.n = [...named].map(([id, { at, clinicCode }]) => [id, at, clinicCode]);
  return JSON.stringify(stored satisfies StoredConversation) + END + (messages?.pack.text ?? '');
}

export function decodeConversation(text: string, id: string): ConversationState {
  const end = text.indexOf(END);
  const stored = JSON.parse(text.slice(0, end)) as StoredConversation;
  const state = emptyConversation();
  if (stored.m) state.messages = restoreMessages(stored.m, text.slice(end + 1));
  state.first = stored.f ?? null;
  state.history.changes.push(...(stored.h ?? []));
  state.history.dropped = stored.d ?? 0;
  state.rating = stored.r ?? null;
  for (const [tag, time] of stored.t ?? []) state.textTags.set(tag, time);
  state.counted = stored.c ?? null;
  for (const [customerId, at, clinicCode] of stored.n ?? []) {
    state.named.set(customerId, { at, clinicCode, isTold: true });
  }
  state.written = rowsOf(id, state);
  return state;
}

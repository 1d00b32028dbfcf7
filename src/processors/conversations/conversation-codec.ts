import type { Change } from '../history.ts';
import type {
  ConversationAttributes,
  ConversationState,
  CountedConversation,
  FirstMessage,
} from './conversation-state.ts';
import { emptyConversation, rowsOf } from './conversation-state.ts';
import type { MessageRules } from './messages.ts';
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
}

export function encodeConversation(state: ConversationState): string {
  const stored: StoredConversation = {
    ...(state.messages ? { m: storeMessages(state.messages) } : {}),
    ...(state.first ? { f: state.first } : {}),
    ...(state.history.changes.length > 0 ? { h: state.history.changes } : {}),
    ...(state.history.dropped > 0 ? { d: state.history.dropped } : {}),
    ...(state.rating ? { r: state.rating } : {}),
    ...(state.textTags.size > 0 ? { t: [...state.textTags] } : {}),
    ...(state.counted ? { c: state.counted } : {}),
  };
  return JSON.stringify(stored);
}

export function decodeConversation(text: string, id: string, rules: MessageRules): ConversationState {
  const stored = JSON.parse(text) as StoredConversation;
  const state = emptyConversation();
  if (stored.m) state.messages = restoreMessages(id, stored.m, rules);
  state.first = stored.f ?? null;
  state.history.changes.push(...(stored.h ?? []));
  state.history.dropped = stored.d ?? 0;
  state.rating = stored.r ?? null;
  for (const [tag, time] of stored.t ?? []) state.textTags.set(tag, time);
  state.counted = stored.c ?? null;
  state.written = rowsOf(id, state);
  return state;
}

import type { Base, Change } from '../history.ts';
import type {
  ConversationAttributes,
  ConversationState,
  CountedConversation,
  FirstMessage,
  ForgottenTag,
  NamedCustomer,
  Rating,
  TextTag,
} from './conversation-state.ts';
import { emptyConversation } from './conversation-state.ts';
import { restoreMessages, type StoredMessages, storeMessages } from './messages-codec.ts';

/** The stored form of a conversation; parts without content are left out. */
interface StoredConversation {
  readonly m?: StoredMessages | undefined;
  readonly f?: FirstMessage | undefined;
  readonly h?: readonly Change<ConversationAttributes>[] | undefined;
  readonly b?: Base<ConversationAttributes> | undefined;
  readonly r?: Rating | undefined;
  readonly t?: readonly (readonly [tag: string, TextTag])[] | undefined;
  readonly o?: readonly (readonly [tag: string, ForgottenTag])[] | undefined;
  readonly c?: CountedConversation | undefined;
  readonly n: readonly StoredNaming[];
}

type StoredNaming = readonly [customerId: string, at: number, clinicCode: string];

/** Ends the JSON and the known ids; the packed text of the kept messages follows. Neither has a line break of its own. */
const END = '\n';

export function encodeConversation(state: ConversationState): string {
  const { messages, first, history, rating, textTags, forgottenTags, counted, named } = state;
  const stored: StoredConversation = {
    m: messages === null ? undefined : storeMessages(messages),
    f: first ?? undefined,
    h: history.changes.length === 0 ? undefined : history.changes,
    b: history.base ?? undefined,
    r: rating ?? undefined,
    t: textTags === null ? undefined : [...textTags],
    o: forgottenTags === null ? undefined : [...forgottenTags],
    c: counted ?? undefined,
    n: named.map(storeNaming),
  };
  const json = JSON.stringify(stored);
  return messages === null ? json + END + END : json + END + messages.known + END + messages.pack.text;
}

export function decodeConversation(text: string): ConversationState {
  const end = text.indexOf(END);
  const endOfKnown = text.indexOf(END, end + 1);
  if (end < 0 || endOfKnown < 0) throw new Error('a conversation without its two line breaks');
  const stored = JSON.parse(text.slice(0, end)) as StoredConversation;
  const state = emptyConversation();
  if (stored.m) {
    state.messages = restoreMessages(stored.m, text.slice(end + 1, endOfKnown), text.slice(endOfKnown + 1));
  }
  state.first = stored.f ?? null;
  if (stored.h) state.history.changes.push(...stored.h);
  state.history.base = stored.b ?? null;
  state.rating = stored.r ?? null;
  if (stored.t) state.textTags = new Map(stored.t);
  if (stored.o) state.forgottenTags = new Map(stored.o);
  state.counted = stored.c ?? null;
  for (const naming of stored.n) state.named.push(restoreNaming(naming));
  state.written = null;
  return state;
}

function storeNaming({ customerId, at, clinicCode }: NamedCustomer): StoredNaming {
  return [customerId, at, clinicCode];
}

function restoreNaming([customerId, at, clinicCode]: StoredNaming): NamedCustomer {
  return { customerId, at, clinicCode, isTold: true };
}

import { isSameList } from '../difference.ts';
import { attributesAt, emptyHistory, FAR_FUTURE, forget, type History } from '../history.ts';
import type { Messages } from './messages.ts';
import { noRows, type WrittenRows } from './written-rows.ts';

/** Everything kept under a conversation_id. */
export interface ConversationState {
  messages: Messages | null;
  /** Whose turn it was when its messages were forgotten; null when nobody waited, or they are not forgotten. */
  leftWaiting: Waiting | null;
  /** Its first message by time, whether or not that is still kept. */
  first: FirstMessage | null;
  readonly history: History<ConversationAttributes>;
  rating: Rating | null;
  /** Tags found in the text of messages. Null for none. */
  textTags: Map<string, TextTag> | null;
  /** Tags of the versions that the history has forgotten. Null for none. */
  forgottenTags: Map<string, ForgottenTag> | null;
  /** The customers that its events name: one of them counts it, but each needs a row for the facts to join. */
  named: readonly NamedCustomer[];
  /** What the customer that it counts for was last told. */
  counted: CountedConversation | null;
  /** The rows as written; null while nobody asked since the state was read. See `touch`. */
  written: WrittenRows | null;
  /** Whether anything but the kept messages changed since the rows were written. */
  isChanged: boolean;
  /** Whether messages came since the rows were written. */
  hasNewMessages: boolean;
}

/** Since when a customer waits for an answer. */
export interface Waiting {
  readonly since: number;
  readonly messages: number;
  readonly channel: string;
}

export interface FirstMessage {
  readonly time: number;
  readonly id: string;
  readonly customerId: string;
  readonly clinicCode: string;
}

export interface ConversationAttributes {
  readonly customer_id: string;
  readonly clinic_code: string;
  readonly status: string;
  readonly tags: readonly string[];
  readonly is_urgent: boolean;
  readonly is_sensitive: boolean;
}

export interface Owner {
  readonly customerId: string;
  readonly clinicCode: string;
}

export interface Rating {
  readonly rating: number;
  readonly ratedAt: number;
  /** Whose it was, once the history has forgotten it; null while it tells. */
  owner: Owner | null;
}

export interface TextTag {
  /** Of the first message whose text has it. */
  readonly time: number;
  /** As of a rating. */
  owner: Owner | null;
}

/** A tag as the first version that had it says. */
export interface ForgottenTag extends Owner {
  readonly at: number;
  readonly isUrgent: boolean;
  readonly isSensitive: boolean;
}

/** The earliest event that names a customer; of several at that instant, the clinic that sorts first. */
export interface NamedCustomer extends Owner {
  readonly at: number;
  /** Whether the stage `customer` has heard of it. */
  isTold: boolean;
}

export interface CountedConversation {
  readonly customerId: string;
  readonly startedAt: number;
}

const noNames: readonly NamedCustomer[] = [];

export function emptyConversation(): ConversationState {
  return {
    messages: null,
    leftWaiting: null,
    first: null,
    history: emptyHistory(),
    rating: null,
    textTags: null,
    forgottenTags: null,
    named: noNames,
    counted: null,
    written: noRows,
    isChanged: false,
    hasNewMessages: false,
  };
}

export function isSameAttributes(left: ConversationAttributes, right: ConversationAttributes): boolean {
  return (
    left.status === right.status &&
    left.customer_id === right.customer_id &&
    left.clinic_code === right.clinic_code &&
    left.is_urgent === right.is_urgent &&
    left.is_sensitive === right.is_sensitive &&
    isSameList(left.tags, right.tags)
  );
}

/**
 * Forgets the oldest changes past the bound. What their version said of whose the ratings and tags before it were is
 * taken down first, so that their rows stay.
 */
export function forgetChanges(state: ConversationState, changesMax: number): void {
  forget(state.history, changesMax, isSameAttributes, state.first?.time ?? null, (attributes, before) => {
    const owner = { customerId: attributes.customer_id, clinicCode: attributes.clinic_code };
    if (state.rating !== null && state.rating.ratedAt < before) state.rating.owner ??= owner;
    for (const tag of state.textTags?.values() ?? []) if (tag.time < before) tag.owner ??= owner;
  });
}

/** Customer and clinic at a time: by the history, else by the first message, else empty. */
export function ownerAt({ history, first }: ConversationState, time: number): Owner {
  const attributes = attributesAt(history, time);
  if (attributes !== null) return { customerId: attributes.customer_id, clinicCode: attributes.clinic_code };
  return first ?? { customerId: '', clinicCode: '' };
}

/** The customer that the conversation counts for, and since when; null while neither is known. */
export function countedOf(state: ConversationState): CountedConversation | null {
  const { customerId } = ownerAt(state, FAR_FUTURE);
  if (customerId === '') return null;
  // Every event names a customer, so the earliest naming is the start, also of what the history has forgotten.
  let startedAt = Number.POSITIVE_INFINITY;
  for (const { at } of state.named) if (at < startedAt) startedAt = at;
  return { customerId, startedAt };
}

/** Whether an event tells an earlier naming of its customer than is known. */
export function isNewNaming(named: readonly NamedCustomer[], { customerId, clinicCode }: Owner, at: number): boolean {
  for (let index = 0; index < named.length; index++) {
    const known = named[index]!;
    if (known.customerId === customerId) return at < known.at || (at === known.at && clinicCode < known.clinicCode);
  }
  return true;
}

/** Takes the naming down. Lists are made anew, and so are as long as they need to be: most have one name. */
export function nameCustomer(state: ConversationState, { customerId, clinicCode }: Owner, at: number): void {
  const naming = { customerId, clinicCode, at, isTold: false };
  const index = state.named.findIndex((known) => known.customerId === customerId);
  state.named = index < 0 ? [...state.named, naming] : state.named.with(index, naming);
}

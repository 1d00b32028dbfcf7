import { isSameList } from '../difference.ts';
import type { History, Version } from '../history.ts';
import { attributesAt, emptyHistory, FAR_FUTURE, versionsOf } from '../history.ts';
import type { Messages } from './messages.ts';
import type { ConversationRow, ConversationTagRow, RatingRow } from './tables.ts';

/** Everything kept under a conversation_id. */
export interface ConversationState {
  messages: Messages | null;
  /** Its first message by time, whether or not that is still kept. */
  first: FirstMessage | null;
  readonly history: History<ConversationAttributes>;
  rating: { readonly rating: number; readonly ratedAt: number } | null;
  /** Tags found in the text of messages, with the time of the first such message. */
  readonly textTags: Map<string, number>;
  /** The customers that its events name: one of them counts it, but each needs a row for the facts to join. */
  readonly named: Map<string, NamedCustomer>;
  /** What the customer that it counts for was last told. */
  counted: CountedConversation | null;
  /** The rows as written; computed again when a state is read. */
  written: WrittenRows;
  /** Whether anything but the kept messages changed since the rows were written. */
  isChanged: boolean;
  /** Whether messages changed since the rows were written. */
  hasNewMessages: boolean;
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

/** The earliest event that names a customer; of several at that instant, the clinic that sorts first. */
export interface NamedCustomer {
  readonly at: number;
  readonly clinicCode: string;
  /** Whether the stage `customer` has heard of it. */
  isTold: boolean;
}

export interface CountedConversation {
  readonly customerId: string;
  readonly startedAt: number;
}

export interface WrittenRows {
  readonly versions: readonly ConversationRow[];
  readonly tags: readonly ConversationTagRow[];
  readonly rating: RatingRow | null;
}

export const noRows: WrittenRows = { versions: [], tags: [], rating: null };

export function emptyConversation(): ConversationState {
  return {
    messages: null,
    first: null,
    history: emptyHistory(),
    rating: null,
    textTags: new Map(),
    named: new Map(),
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

/** The rows that are true of a state, beside those of its messages and sessions. */
export function rowsOf(id: string, state: ConversationState): WrittenRows {
  const versions = versionsOf(state.history, isSameAttributes, state.first?.time ?? null);
  return {
    versions: versionRows(id, state, versions),
    tags: tagRows(id, state, versions),
    rating: ratingRow(id, state),
  };
}

function versionRows(
  id: string,
  state: ConversationState,
  versions: readonly Version<ConversationAttributes>[],
): ConversationRow[] {
  const { first, history } = state;
  if (versions.length === 0 && history.dropped === 0 && first !== null) {
    return [
      {
        conversation_id: id,
        customer_id: first.customerId,
        clinic_code: first.clinicCode,
        status: '',
        tags: [],
        is_urgent: false,
        is_sensitive: false,
        valid_from: first.time,
        valid_to: FAR_FUTURE,
        is_current: true,
        version: 1,
        is_inferred: true,
      },
    ];
  }
  return versions.map((version) => ({
    conversation_id: id,
    ...version.attributes,
    valid_from: version.validFrom,
    valid_to: version.validTo,
    is_current: version.isCurrent,
    version: version.number,
    is_inferred: false,
  }));
}

/** One row a tag: from the first version that has it, or the first message whose text has it, whichever is earlier. */
function tagRows(
  id: string,
  state: ConversationState,
  versions: readonly Version<ConversationAttributes>[],
): ConversationTagRow[] {
  const rows = new Map<string, ConversationTagRow>();
  for (const { attributes, validFrom } of versions) {
    for (const tag of attributes.tags) {
      if (rows.has(tag)) continue;
      rows.set(tag, {
        conversation_id: id,
        customer_id: attributes.customer_id,
        clinic_code: attributes.clinic_code,
        tag,
        tagged_at: validFrom,
        is_urgent: attributes.is_urgent,
        is_sensitive: attributes.is_sensitive,
      });
    }
  }
  for (const [tag, time] of state.textTags) {
    const row = rows.get(tag);
    if (row !== undefined && row.tagged_at <= time) continue;
    const owner = ownerAt(state, time);
    rows.set(tag, {
      conversation_id: id,
      customer_id: owner.customerId,
      clinic_code: owner.clinicCode,
      tag,
      tagged_at: time,
      is_urgent: row?.is_urgent ?? tag.toLowerCase().includes('urgent'),
      is_sensitive: row?.is_sensitive ?? tag.toLowerCase().includes('sensitive'),
    });
  }
  return [...rows.values()].sort((left, right) => (left.tag < right.tag ? -1 : left.tag > right.tag ? 1 : 0));
}

function ratingRow(id: string, state: ConversationState): RatingRow | null {
  if (state.rating === null) return null;
  const owner = ownerAt(state, state.rating.ratedAt);
  return {
    conversation_id: id,
    customer_id: owner.customerId,
    clinic_code: owner.clinicCode,
    rating: state.rating.rating,
    rated_at: state.rating.ratedAt,
  };
}

/** Customer and clinic at a time: by the history, else by the first message, else empty. */
export function ownerAt(state: ConversationState, time: number): { customerId: string; clinicCode: string } {
  const attributes = attributesAt(state.history, time);
  if (attributes !== null) return { customerId: attributes.customer_id, clinicCode: attributes.clinic_code };
  if (state.first !== null) return { customerId: state.first.customerId, clinicCode: state.first.clinicCode };
  return { customerId: '', clinicCode: '' };
}

/** The customer that the conversation counts for, and since when; null while neither is known. */
export function countedOf(state: ConversationState): CountedConversation | null {
  const { history, first } = state;
  const firstChange = history.changes[0]?.at ?? Number.POSITIVE_INFINITY;
  const startedAt = Math.min(
    firstChange,
    first?.time ?? Number.POSITIVE_INFINITY,
    state.counted?.startedAt ?? Number.POSITIVE_INFINITY,
  );
  const { customerId } = ownerAt(state, FAR_FUTURE);
  return customerId === '' ? null : { customerId, startedAt };
}

/** Takes down that an event names a customer; true when it is the earliest one that does. */
export function nameCustomer(state: ConversationState, customerId: string, clinicCode: string, at: number): boolean {
  const known = state.named.get(customerId);
  if (known !== undefined && (known.at < at || (known.at === at && known.clinicCode <= clinicCode))) return false;
  state.named.set(customerId, { at, clinicCode, isTold: false });
  return true;
}

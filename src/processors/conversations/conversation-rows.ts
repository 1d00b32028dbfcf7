import { datesOf, inferredDates, isBlank, type Version, versionsOf } from '../history.ts';
import type { ConversationAttributes, ConversationState, ForgottenTag, TextTag } from './conversation-state.ts';
import { isSameAttributes, ownerAt } from './conversation-state.ts';
import type { ConversationRow, ConversationTagRow, RatingRow } from './tables.ts';
import type { WrittenRows } from './written-rows.ts';

const noTags: ReadonlyMap<string, ForgottenTag> = new Map();
const noTextTags: ReadonlyMap<string, TextTag> = new Map();

/** To be called before anything but the messages changes: what was written is a function of the state as it was then. */
export function touch(id: string, state: ConversationState): void {
  state.written ??= rowsOf(id, state);
  state.isChanged = true;
}

/** Versions that the history let go of: their rows, which were just written, stay as they are; their tags are kept. */
export function forgetWritten(state: ConversationState): void {
  const { closed } = state.history;
  if (closed.length === 0) return;
  for (const { attributes, validFrom } of closed) {
    for (const tag of attributes.tags) {
      state.forgottenTags ??= new Map();
      if (state.forgottenTags.has(tag)) continue;
      state.forgottenTags.set(tag, {
        customerId: attributes.customer_id,
        clinicCode: attributes.clinic_code,
        at: validFrom,
        isUrgent: attributes.is_urgent,
        isSensitive: attributes.is_sensitive,
      });
    }
  }
  state.history.closed = [];
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
  const { first } = state;
  if (first !== null && isBlank(state.history)) {
    return [
      {
        conversation_id: id,
        customer_id: first.customerId,
        clinic_code: first.clinicCode,
        status: '',
        tags: [],
        is_urgent: false,
        is_sensitive: false,
        ...inferredDates(first.time),
      },
    ];
  }
  return versions.map((version) => ({
    conversation_id: id,
    ...version.attributes,
    ...datesOf(version),
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
  for (const [tag, { customerId, clinicCode, at, isUrgent, isSensitive }] of state.forgottenTags ?? noTags) {
    rows.set(tag, {
      conversation_id: id,
      customer_id: customerId,
      clinic_code: clinicCode,
      tag,
      tagged_at: at,
      is_urgent: isUrgent,
      is_sensitive: isSensitive,
    });
  }
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
  for (const [tag, { time, owner: known }] of state.textTags ?? noTextTags) {
    const row = rows.get(tag);
    if (row !== undefined && row.tagged_at <= time) continue;
    const owner = known ?? ownerAt(state, time);
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
  const owner = state.rating.owner ?? ownerAt(state, state.rating.ratedAt);
  return {
    conversation_id: id,
    customer_id: owner.customerId,
    clinic_code: owner.clinicCode,
    rating: state.rating.rating,
    rated_at: state.rating.ratedAt,
  };
}

import type { ConversationRow, ConversationTagRow, RatingRow } from './tables.ts';

/** The rows of a conversation beside those of its messages and sessions. */
export interface WrittenRows {
  readonly versions: readonly ConversationRow[];
  readonly tags: readonly ConversationTagRow[];
  readonly rating: RatingRow | null;
}

export const noRows: WrittenRows = { versions: [], tags: [], rating: null };

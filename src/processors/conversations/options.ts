/** What can be set for the domain. Changing one changes results from then on, not those already written. */
export interface ConversationsOptions {
  /** A longer silence starts a new session. */
  readonly sessionGapMinutes: number;
  /** How much older than its conversation's newest message a message may be and still be placed. */
  readonly allowedLatenessHours: number;
  /** Recent messages kept for each conversation, at most. */
  readonly keptMessagesMax: number;
  /** Changes kept for each conversation, customer and clinic, at most. */
  readonly keptChangesMax: number;
  /** Whether the text of messages goes to the warehouse. */
  readonly storeText: boolean;
  /** Tag to the words that give it to a message; whole words, whatever their case. */
  readonly textTags: Readonly<Record<string, readonly string[]>>;
}

export const defaultOptions: ConversationsOptions = {
  sessionGapMinutes: 30,
  allowedLatenessHours: 24,
  keptMessagesMax: 1000,
  keptChangesMax: 1000,
  storeText: false,
  textTags: {
    urgent: ['urgent', 'urgently', 'emergency', 'asap', 'immediately'],
    sensitive: ['complaint', 'lawyer', 'solicitor', 'legal action'],
  },
};

/** Finds the tags of a text: sorted, without repeats. */
export function createTagger(textTags: ConversationsOptions['textTags']): (text: string) => readonly string[] {
  const rules = Object.entries(textTags)
    .filter(([, words]) => words.length > 0)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([tag, words]) => ({
      tag,
      pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map(escapePattern).join('|')})(?![\\p{L}\\p{N}])`, 'iu'),
    }));
  return (text) => rules.filter(({ pattern }) => pattern.test(text)).map(({ tag }) => tag);
}

function escapePattern(word: string): string {
  return word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replaceAll(/\s+/g, '\\s+');
}

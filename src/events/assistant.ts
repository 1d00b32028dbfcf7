import { z } from 'zod';
import { identifier, instant, label } from './fields.ts';

/**
 * Events of the domain `assistant`, as CONTRACT states them. Unknown fields are dropped, not refused; null is the same as
 * leaving a field out, because transcripts and the tables that they come from are full of it.
 */

export const entryTypes = [
  'user',
  'assistant',
  'tool_use',
  'tool_result',
  'system',
  'summary',
  'file-history-snapshot',
  'queue-operation',
  'progress',
  'unknown',
] as const;

export type EntryType = (typeof entryTypes)[number];

export const entry = z
  .object({
    conversation_id: identifier.describe('Id of the entry, unique in its session; a repeated one counts once.'),
    entry_type: z
      .string()
      .max(128)
      .nullish()
      .describe(`${entryTypes.slice(0, -1).join(', ')}. Any other, and none, counts as unknown.`),
    session_id: identifier.describe('The key: entries of one session stay in order within a partition.'),
    project_id: identifier,
    timestamp: instant.describe('When it happened.'),
    content: z
      .string()
      .nullish()
      .describe('The text. Read for its length, code, links, questions and task; not stored unless configured.'),
    tool_name: label.nullish().describe('Tool that is called. A result need not name it.'),
    tool_use_id: identifier.nullish().describe('Pairs a result with its call.'),
    tool_input: z
      .union([z.string(), z.record(z.string(), z.unknown())])
      .nullish()
      .describe(
        'What the tool is called with: an object, or its JSON as text. Read for its length and its file; not stored.',
      ),
    is_error: z.boolean().nullish().describe('Of a result: whether the call failed. Without it: no.'),
    source_file: z.string().max(4096).nullish().describe('File that the entry was read from.'),
  })
  .describe(
    'An entry of a transcript of an AI assistant: a message, a tool call, its result, or something beside them.',
  );

export type Entry = z.infer<typeof entry>;

const known: ReadonlySet<string> = new Set(entryTypes);

/** Types that are not known, and none, are `unknown`. */
export function entryTypeOf(written: string | null | undefined): EntryType {
  return written !== null && written !== undefined && known.has(written) ? (written as EntryType) : 'unknown';
}

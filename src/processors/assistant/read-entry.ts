import { type Entry, entryTypeOf } from '../../events/assistant.ts';
import { marksOf } from './content.ts';
import { type About, FAILED, isToolEntry, type KeptEntry, newEntry, roleOf, sharedAbout } from './entry.ts';
import type { Categorise } from './task-category.ts';
import { readToolInput, type ToolInput } from './tool-input.ts';

/** An entry as Parley takes it: all that is derived from its text alone, and no more of the text than is stored. */
export interface ReadEntry {
  readonly entry: KeptEntry;
  /** Of a call; empty for any other entry. */
  readonly filePath: string;
}

export interface ReadRules {
  readonly categoryOf: Categorise;
  readonly storeText: boolean;
}

const noInput: ToolInput = { length: 0, filePath: '', fingerprint: 0 };

/** `abouts`: those that are known, for the entry to share one. */
export function readEntry(
  event: Entry,
  time: number,
  abouts: readonly About[],
  { categoryOf, storeText }: ReadRules,
): ReadEntry {
  const type = entryTypeOf(event.entry_type);
  const content = event.content ?? null;
  const isMessage = roleOf(type) !== undefined;
  const isTool = isToolEntry(type);
  const toolName = isTool ? (event.tool_name ?? '') : '';
  const input = type === 'tool_use' ? readToolInput(toolName, event.tool_input) : noInput;
  const about = sharedAbout(abouts, {
    projectId: event.project_id,
    type,
    sourceFile: event.source_file ?? '',
    toolName,
    taskCategory: isMessage ? categoryOf(content ?? '') : '',
  });
  const hasFailed = type === 'tool_result' && event.is_error === true;
  const entry = newEntry({
    id: event.conversation_id,
    time,
    about,
    contentLength: content === null ? input.length : content.length,
    marks: (isMessage && content !== null ? marksOf(content) : 0) + (hasFailed ? FAILED : 0),
    toolUseId: isTool ? (event.tool_use_id ?? '') : '',
    fingerprint: input.fingerprint,
    content: storeText ? content : null,
  });
  return { entry, filePath: input.filePath };
}

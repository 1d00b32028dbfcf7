import type { Context } from '../../runtime/domain.ts';
import { extensionOf, fileTypeOf } from './file-types.ts';
import { landingToolCalls, type ToolCallRow } from './tables.ts';

/**
 * Calls that wait for their result and results that wait for their call, by tool_use_id. A pair is complete when both
 * have come, in whatever order, and is then forgotten: its row stays.
 *
 * Pairing looks at the order of arrival alone. One call and one result of an id wait at a time: a second one of the same
 * kind has a row of its own, as those without an id have. Of more than `openCallsMax` waiting ones the oldest to arrive
 * stops waiting.
 */
export interface ToolCalls {
  readonly calls: Map<string, OpenEntry>;
  readonly results: Map<string, OpenEntry>;
}

/** A call or a result, as its row needs it. */
export interface OpenEntry {
  readonly id: string;
  readonly time: number;
  readonly projectId: string;
  /** Empty when the entry does not name it. */
  readonly toolName: string;
  readonly length: number;
  readonly sourceFile: string;
  /** Of a call. */
  readonly filePath: string;
  /** Of a result. */
  readonly isError: boolean;
  /** Whether its row without a partner is in the warehouse. */
  isWritten: boolean;
}

export function noToolCalls(): ToolCalls {
  return { calls: new Map(), results: new Map() };
}

/** Takes a call or a result that came. */
export function takeToolEntry(
  { calls, results }: ToolCalls,
  sessionId: string,
  toolUseId: string,
  isCall: boolean,
  entry: OpenEntry,
  openCallsMax: number,
  context: Context,
): void {
  const [own, others] = isCall ? [calls, results] : [results, calls];
  const partner = toolUseId === '' ? undefined : others.get(toolUseId);
  if (partner !== undefined) {
    others.delete(toolUseId);
    const [call, result] = isCall ? [entry, partner] : [partner, entry];
    if (partner.isWritten) emit(-1, sessionId, toolUseId, isCall ? null : partner, isCall ? partner : null, context);
    emit(1, sessionId, toolUseId, call, result, context);
    return;
  }
  if (toolUseId === '' || own.has(toolUseId)) {
    if (toolUseId !== '') context.count('repeated_tool_use');
    emit(1, sessionId, toolUseId, isCall ? entry : null, isCall ? null : entry, context);
    return;
  }
  own.set(toolUseId, entry);
  if (own.size <= openCallsMax) return;
  const [oldestId, oldest] = own.entries().next().value!;
  own.delete(oldestId);
  context.count('given_up_tool_use');
  if (!oldest.isWritten) emit(1, sessionId, oldestId, isCall ? oldest : null, isCall ? null : oldest, context);
}

/** Writes what still waits and has no row: most calls have their result by then, and are written once. */
export function settleToolCalls({ calls, results }: ToolCalls, sessionId: string, context: Context): void {
  writeOpen(calls, (toolUseId, call) => emit(1, sessionId, toolUseId, call, null, context));
  writeOpen(results, (toolUseId, result) => emit(1, sessionId, toolUseId, null, result, context));
}

function writeOpen(open: ReadonlyMap<string, OpenEntry>, write: (toolUseId: string, entry: OpenEntry) => void): void {
  for (const [toolUseId, entry] of open) {
    if (entry.isWritten) continue;
    write(toolUseId, entry);
    entry.isWritten = true;
  }
}

function emit(
  sign: 1 | -1,
  sessionId: string,
  toolUseId: string,
  call: OpenEntry | null,
  result: OpenEntry | null,
  context: Context,
): void {
  context.emit(landingToolCalls, sign, toolCallRow(sessionId, toolUseId, call, result));
}

/** Of a call, a result, or both: one at least. */
export function toolCallRow(
  sessionId: string,
  toolUseId: string,
  call: OpenEntry | null,
  result: OpenEntry | null,
): ToolCallRow {
  const first = (call ?? result)!;
  const filePath = call?.filePath ?? '';
  return {
    tool_call_id: first.id,
    session_id: sessionId,
    project_id: first.projectId,
    tool_use_id: toolUseId,
    tool_name: call?.toolName || result?.toolName || 'unknown',
    call_conversation_id: call?.id ?? '',
    result_conversation_id: result?.id ?? '',
    occurred_at: first.time,
    called_at: call?.time ?? null,
    returned_at: result?.time ?? null,
    duration_ms: call && result && result.time >= call.time ? result.time - call.time : null,
    is_success: result === null ? null : result.isError ? 0 : 1,
    input_length: call?.length ?? 0,
    result_length: result?.length ?? 0,
    file_path: filePath,
    file_extension: extensionOf(filePath),
    file_type_category: fileTypeOf(filePath),
    source_file: first.sourceFile,
  };
}

import type { Entry } from '../../events/assistant.ts';
import { shortId } from '../known-ids.ts';

/** What a call is made with, as far as Parley looks into it. */
export interface ToolInput {
  /** Characters of it as JSON; 0 without one. */
  readonly length: number;
  /** The file that it names; empty without one. */
  readonly filePath: string;
  /** The same for two calls of the same tool with the same JSON, and else hardly ever. Never 0. */
  readonly fingerprint: number;
}

const pathFields = ['file_path', 'notebook_path', 'path'] as const;
/** A longer one is no path. */
const pathMax = 4096;

export function readToolInput(toolName: string, input: Entry['tool_input']): ToolInput {
  const text = typeof input === 'string' ? input : input ? JSON.stringify(input) : '';
  const fingerprint = shortId(`${toolName}\u0000${text}`) || 1;
  return { length: text.length, filePath: filePathOf(input), fingerprint };
}

function filePathOf(input: Entry['tool_input']): string {
  const object = typeof input === 'string' ? parsed(input) : input;
  if (!object) return '';
  for (const field of pathFields) {
    const path = object[field];
    if (typeof path === 'string' && path !== '' && path.length <= pathMax) return path;
  }
  return '';
}

/** Text that is no JSON object names no file. */
function parsed(text: string): Record<string, unknown> | null {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

import { createHash } from 'node:crypto';
import { basename, dirname, sep } from 'node:path';
import { type Entry, entryTypeOf } from '../events/assistant.ts';
import { parseTimestamp } from '../events/time.ts';
import type { Format, FormatLine } from '../runtime/domain.ts';
import { blocksOf, type Fields, fieldsOf, idOf, textOf, toolNameOf } from './transcript-line.ts';

/**
 * Transcripts as Claude Code leaves them: `<projects>/<project>/<session>.jsonl`, one JSON object a line. What becomes of
 * each kind of line is in docs/import.md. `keepsBytes`: whether refused lines may be kept; they are text.
 */
export function claudeCode(options: { readonly keepsBytes: boolean }): Format {
  return {
    name: 'claude-code',
    topic: 'assistant.entries',
    endings: ['.jsonl', '.jsonl.gz'],
    keepsBytes: options.keepsBytes,
    read: readLine,
  };
}

/** No message has so many. All of a line is in one batch, whose rows have a bound. */
const blocksMax = 1_000;

/** Reasons for which a line gives no entry. */
export type Skipped = 'no_time' | 'thinking' | 'empty';

type Shared = Pick<Entry, 'session_id' | 'project_id' | 'timestamp' | 'source_file'>;

/** Never says what is in a line that it cannot read: reasons are stored, and the text is not. */
export function readLine(text: string, path: string): FormatLine {
  let line: Fields | undefined;
  try {
    line = fieldsOf(JSON.parse(text));
  } catch {
    return { fault: `expected a JSON object, received ${text.length} characters that are no JSON` };
  }
  if (line === undefined) return { fault: 'expected a JSON object, received JSON of another kind' };
  const timestamp = timeOf(line);
  // The time of the line before would depend on where reading began. Mostly titles, of other sessions too.
  if (timestamp === undefined) return skipped('no_time');
  const shared: Shared = {
    session_id: idOf(line.sessionId) ?? sessionOf(path),
    project_id: idOf(line.cwd) ?? projectOf(path),
    timestamp,
    ...(path.length <= 4096 ? { source_file: path } : {}),
  };
  const message = fieldsOf(line.message);
  if (message !== undefined && (line.type === 'user' || line.type === 'assistant')) {
    return readMessage(line, message, line.type, shared, text);
  }
  const type = entryTypeOf(typeof line.type === 'string' ? line.type : undefined);
  // Without a message, a user or an assistant has said nothing.
  const entryType = type === 'user' || type === 'assistant' ? 'unknown' : type;
  return { events: [{ ...shared, ...besideOf(line), conversation_id: entryIdOf(line, text), entry_type: entryType }] };
}

function readMessage(
  line: Fields,
  message: Fields,
  role: 'user' | 'assistant',
  shared: Shared,
  text: string,
): FormatLine {
  const blocks = blocksOf(message.content);
  if (blocks.length > blocksMax) return { fault: `expected at most ${blocksMax} blocks, received ${blocks.length}` };
  const id = entryIdOf(line, text);
  const tools = blocks.flatMap((block, index) => toolEntryOf(block, `${id}#${index}`, shared) ?? []);
  const said = blocks.filter(({ type }) => type === 'text' || type === 'image' || type === 'document');
  const events: Entry[] = [];
  if (said.some(({ type }) => type === 'text') || (said.length > 0 && tools.length === 0)) {
    const content = textOf(said);
    const entryType = role === 'user' ? userTypeOf(line, content) : role;
    events.push({ ...shared, conversation_id: messageIdOf(message, role) ?? id, entry_type: entryType, content });
  }
  events.push(...tools);
  if (events.length > 0) return { events };
  return skipped(blocks.some(({ type }) => type === 'thinking' || type === 'redacted_thinking') ? 'thinking' : 'empty');
}

/**
 * An answer comes in several lines, a block or two each, with one `message.id`: under that id it counts once. What people
 * say has no such id.
 */
function messageIdOf(message: Fields, role: 'user' | 'assistant'): string | undefined {
  return role === 'assistant' ? idOf(message.id) : undefined;
}

/** What the program itself says in the place of the user is no message of the user. */
function userTypeOf({ isMeta, isCompactSummary }: Fields, content: string): 'user' | 'system' | 'summary' {
  if (isCompactSummary === true) return 'summary';
  const isOutput = /^\s*<(?:local-command-(?:stdout|stderr|caveat)|bash-(?:stdout|stderr))>/.test(content);
  return isMeta === true || isOutput ? 'system' : 'user';
}

/** Ids of tools are the same in every copy of a session; `otherwise` is for a block without one. */
function toolEntryOf(block: Fields, otherwise: string, shared: Shared): Entry | undefined {
  if (block.type === 'tool_use' || block.type === 'server_tool_use') {
    const id = idOf(block.id);
    const { input } = block;
    return {
      ...shared,
      conversation_id: entryOfTool('call', id) ?? otherwise,
      entry_type: 'tool_use',
      tool_name: toolNameOf(block.name) ?? null,
      tool_use_id: id ?? null,
      tool_input: fieldsOf(input) ?? (input === undefined || input === null ? null : JSON.stringify(input)),
    };
  }
  if (typeof block.type !== 'string' || !/^(?:\w+_)?tool_result$/.test(block.type)) return undefined;
  const id = idOf(block.tool_use_id);
  return {
    ...shared,
    conversation_id: entryOfTool('result', id) ?? otherwise,
    entry_type: 'tool_result',
    tool_use_id: id ?? null,
    content: textOf(blocksOf(block.content)),
    is_error: block.is_error === true,
  };
}

function entryOfTool(what: 'call' | 'result', id: string | undefined): string | undefined {
  return id === undefined ? undefined : idOf(`${what}:${id}`);
}

/** Of lines that are neither said by the user nor by the assistant. */
function besideOf({ content, summary }: Fields): Pick<Entry, 'content'> {
  if (typeof content === 'string') return { content };
  return typeof summary === 'string' ? { content: summary } : {};
}

/** Of a line without an id: what it says. The same line twice is one entry. 8 characters stay free for `#` and a number. */
function entryIdOf({ uuid }: Fields, text: string): string {
  const id = idOf(uuid);
  if (id !== undefined && id.length <= 504) return id;
  return `line:${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
}

/** Snapshots of files have theirs within. */
function timeOf({ timestamp, snapshot }: Fields): string | undefined {
  const written = timestamp ?? fieldsOf(snapshot)?.timestamp;
  return typeof written === 'string' && !Number.isNaN(parseTimestamp(written)) ? written : undefined;
}

/** Files are named after the session. */
function sessionOf(path: string): string {
  return idOf(basename(path).replace(/\.jsonl(?:\.gz)?$/, '')) ?? 'unknown';
}

/** The folder's name: the path of the project, with hyphens for slashes. Sub-agents have folders of their own below it. */
function projectOf(path: string): string {
  const folders = dirname(path).split(sep);
  const below = folders.lastIndexOf('projects') + 1;
  return idOf(below > 0 ? folders[below] : folders.at(-1)) ?? 'unknown';
}

function skipped(reason: Skipped): FormatLine {
  return { skipped: reason };
}

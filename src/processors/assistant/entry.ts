import type { EntryType } from '../../events/assistant.ts';
import { NEVER } from '../gaps.ts';
import { FIELD, type PackedForm } from '../packed-entries.ts';
import type { TimelineEntry } from '../timeline.ts';

/** An entry as it is kept for a while, so that a late one can find its place and its neighbours be corrected. */
export interface KeptEntry extends TimelineEntry {
  readonly about: About;
  readonly contentLength: number;
  /** Marks of a message's text (content.ts), and FAILED. */
  readonly marks: number;
  /** Empty without one. */
  readonly toolUseId: string;
  /** Of a call, what it was made with (tool-input.ts); 0 for any other entry. */
  readonly fingerprint: number;
  /** Only where text is stored. */
  readonly content: string | null;
  /** What follows is derived from the entries before it. Of a message or a tool entry: its number among its like. */
  sequence: number;
  /** Of a message: the message before it. */
  previousTime: number;
  previousRole: Role | '';
  retryCount: number;
  /** NEVER until it is placed; an entry that came too late never is. */
  periodStartedAt: number;
}

/** What entries of a session mostly share; kept once for all that do. */
export interface About {
  readonly projectId: string;
  readonly type: EntryType;
  readonly sourceFile: string;
  readonly toolName: string;
  readonly taskCategory: string;
}

export type Role = 'user' | 'assistant';

/** Of a tool result: that its call failed. Beside the marks of content.ts. */
export const FAILED = 8;

/** The role of a message lies in the type of its entry; undefined for what is no message. */
export function roleOf(type: EntryType): Role | undefined {
  return type === 'user' || type === 'assistant' ? type : undefined;
}

export function isToolEntry(type: EntryType): boolean {
  return type === 'tool_use' || type === 'tool_result';
}

/** Whether it is a result that says that its call failed. */
export function hasFailed({ marks }: KeptEntry): boolean {
  return (marks & FAILED) !== 0;
}

export function newEntry(
  fields: Omit<KeptEntry, 'sequence' | 'previousTime' | 'previousRole' | 'retryCount' | 'periodStartedAt'>,
): KeptEntry {
  const { id, time, about, contentLength, marks, toolUseId, fingerprint, content } = fields;
  return {
    id,
    time,
    about,
    contentLength,
    marks,
    toolUseId,
    fingerprint,
    content,
    sequence: 0,
    previousTime: NEVER,
    previousRole: '',
    retryCount: 0,
    periodStartedAt: NEVER,
  };
}

/** The known `About` that is the same, or the one given. */
export function sharedAbout(abouts: readonly About[], about: About): About {
  for (let index = abouts.length - 1; index >= 0; index--) {
    const known = abouts[index]!;
    if (
      known.type === about.type &&
      known.toolName === about.toolName &&
      known.taskCategory === about.taskCategory &&
      known.projectId === about.projectId &&
      known.sourceFile === about.sourceFile
    ) {
      return known;
    }
  }
  return about;
}

/** Content goes last and as JSON, which has no control characters. */
export const packedForm: PackedForm<KeptEntry, About> = {
  aboutOf: ({ about }) => about,
  write({ contentLength, marks, toolUseId, fingerprint, content }) {
    const fields = [contentLength, marks, toolUseId, fingerprint === 0 ? '' : fingerprint.toString(36)].join(FIELD);
    return content === null ? fields : fields + FIELD + JSON.stringify(content);
  },
  read(id, time, about, [contentLength, marks, toolUseId, fingerprint, content]) {
    return newEntry({
      id,
      time,
      about,
      contentLength: Number(contentLength),
      marks: Number(marks),
      toolUseId: toolUseId!,
      fingerprint: fingerprint === '' ? 0 : Number.parseInt(fingerprint!, 36),
      content: content === undefined ? null : (JSON.parse(content) as string),
    });
  },
};

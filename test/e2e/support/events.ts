import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parley } from '../../cli/program.ts';
import type { Dice } from './seed.ts';

export const dayMs = 86_400_000;

export interface GeneratedEvents {
  readonly out: string;
  readonly messages: number;
  readonly seed: number;
  readonly lateShare: number;
  /** Messages a second, in the time of the events. */
  readonly rate?: number;
}

/** A folder of all five topics, by the real program. */
export async function generate({ out, messages, seed, lateShare, rate = 0.385 }: GeneratedEvents): Promise<void> {
  const values = { messages, seed, 'late-share': lateShare, rate, out };
  const args = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { code, err } = await parley(['generate', ...args]);
  if (code !== 0) throw new Error(err);
}

/** A folder of transcripts, by the real program. */
export async function generateTranscripts(options: {
  readonly out: string;
  readonly entries: number;
  readonly sessions: number;
  readonly seed: number;
  readonly lateShare: number;
  readonly repeatShare: number;
}): Promise<void> {
  const { out, entries, sessions, seed, lateShare, repeatShare } = options;
  const values = { events: entries, sessions, seed, 'late-share': lateShare, 'repeat-share': repeatShare, out };
  const args = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { code, err } = await parley(['generate', '--domain', 'assistant', ...args]);
  if (code !== 0) throw new Error(err);
}

/** Files of events by name, each with its bytes. */
export function readEvents(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

export function writeEvents(folder: string, files: ReadonlyMap<string, Buffer | string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
}

export function linesOf(content: Buffer): string[] {
  return content
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

/**
 * The lines in the order in which they come when each is up to `lateMaxMs` under way. So none is more than that behind
 * the newest before it. Changes of one key in the same instant keep their order: nothing but that says which one holds.
 */
export function shuffled(content: Buffer, dice: Dice, lateMaxMs: number): string {
  const delays = new Map<string, number>();
  const lines = linesOf(content).map((line) => {
    const event = JSON.parse(line) as Record<string, string>;
    const instant = `${event.message_id ?? event.conversation_id ?? event.customer_id ?? event.clinic_code} ${timeOf(line)}`;
    const delay = delays.get(instant) ?? dice.number(0, lateMaxMs);
    delays.set(instant, delay);
    return { line, arrivesAt: timeOf(line) + delay };
  });
  lines.sort((left, right) => left.arrivesAt - right.arrivesAt);
  return `${lines.map(({ line }) => line).join('\n')}\n`;
}

/** How many lines come after one that is newer than they are. */
export function lateLines(content: string): number {
  let newest = Number.NEGATIVE_INFINITY;
  return linesOf(Buffer.from(content)).filter((line) => {
    const time = timeOf(line);
    newest = Math.max(newest, time);
    return time < newest;
  }).length;
}

/** The time of an event, milliseconds. */
export function timeOf(line: string): number {
  const event = JSON.parse(line) as Record<string, string>;
  return Date.parse(event.message_timestamp ?? event.timestamp ?? event.rated_at ?? event.changed_at ?? '');
}

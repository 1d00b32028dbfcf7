import Table, { type CharName } from 'cli-table3';

/** Columns that a table may take: what an 80 or 100 column terminal shows without breaking lines. */
export const widthMax = 100;

/** Results go to standard output, through here, so that a reader who goes away (`| head`) ends the work quietly. */
export function print(text: string): void {
  if (process.stdout.destroyed || process.stdout.writableEnded) return;
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item), 2));
}

/** Calls `onGone` when the reader of standard output has gone away; any other fault of it is thrown. */
export function watchStandardOutput(onGone: () => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') onGone();
    else throw error;
  });
}

/** Resolves when everything printed so far has been taken by the system, or nobody takes it any more. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.destroyed || stream.writableLength === 0) continue;
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off('close', done).off('error', done);
        resolve();
      };
      stream.on('close', done).on('error', done);
      stream.write('', done);
    });
  }
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A plain table: titles, a rule, rows; two spaces between columns. Numbers stand to the right. */
export function table(columns: readonly Column[], rows: readonly (readonly (string | number | null)[])[]): string {
  const grid = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1, compact: true },
    chars: noLines,
  });
  for (const row of rows) grid.push(row.map((cell) => (cell === null ? '' : oneLine(String(cell)))));
  const lines = grid.toString().split('\n');
  const [head = '', ...body] = lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  const width = Math.max(...lines.map((line) => line.trimEnd().length));
  return [head, ` ${'─'.repeat(Math.max(0, width - 1))}`, ...body].join('\n');
}

const noLines = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((place) => [place, '']),
  ),
) as Partial<Record<CharName, string>>;
noLines.middle = '';

/** What producers write may hold anything; a terminal must not obey it. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

/** Text cut to a number of characters, with a mark where it was cut. */
export function cut(text: string, characters: number): string {
  const clean = [...oneLine(text)];
  return clean.length <= characters ? clean.join('') : `${clean.slice(0, characters - 1).join('')}…`;
}

/** `45 s`, `12 min`, `1 h 3 min`, `15 h`, `2 d 4 h`: as exact as a person needs it. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 10) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const wholeHours = Math.round(minutes / 60);
  if (wholeHours < 24) return `${wholeHours} h`;
  const days = Math.floor(wholeHours / 24);
  return wholeHours % 24 === 0 ? `${days} d` : `${days} d ${wholeHours % 24} h`;
}

/** `1,164`. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** `1 line`, `1,164 lines`. */
export function plural(number: number, what: string, several = `${what}s`): string {
  return `${count(number)} ${number === 1 ? what : several}`;
}

export function bytes(number: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = number;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]!}`;
}

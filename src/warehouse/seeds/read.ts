import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CsvError, parse } from 'csv-parse/sync';
import { messageOf, ParleyError } from '../../errors.ts';
import type { Seed } from '../../runtime/domain.ts';

/** What a file says: every row has a cell for every column of the seed, in the seed's order. */
export interface SeedRows {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The folder of a package that is run from `src` or from `dist`: both are one level below its root. */
export const shippedSeeds = fileURLToPath(new URL('../../../seeds', import.meta.url));

const faultsShown = 5;

interface Fault {
  readonly line: number;
  readonly expected: string;
  readonly received: string;
}

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Names of the seeds that a folder has. Fails with PARLEY_SOURCE_NOT_FOUND, or with PARLEY_SEED_INVALID when it holds a
 * file of a name that no domain knows, so that a mistyped one is not taken for none.
 */
export function seedsInFolder(dir: string, known: readonly string[]): string[] {
  const names = listed(dir)
    .filter((file) => file.endsWith('.csv'))
    .map((file) => file.slice(0, -4));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined && names.length > 0) return names;
  throw new ParleyError(
    'PARLEY_SEED_INVALID',
    unknown === undefined ? 'The folder has no seeds' : 'No domain has a seed of this name',
    {
      expected: known.map((name) => `${name}.csv`).join(', '),
      received: unknown === undefined ? 'no .csv file' : `${unknown}.csv`,
      where: dir,
    },
  );
}

function listed(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    const received = messageOf(error);
    throw new ParleyError('PARLEY_SOURCE_NOT_FOUND', 'The folder of seeds cannot be read', {
      received,
      where: dir,
      cause: error,
    });
  }
}

/** Reads and checks `<dir>/<seed>.csv`. Fails with PARLEY_SEED_INVALID, which tells the lines at fault. */
export function readSeed(dir: string, seed: Seed): SeedRows {
  const path = join(dir, `${seed.name}.csv`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ParleyError('PARLEY_SOURCE_NOT_FOUND', 'A seed cannot be read', {
      received: messageOf(error),
      where: path,
      cause: error,
    });
  }
  return parseSeed(text, seed, path);
}

/** Checks the text of a seed; `where` is the file that it is from. Fails with PARLEY_SEED_INVALID. */
export function parseSeed(text: string, seed: Seed, where: string): SeedRows {
  const [head, ...body] = linesOf(text, where);
  const columns = Object.entries(seed.row.shape);
  const required = columns.filter(([, schema]) => !schema.safeParse(undefined).success).map(([name]) => name);
  const header = columns.map(([name]) => name);
  const found = head?.record ?? [];
  const isFit =
    required.every((name) => found.includes(name)) &&
    found.every((name, at) => header.includes(name) && found.indexOf(name) === at);
  if (!isFit) {
    const optional = header.filter((name) => !required.includes(name));
    const also = optional.length === 0 ? '' : `, and perhaps ${optional.join(', ')}`;
    throw invalid(where, [
      { line: head?.info.lines ?? 1, expected: `the header ${required.join(',')}${also}`, received: found.join(',') },
    ]);
  }
  if (body.length === 0) {
    throw invalid(where, [{ line: 2, expected: 'at least one row', received: 'none' }]);
  }
  const faults: Fault[] = [];
  const lines = new Map<string, number>();
  const rows = body.map(({ record, info: { lines: line } }) => {
    const row = Object.fromEntries(found.map((name, at) => [name, record[at] ?? '']));
    const parsed = seed.row.safeParse(row);
    for (const issue of parsed.error?.issues ?? []) {
      const column = String(issue.path[0]);
      faults.push({ line, expected: `${column}: ${issue.message}`, received: JSON.stringify(row[column]) });
    }
    const key = row[seed.key] ?? '';
    const before = lines.get(key);
    if (before !== undefined) {
      faults.push({ line, expected: `${seed.key} once`, received: `${JSON.stringify(key)} as on line ${before}` });
    }
    lines.set(key, before ?? line);
    return header.map((name) => row[name] ?? '');
  });
  if (faults.length > 0) throw invalid(where, faults);
  return { header, rows };
}

function linesOf(text: string, where: string): Line[] {
  try {
    return parse(text, { bom: true, trim: true, skip_empty_lines: true, info: true }) as unknown as Line[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number((error as { lines?: unknown }).lines ?? 1);
    throw invalid(where, [{ line, expected: 'comma-separated cells, as many as the header', received: error.message }]);
  }
}

function invalid(path: string, faults: readonly Fault[]): ParleyError {
  const shown = faults.slice(0, faultsShown);
  const more = faults.length > shown.length ? `; and ${faults.length - shown.length} more` : '';
  const tell = (of: 'expected' | 'received') =>
    faults.length === 1 ? faults[0]![of] : shown.map((fault) => `line ${fault.line}: ${fault[of]}`).join('; ') + more;
  return new ParleyError(
    'PARLEY_SEED_INVALID',
    `A seed has ${faults.length > 1 ? `${faults.length} faults` : 'a fault'}`,
    {
      expected: tell('expected'),
      received: tell('received'),
      where: `${path}:${faults[0]!.line}`,
    },
  );
}

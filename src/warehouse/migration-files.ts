import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, ParleyError } from '../errors.ts';
import { type Statement, splitStatements } from './sql-statements.ts';

/** A file `clickhouse/<domain>/NNNN-name.sql`. */
export interface MigrationFile {
  readonly domain: string;
  /** `NNNN-name`, unique within the domain. */
  readonly name: string;
  readonly path: string;
  /** SHA-256 of the text, in hexadecimal. */
  readonly checksum: string;
  readonly statements: readonly Statement[];
}

/** The folder of a package that is run from `src` or from `dist`: both are one level below its root. */
export const migrationsFolder = fileURLToPath(new URL('../../clickhouse', import.meta.url));

/** Holds the record of migrations, so that it comes before all others. */
export const firstDomain = 'orchestrator';
/** Folders beside those of the domains that hold no migrations: the committed snapshot, views of the documents' own names, metrics and tests, the dashboard's questions. */
const otherFolders = new Set(['schema', 'compat', 'catalogue', 'dashboard']);

/** All migrations of the domains (default: of every folder that has some), in the order in which they apply. */
export function readMigrationFiles(options: { dir?: string; domains?: readonly string[] } = {}): MigrationFile[] {
  const dir = options.dir ?? migrationsFolder;
  const folders = list(dir, true).filter((name) => !otherFolders.has(name));
  const wanted = options.domains === undefined ? folders : [...new Set([firstDomain, ...options.domains])];
  const missing = wanted.find((domain) => !folders.includes(domain));
  if (missing !== undefined) {
    throw new ParleyError('PARLEY_CONFIGURATION', `There are no migrations of a domain \`${missing}\``, {
      expected: folders.join(', '),
      received: missing,
      where: 'domains',
    });
  }
  return wanted.sort(byPlace).flatMap((domain) => readDomain(dir, domain));
}

function byPlace(a: string, b: string): number {
  const place = (domain: string): number => (domain === firstDomain ? 0 : 1);
  return place(a) - place(b) || (a < b ? -1 : 1);
}

function readDomain(dir: string, domain: string): MigrationFile[] {
  const names = list(join(dir, domain), false).filter((name) => name.endsWith('.sql'));
  return names.sort().map((fileName, index) => {
    const path = join(dir, domain, fileName);
    const number = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(fileName)?.[1];
    // A number used twice, or left out, is a merge of two branches gone wrong.
    if (Number(number) !== index + 1) {
      throw new ParleyError('PARLEY_INTERNAL', 'Migrations are numbered 0001, 0002 … without holes', {
        expected: `${String(index + 1).padStart(4, '0')}-name.sql`,
        received: fileName,
        where: path,
      });
    }
    // A checkout may have other line ends; the migration is the same.
    const text = readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
    const checksum = createHash('sha256').update(text).digest('hex');
    return { domain, name: fileName.slice(0, -4), path, checksum, statements: splitStatements(text) };
  });
}

function list(dir: string, folders: boolean): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() === folders).map((entry) => entry.name);
  } catch (error) {
    throw new ParleyError('PARLEY_INTERNAL', `The migrations cannot be read: ${messageOf(error)}`, {
      where: dir,
      cause: error,
    });
  }
}

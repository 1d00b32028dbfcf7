import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { messageOf, ParleyError } from '../../errors.ts';
import { migrationsFolder } from '../migration-files.ts';
import { type Declaration, declarationSchema } from './declaration.ts';

/** Metrics, grains and data tests of a domain, as its file declares them. */
export interface CatalogueFile {
  /** The file's name without its ending: the domain, or what a user called it. */
  readonly domain: string;
  /** The database of names without one. */
  readonly database: string;
  readonly path: string;
  readonly declaration: Declaration;
}

export const catalogueFolder = join(migrationsFolder, 'catalogue');

/** The domains that have a file of their own. */
export function cataloguedDomains(): string[] {
  return yamlFilesIn(catalogueFolder).map((path) => stem(path));
}

/** The text of a domain's file; empty when it has none. */
export function catalogueText(domain: string): string {
  const path = pathOf(domain);
  return existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : '';
}

/** What the domain's file declares; of one without a file, nothing. Fails with PARLEY_CATALOGUE_INVALID. */
export function readCatalogueFile(domain: string): CatalogueFile {
  return parseCatalogueFile(pathOf(domain), catalogueText(domain));
}

/** Every YAML file of a user's folder. Fails with PARLEY_SOURCE_NOT_FOUND or PARLEY_CATALOGUE_INVALID. */
export function readTestsFolder(dir: string): CatalogueFile[] {
  if (!existsSync(dir)) {
    throw new ParleyError('PARLEY_SOURCE_NOT_FOUND', 'There is no such folder of data tests', {
      expected: 'a folder with .yaml files',
      received: dir,
      where: 'tests.dirs',
    });
  }
  return yamlFilesIn(dir).map((path) => parseCatalogueFile(path, readFileSync(path, 'utf8')));
}

/** Fails with PARLEY_CATALOGUE_INVALID, which names every place that is wrong. */
export function parseCatalogueFile(path: string, text: string): CatalogueFile {
  const result = declarationSchema.safeParse(yamlOf(path, text) ?? {});
  if (!result.success) {
    const faults = result.error.issues.map((issue) => {
      // Of a name that cannot be one, why.
      const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
      return `${issue.path.map(String).join('.') || 'the file'}: ${message}`;
    });
    throw catalogueError(path, faults);
  }
  const domain = stem(path);
  return { domain, database: result.data.database ?? domain, path, declaration: result.data };
}

/** All faults of a file at once. */
export function catalogueError(path: string, faults: readonly string[]): ParleyError {
  return new ParleyError(
    'PARLEY_CATALOGUE_INVALID',
    `This file of the catalogue cannot be used:\n  ${faults.join('\n  ')}`,
    {
      where: path,
    },
  );
}

/** `table` or `database.table`, as `database.table`. */
export function qualified(file: CatalogueFile, name: string): string {
  return name.includes('.') ? name : `${file.database}.${name}`;
}

/** `table.column` or `database.table.column`, as both parts. */
export function columnOf(file: CatalogueFile, name: string): { readonly table: string; readonly column: string } {
  const at = name.lastIndexOf('.');
  return { table: qualified(file, name.slice(0, Math.max(at, 0))), column: name.slice(at + 1) };
}

function yamlOf(path: string, text: string): unknown {
  try {
    return parse(text, { version: '1.2', prettyErrors: true }) as unknown;
  } catch (error) {
    throw catalogueError(path, [messageOf(error).split('\n')[0] ?? '']);
  }
}

function yamlFilesIn(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((name) => join(dir, name));
}

function pathOf(domain: string): string {
  return join(catalogueFolder, `${domain}.yaml`);
}

function stem(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '');
}

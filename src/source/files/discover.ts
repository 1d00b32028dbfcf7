import type { Dirent } from 'node:fs';
import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, ParleyError } from '../../errors.ts';

/** A file of events, found under the paths that the user named. */
export interface DiscoveredFile {
  /** The real, absolute path: links are resolved, so that a file has one name. */
  readonly path: string;
  readonly topic: string;
  /** Bytes on the disk. */
  readonly size: number;
  readonly compressed: boolean;
}

export interface Discovery {
  /** In the order of their paths. */
  readonly files: readonly DiscoveredFile[];
  /** Files in folders that end like files of events but name no known topic; worth a warning. */
  readonly ignored: readonly string[];
}

export interface DiscoverOptions {
  /** The topic of the files named one by one, and of those in folders whose names say none. */
  readonly topic?: string;
  /** How the names of files in folders end. Default: `.ndjson`, `.ndjson.gz`. */
  readonly endings?: readonly string[];
}

/**
 * Finds the files of events under `paths` (files and folders, which are searched to the bottom; names that begin with a
 * dot are left out). A file's topic is in its name: `<domain>.<name>`, then nothing or one of `. - _` and anything,
 * then `.ndjson` or `.ndjson.gz`.
 *
 * Errors: PARLEY_TOPIC_UNKNOWN, PARLEY_SOURCE_NOT_FOUND, PARLEY_SOURCE_EMPTY, PARLEY_SOURCE_UNREADABLE.
 */
export async function discoverFiles(
  paths: readonly string[],
  knownTopics: readonly string[],
  options: DiscoverOptions = {},
): Promise<Discovery> {
  if (options.topic !== undefined && !knownTopics.includes(options.topic)) {
    throw unknownTopic(`There is no topic ${options.topic}`, options.topic, '--topic', knownTopics);
  }
  const files = new Map<string, DiscoveredFile>();
  const ignored = new Set<string>();
  for (const path of paths) {
    const found = await look(path);
    if (found.isFolder) {
      const counted = await addFolder(found.path, knownTopics, options, files, ignored, new Set());
      if (counted === 0) throw emptyFolder(path, [...ignored].sort(), options.endings);
      continue;
    }
    const topic = options.topic ?? topicOf(basename(path), knownTopics) ?? topicOf(basename(found.path), knownTopics);
    if (topic === undefined) {
      throw unknownTopic(`The name of ${path} says no known topic`, basename(path), path, knownTopics);
    }
    files.set(found.path, { path: found.path, topic, size: found.size, compressed: isCompressed(found.path) });
  }
  return { files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), ignored: [...ignored].sort() };
}

/** The topic that a file's name says; the longest one, when the name of a topic begins with that of another. */
export function topicOf(name: string, knownTopics: readonly string[]): string | undefined {
  const stem = /^(.*)\.ndjson(?:\.gz)?$/.exec(name)?.[1];
  if (stem === undefined) return undefined;
  const fitting = knownTopics.filter(
    (topic) => stem === topic || (stem.startsWith(topic) && /[.\-_]/.test(stem.charAt(topic.length))),
  );
  return fitting.sort((a, b) => b.length - a.length)[0];
}

const eventEndings = ['.ndjson', '.ndjson.gz'];

function isCompressed(path: string): boolean {
  return path.endsWith('.gz');
}

/** Adds what a folder holds and returns how many files of events it is, those already known included. */
async function addFolder(
  folder: string,
  knownTopics: readonly string[],
  options: DiscoverOptions,
  files: Map<string, DiscoveredFile>,
  ignored: Set<string>,
  visited: Set<string>,
): Promise<number> {
  if (visited.has(folder)) return 0; // A link that leads back up.
  visited.add(folder);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(folder, cause);
  }
  let counted = 0;
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const isEvents = (options.endings ?? eventEndings).some((ending) => entry.name.endsWith(ending));
    if (!entry.isDirectory() && !entry.isSymbolicLink() && !isEvents) continue;
    const found = await look(path).catch((error: unknown) => {
      // A dangling link to no file of events is none of our business.
      if (!isEvents && codeOf(error) === 'PARLEY_SOURCE_NOT_FOUND') return undefined;
      throw error;
    });
    if (found?.isFolder) {
      counted += await addFolder(found.path, knownTopics, options, files, ignored, visited);
    } else if (found && isEvents) {
      const topic = topicOf(entry.name, knownTopics) ?? options.topic;
      if (topic === undefined) {
        ignored.add(path);
        continue;
      }
      counted++;
      if (files.has(found.path)) continue;
      files.set(found.path, { path: found.path, topic, size: found.size, compressed: isCompressed(entry.name) });
    }
  }
  return counted;
}

async function look(path: string): Promise<{ path: string; isFolder: boolean; size: number }> {
  try {
    const real = await realpath(path);
    const status = await stat(real);
    if (!status.isDirectory() && !status.isFile()) {
      throw new ParleyError('PARLEY_SOURCE_UNREADABLE', `${path} is neither a file nor a folder`, {
        expected: 'a file or a folder; what a pipe brings is read with `-`',
        where: path,
      });
    }
    await access(real, status.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK);
    return { path: real, isFolder: status.isDirectory(), size: status.size };
  } catch (cause) {
    if (cause instanceof ParleyError) throw cause;
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') {
      throw new ParleyError('PARLEY_SOURCE_NOT_FOUND', `${path} does not exist`, { where: path, cause });
    }
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): ParleyError {
  const reason = codeOf(cause) ?? 'unknown fault';
  return new ParleyError('PARLEY_SOURCE_UNREADABLE', `${path} cannot be read (${reason})`, { where: path, cause });
}

function unknownTopic(message: string, received: string, where: string, known: readonly string[]): ParleyError {
  return new ParleyError('PARLEY_TOPIC_UNKNOWN', message, {
    expected: `one of ${[...known].sort().join(', ')}`,
    received,
    where,
  });
}

function emptyFolder(path: string, ignored: readonly string[], endings: readonly string[] | undefined): ParleyError {
  const near = ignored.filter((name) => name.startsWith(path)).slice(0, 3);
  return new ParleyError('PARLEY_SOURCE_EMPTY', `There are no files of known topics in ${path}`, {
    expected:
      endings === undefined ? '<domain>.<name>.ndjson or .ndjson.gz' : `names that end in ${endings.join(' or ')}`,
    received: near.length > 0 ? `names of no known topic: ${near.join(', ')}` : 'nothing that ends so',
    where: path,
  });
}

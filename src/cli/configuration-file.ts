import { existsSync, readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { codeOf, messageOf, ParleyError } from '../errors.ts';

/** Read when it is there and no other file is named. */
export const defaultFile = 'parley.yaml';

/**
 * What the configuration file holds: the file named, else `./parley.yaml` where there is one, else nothing.
 *
 * Fails with PARLEY_CONFIGURATION for a named file that is not there, and for what is no YAML.
 */
export function readConfigurationFile(named: string | undefined): unknown {
  const path = named ?? defaultFile;
  if (named === undefined && !existsSync(path)) return undefined;
  try {
    // `version: 1.2` is the core schema: `no` is a text and not false, so that no country becomes a boolean.
    return parse(readFileSync(path, 'utf8'), { version: '1.2', prettyErrors: true }) as unknown;
  } catch (error) {
    const received =
      error instanceof YAMLParseError ? messageOf(error).split('\n')[0]! : (codeOf(error) ?? messageOf(error));
    throw new ParleyError('PARLEY_CONFIGURATION', 'The configuration file cannot be read', {
      expected: 'a YAML file with the keys of docs/configuration.md',
      received,
      where: path,
      cause: error,
    });
  }
}

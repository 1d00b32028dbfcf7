import { readFileSync } from 'node:fs';
import { codeOf, ParleyError } from '../errors.ts';
import { createRegistry, type SchemaRegistry } from '../source/registry/client.ts';
import type { Configuration } from './configuration.ts';

/** The configured Schema Registry, undefined when there is none. Asks nothing yet; fails as `registryAt`. */
export async function registryOf(configuration: Configuration): Promise<SchemaRegistry | undefined> {
  const { url } = configuration.schemaRegistry;
  return url === undefined ? undefined : registryAt(url, configuration);
}

/**
 * A registry, with the credentials that are configured. Fails with PARLEY_CONFIGURATION when the file of its authority
 * cannot be read.
 */
export function registryAt(
  url: string,
  { schemaRegistry }: Configuration,
  options: { readonly timeoutMs?: number } = {},
): Promise<SchemaRegistry> {
  const { username, password, token, caFile } = schemaRegistry;
  const tls = caFile === undefined ? {} : { tls: { ca: readAuthority(caFile) } };
  return createRegistry({ url, username, password, token, ...tls, ...options });
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ParleyError('PARLEY_CONFIGURATION', 'The file of an authority cannot be read', {
      expected: 'a PEM file',
      received: `${file} (${codeOf(error) ?? 'unreadable'})`,
      where: 'schemaRegistry.caFile',
    });
  }
}

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../../scripts/stack/kafka-security.ts';
import { folderOfTests } from '../e2e/support/folder.ts';
import { parley } from './program.ts';

/** What stands before a registry in a company: TLS by an authority of its own, and a token. Behind it is an empty one. */
const folder = folderOfTests();
const authority = join(folder, 'authority.pem');
const token = 'token-of-the-test';
const { certificate, key } = makeCertificate();
const server = createServer({ cert: certificate, key }, (request, response) => {
  const isKnown = request.headers.authorization === `Bearer ${token}`;
  const [status, code] = isKnown ? [404, 40401] : [401, 40101];
  response.writeHead(status!, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
  response.end(JSON.stringify({ error_code: code, message: isKnown ? 'Subject not found' : 'Unauthorized' }));
});
let url: string;

beforeAll(async () => {
  writeFileSync(authority, certificate);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function check(more: Record<string, string>) {
  return parley(['schemas', 'check'], { PARLEY_SCHEMA_REGISTRY_URL: url, ...more });
}

test('a registry is asked with the token, over TLS by the authority that is configured', async () => {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${token}\n`);
  const file = { PARLEY_SCHEMA_REGISTRY_TOKEN_FILE: tokenFile, PARLEY_SCHEMA_REGISTRY_CA_FILE: authority };
  const { code, out, err } = await check(file);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('6 are to be registered.');
});

test.each<[string, Record<string, string>, RegExp]>([
  ['another token', { PARLEY_SCHEMA_REGISTRY_TOKEN: 'other', PARLEY_SCHEMA_REGISTRY_CA_FILE: authority }, /_REFUSED/],
  ['no authority', { PARLEY_SCHEMA_REGISTRY_TOKEN: token }, /_UNREACHABLE[\s\S]*self-signed/],
  ['a file that is not there', { PARLEY_SCHEMA_REGISTRY_CA_FILE: join(folder, 'none.pem') }, /PARLEY_CONFIGURATION/],
])('%s is refused, and the token is not told', async (_, more, reason) => {
  const { code, out, err } = await check(more);
  expect(code).toBeGreaterThan(0);
  expect(err).toMatch(reason);
  expect(out + err).not.toContain(token);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryRows } from '../../src/warehouse/client.ts';
import { fixedForReaders } from '../../src/warehouse/embedded/configuration.ts';
import { type SampleWarehouse, startSampleWarehouse } from './sample-warehouse.ts';
import { addresses, files, ownLimits, writes } from './statements.ts';

/**
 * What the user `bi`, who needs no password on this machine, must not be able to do: change data, leave its limits, have
 * the server read a file, or have it ask an address. `clickhouse local`, which the embedded server is, guards the last two
 * less than a server does: the function file() and the formats' files asked for no right there.
 */
const secret = 'the-text-of-a-file-that-nobody-may-see';
const folder = mkdtempSync(join(tmpdir(), 'parley-secret-'));
const file = join(folder, 'secret.txt');
let warehouse: SampleWarehouse;
let listener: Server;
let address: string;
let visits = 0;

beforeAll(async () => {
  writeFileSync(file, secret);
  listener = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(listener.address() as { port: number }).port}`;
  warehouse = await startSampleWarehouse();
}, 120_000);

afterAll(async () => {
  await warehouse?.stop();
  listener.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As any program on this machine could, with nothing but the port. */
async function ask(query: string, parameters: Readonly<Record<string, string>> = {}, body?: FormData): Promise<string> {
  const url = new URL(warehouse.server.url);
  url.search = String(new URLSearchParams({ user: 'bi', ...parameters, ...(body && { query }) }));
  const answer = await fetch(url, { method: 'POST', body: body ?? query });
  return `${answer.status} ${await answer.text()}`;
}

const filled = (statement: string) => statement.replaceAll('{file}', file).replaceAll('{address}', address);

describe('the user bi', () => {
  test.each(writes)('changes nothing: %s', async (statement) => {
    expect(await ask(filled(statement))).toMatch(/^(403|500|400|404) [\s\S]*Not enough privileges/);
  });

  test('what it was refused is not done', async () => {
    const [row] = await queryRows<{ messages: number; tables: number }>(
      warehouse.client,
      `SELECT (SELECT count() FROM conversations.landing_messages) AS messages,
         (SELECT count() FROM system.tables WHERE name = 'x') AS tables`,
    );
    expect(row).toEqual({ messages: 1164, tables: 0 });
  });

  test.each(ownLimits)('keeps its limits: %s', async (statement) => {
    expect(await ask(statement)).toMatch(/Cannot modify|should not be changed/);
  });

  test.each(fixedForReaders)('cannot change %s in a session either', async (setting) => {
    const session = { session_id: `limits-${setting}` };
    const value = /^(allow|max)_/.test(setting) ? "'1'" : "'x'";
    expect(await ask(`SET ${setting} = ${value}`, session)).toMatch(/Cannot modify|should not be changed/);
  });

  test.each(files)('reads and writes no file: %s', async (statement) => {
    const answer = await ask(filled(statement));
    expect(answer).not.toMatch(/^200/);
    expect(answer).not.toContain(secret);
    expect(readdirSync(folder)).toEqual(['secret.txt']);
  });

  test('reads no file by data that it sends along', async () => {
    const texts = [`(file('${file}'))`, `(file('${file}', 'x'))`];
    for (const text of texts) {
      for (const settings of [
        {},
        { enable_analyzer: '0' },
        { input_format_values_deduce_templates_of_expressions: '0' },
      ]) {
        const body = new FormData();
        body.append('sent', new Blob([text]), 'sent');
        const answer = await ask(
          'SELECT * FROM sent',
          { sent_structure: 'text String', sent_format: 'Values', ...settings },
          body,
        );
        expect(answer).not.toMatch(/^200/);
        expect(answer).not.toContain(secret);
      }
    }
    const template = new FormData();
    template.append('sent', new Blob(['x']), 'sent');
    const named = { sent_structure: 'text String', sent_format: 'Template', format_template_row: file };
    expect(await ask('SELECT * FROM sent', named, template)).not.toContain(secret);
  });

  test('the password of the user that writes is in reach of the process, and not of bi', async () => {
    const path = join(warehouse.dataDir, 'clickhouse', 'password');
    expect(readFileSync(path, 'utf8').trim()).toBe(warehouse.server.password);
    expect(await ask(`SELECT file('${path}')`)).not.toContain(warehouse.server.password);
  });

  test.each(addresses)('asks no address: %s', async (statement) => {
    expect(await ask(filled(statement))).not.toMatch(/^200/);
    expect(visits).toBe(0);
  });

  test('asks no address to understand data that it sends along', async () => {
    const body = new FormData();
    body.append('sent', new Blob([Buffer.from([0, 0, 0, 0, 1, 2])]), 'sent');
    const url = { format_avro_schema_registry_url: `http://${address}` };
    const answer = await ask(
      'SELECT * FROM sent',
      { sent_structure: 'n Int8', sent_format: 'AvroConfluent', ...url },
      body,
    );
    expect(answer).toContain('should not be changed');
    expect(visits).toBe(0);
  });

  test('the listener would have heard', async () => {
    await fetch(`http://${address}/`).catch(() => undefined);
    expect(visits).toBe(1);
  });

  test('sees no password, and only its own queries ended', async () => {
    const everything = await ask('SELECT * FROM system.users FORMAT JSONEachRow');
    expect(everything).not.toMatch(/[0-9a-f]{64}/);
    expect(await ask('SELECT * FROM system.named_collections')).not.toContain(warehouse.server.password);
    expect(await ask("KILL QUERY WHERE user = 'default' SYNC")).not.toContain('SELECT * FROM input');
    expect(await ask('SELECT 1')).toBe('200 1\n');
  });
});

describe('a page in a browser on this machine', () => {
  const question = '/?user=bi&add_http_cors_header=1&query=SELECT+message_id+FROM+conversations.fact_messages+LIMIT+1';

  interface Heard {
    readonly status: number | undefined;
    readonly allowed: string | undefined;
    readonly text: string;
  }

  /** What a browser sends along: `Origin`, and in `Host` the name that it was asked for. */
  function send(path: string, headers: Readonly<Record<string, string>>): Promise<Heard> {
    return new Promise((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port: warehouse.server.httpPort, path, headers, agent: false },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          const allowed = answer.headers['access-control-allow-origin'];
          answer.on('end', () => resolve({ status: answer.statusCode, allowed, text }));
        },
      );
      call.on('error', reject).end();
    });
  }

  test.each([
    ['of another site', { Origin: 'http://evil.example' }],
    ['of another site over TLS', { Origin: 'https://evil.example:8123' }],
    ['whose site begins like this machine', { Origin: 'http://127.0.0.1.evil.example' }],
    ['without a site, such as a sandbox', { Origin: 'null' }],
    ['of a site whose name was made to lead here', { Host: 'evil.example:8123' }],
  ])('%s learns nothing', async (_, headers) => {
    for (const path of [question, question.replace('/?', '/query?')]) {
      const { status, allowed, text } = await send(path, headers);
      expect({ status, allowed }).toEqual({ status: 403, allowed: undefined });
      expect(text).toBe('Only programs and pages of this machine may ask here.\n');
    }
  });

  test('of this machine, such as /play, is answered, and so is a program', async () => {
    const own = `127.0.0.1:${warehouse.server.httpPort}`;
    for (const headers of [
      { Origin: `http://${own}` },
      { Origin: 'http://localhost:3000' },
      { Host: 'localhost:1234' },
      {},
    ]) {
      const { status, text } = await send(question, headers);
      expect({ status, isRow: text.startsWith('msg-') }).toEqual({ status: 200, isRow: true });
    }
  });

  test('no other path takes a question, and the server’s own pages are there', async () => {
    expect((await send(question.replace('/?', '/anything?'), {})).status).toBe(404);
    for (const path of ['/ping', '/play?user=bi', '/dashboard', '/js/uplot.js']) {
      expect({ path, status: (await send(path, {})).status }).toEqual({ path, status: 200 });
    }
  });
});

test('the server of docker compose has the same limits for bi', () => {
  const xml = readFileSync(new URL('../../deploy/clickhouse/users.d/parley.xml', import.meta.url), 'utf8');
  const profile = /<bi>\s*<!-- 2:[\s\S]*?<\/bi>/.exec(xml)![0];
  const constraints = /<constraints>([\s\S]*?)<\/constraints>/.exec(profile)![1]!;
  expect([...constraints.matchAll(/<(\w+)><const\/><\/\1>/g)].map(([, name]) => name).sort()).toEqual(
    [...fixedForReaders].sort(),
  );
  for (const name of ['default', 'parley'])
    expect(xml).toMatch(new RegExp(`<${name}>\\s*(<!--[^>]*-->\\s*)?<readonly>0</readonly>`));
});

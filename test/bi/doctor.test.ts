import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkBi } from '../../src/warehouse/bi/checks.ts';
import { biTools } from '../../src/warehouse/bi/tools.ts';
import { parley } from '../cli/program.ts';
import { type SampleWarehouse, startSampleWarehouse } from './sample-warehouse.ts';

interface Result {
  readonly ok: boolean;
  readonly url: string;
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly found: string;
    readonly action?: string;
  }[];
}

let warehouse: SampleWarehouse;

beforeAll(async () => {
  warehouse = await startSampleWarehouse();
}, 120_000);

afterAll(() => warehouse?.stop());

const statusOf = ({ checks }: Result) => Object.fromEntries(checks.map(({ name, status }) => [name, status]));

test('asks the server that another process runs on the folder, and all is well', async () => {
  const { code, out } = await parley(['doctor', 'bi', '--json', '--data-dir', warehouse.dataDir]);
  const result = JSON.parse(out) as Result;
  expect(result).toMatchObject({ ok: true, url: warehouse.server.url });
  const { 'Looker Studio': looker, ...others } = statusOf(result);
  expect(looker).toBe('warn');
  expect(Object.keys(others)).toEqual([
    'account',
    ...biTools.map(({ name }) => name),
    ...['writes', 'files and addresses', 'own limits', 'conversations', 'assistant'],
  ]);
  expect(new Set(Object.values(others))).toEqual(new Set(['ok']));
  expect(code).toBe(0);
});

test('prints a table, and what to do', async () => {
  const { code, out } = await parley(['doctor', 'bi', '--data-dir', warehouse.dataDir]);
  expect(out).toMatch(/^ Metabase +ok +\d+ settings and \d+ statements taken$/m);
  expect(out).toMatch(/^warn {2}Looker Studio: .*docs\/bi\/looker-studio\.md/m);
  expect(out).toContain('Ready, with 1 to look at.');
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  expect(code).toBe(0);
});

test('a user that can write is found out, and nothing has been written', async () => {
  const passwordFile = join(warehouse.dataDir, 'bi-password');
  writeFileSync(passwordFile, `${warehouse.server.password}\n`);
  const { code, out } = await parley(['doctor', 'bi', '--json'], {
    PARLEY_CLICKHOUSE_URL: warehouse.server.url,
    PARLEY_BI_USERNAME: 'parley',
    PARLEY_BI_PASSWORD_FILE: passwordFile,
  });
  const result = JSON.parse(out) as Result;
  expect(code).toBe(1);
  expect(out).not.toContain(warehouse.server.password);
  expect(statusOf(result)).toMatchObject({
    account: 'warn',
    Metabase: 'ok',
    writes: 'fail',
    'files and addresses': 'fail',
    'own limits': 'fail',
  });
  const found = Object.fromEntries(result.checks.map((check) => [check.name, check]));
  expect(found.writes!.found).toContain('DROP TABLE');
  expect(found['files and addresses']!.found).toContain('url()');
  expect(found.writes!.action).toContain('SELECT and dictGet only');
});

test('a user with readonly = 1 is told which tools it stops, and what to set', async () => {
  const { url, username, password } = warehouse.server;
  const client = createClient({
    url,
    username,
    password,
    session_id: randomUUID(),
    log: { level: ClickHouseLogLevel.OFF },
  });
  try {
    await client.command({ query: 'SET readonly = 1' });
    const checks = await checkBi(client, { databases: ['conversations'], url, isEmbedded: false });
    const found = Object.fromEntries(checks.map((check) => [check.name, check]));
    expect(found.account).toMatchObject({ status: 'fail', action: expect.stringContaining('readonly to 2') });
    for (const tool of ['Grafana', 'Metabase', 'DBeaver']) {
      expect(found[tool]).toMatchObject({
        status: 'fail',
        found: expect.stringContaining('READONLY'),
        action: expect.stringMatching(`^${tool} sets \\w+: leave it changeable`),
      });
    }
  } finally {
    await client.close();
  }
});

test('a wrong password and a server that is not there are one failure each, with what to do', async () => {
  const wrong = await parley(['doctor', 'bi', '--json'], {
    PARLEY_CLICKHOUSE_URL: warehouse.server.url,
    PARLEY_BI_USERNAME: 'parley',
    PARLEY_BI_PASSWORD: 'wrong',
  });
  expect(wrong.code).toBe(1);
  expect((JSON.parse(wrong.out) as Result).checks).toEqual([
    {
      name: 'account',
      status: 'fail',
      found: expect.stringContaining('PARLEY_'),
      action: expect.stringContaining('bi.password'),
    },
  ]);
  const gone = await parley(['doctor', 'bi', '--json'], { PARLEY_CLICKHOUSE_URL: 'http://127.0.0.1:9' });
  expect(gone.code).toBe(1);
  expect((JSON.parse(gone.out) as Result).checks).toMatchObject([
    { name: 'account', found: expect.stringMatching(/UNREACHABLE/) },
  ]);
});

test('without a warehouse it says so, and makes none', async () => {
  const { code, err } = await parley(['doctor', 'bi', '--data-dir', join(warehouse.dataDir, 'none')]);
  expect(code).toBe(1);
  expect(err).toContain('PARLEY_SOURCE_NOT_FOUND');
});

test('what answers on a port is told apart from MySQL', async () => {
  const { checkLookerStudio } = await import('../../src/warehouse/bi/looker-studio.ts');
  const answers = async (greeting: Buffer) => {
    const server = createServer((socket) => socket.end(greeting));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as { port: number }).port;
    try {
      // The engine has no MySQL port to ask for, so its answer is the one thing that stands in for a server's.
      const client = new Proxy(warehouse.bi, {
        get: (target, name) =>
          name === 'query'
            ? () => target.query({ query: `SELECT ${port} AS port`, format: 'JSONEachRow' })
            : Reflect.get(target, name),
      });
      return await checkLookerStudio(client, { databases: [], url: warehouse.server.url, isEmbedded: false });
    } finally {
      server.close();
    }
  };
  const mysql = Buffer.concat([Buffer.from([0x4a, 0, 0, 0, 0x0a]), Buffer.from('8.0.31\0')]);
  expect(await answers(mysql)).toMatchObject({ status: 'ok' });
  expect(await answers(Buffer.from('HTTP/1.1 400'))).toMatchObject({
    status: 'warn',
    found: expect.stringContaining('does not speak MySQL'),
  });
});

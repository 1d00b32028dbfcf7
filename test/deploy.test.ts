import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ClickHouseClient, connect, queryRows } from '../src/warehouse/client.ts';
import { type Engine, startEngine } from '../src/warehouse/embedded/engine.ts';
import { makeServerFolder, serverFolder } from '../src/warehouse/embedded/folder.ts';
import { findLibrary } from '../src/warehouse/embedded/library.ts';
import { choosePort } from '../src/warehouse/embedded/ports.ts';
import { xml } from '../src/warehouse/embedded/xml.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { checkSettings } from '../src/warehouse/settings.ts';

/** deploy/clickhouse/, on a real server: the embedded engine merges config.d and users.d as any ClickHouse does. */
const deploy = fileURLToPath(new URL('../deploy/clickhouse/', import.meta.url));
const passwords = { PARLEY_PASSWORD: 'of-parley', BI_PASSWORD: 'of-bi', REPLICA: 'clickhouse-2', CLUSTER_SECRET: 'cs' };
const dataDir = mkdtempSync(join(tmpdir(), 'parley-deploy-'));
const clients: ClickHouseClient[] = [];
let engine: Engine;
let url: string;

function client(username: string, password: string): ClickHouseClient {
  const made = connect({ url, username, password });
  clients.push(made);
  return made;
}

beforeAll(async () => {
  const folder = serverFolder(dataDir);
  makeServerFolder(folder);
  // Stands in for the image's own files.
  const engineUser = { no_password: '', networks: { ip: '127.0.0.1' }, profile: 'engine', quota: 'default' };
  writeFileSync(
    folder.config,
    xml('clickhouse', { logger: { log: folder.log }, user_directories: { users_xml: { path: folder.users } } }),
  );
  writeFileSync(folder.users, xml('clickhouse', { profiles: { default: {}, engine: { max_sessions_for_user: 1 } } }));
  for (const name of ['config.d', 'users.d']) mkdirSync(join(folder.root, name));
  cpSync(join(deploy, 'config.d/parley.xml'), join(folder.root, 'config.d/parley.xml'));
  cpSync(join(deploy, 'cluster.d/cluster.xml'), join(folder.root, 'config.d/parley-cluster.xml'));
  cpSync(join(deploy, 'users.d/parley.xml'), join(folder.root, 'users.d/parley.xml'));
  // The embedded engine opens its ports as `default`, which the files take away.
  writeFileSync(join(folder.root, 'users.d/zz-engine.xml'), xml('clickhouse', { users: { default: engineUser } }));
  const httpPort = await choosePort(0);
  const tcpPort = await choosePort(0, [httpPort]);
  url = `http://127.0.0.1:${httpPort}`;
  Object.assign(process.env, passwords);
  try {
    engine = startEngine({ library: findLibrary(), folder, httpPort, tcpPort });
  } finally {
    for (const name of Object.keys(passwords)) delete process.env[name];
  }
  for (const deadline = Date.now() + 50_000; ; await delay(50)) {
    const isUp = await fetch(`${url}/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) break;
    if (engine.hasEnded() || Date.now() > deadline) throw new Error(engine.lastLines().join('\n'));
  }
});

afterAll(async () => {
  for (const one of clients) await one.close();
  await engine?.stop(10_000);
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the users and settings of deploy/clickhouse', () => {
  test('parley migrates, has the settings that counting once depends on, and its dictionaries can read', async () => {
    const parley = client('parley', passwords.PARLEY_PASSWORD);
    expect((await migrate(parley)).length).toBeGreaterThan(10);
    await checkSettings(parley, ['orchestrator', 'conversations']);
    const dictionaries = await queryRows<{ name: string }>(
      parley,
      "SELECT name FROM system.dictionaries WHERE database = 'conversations'",
    );
    expect(dictionaries.length).toBeGreaterThan(2);
    for (const { name } of dictionaries)
      await parley.command({ query: `SYSTEM RELOAD DICTIONARY conversations.${name}` });
    const windows = await queryRows<{ value: string }>(
      parley,
      "SELECT value FROM system.merge_tree_settings WHERE name LIKE '%replicated_deduplication_window'",
    );
    expect(windows.map(({ value }) => value)).toEqual(['10000', '10000']);
  });

  test('bi reads, and writes nothing', async () => {
    const bi = client('bi', passwords.BI_PASSWORD);
    const [row] = await queryRows<{ n: number }>(bi, 'SELECT toUInt32(count()) AS n FROM conversations.dim_dates');
    expect(row?.n).toBeGreaterThan(1000);
    const forbidden = [
      'CREATE TABLE conversations.x (n Int8) ENGINE = Memory',
      'INSERT INTO conversations.dim_dates SELECT * FROM conversations.dim_dates',
      "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'n Int8')",
    ];
    for (const query of forbidden) await expect(bi.command({ query })).rejects.toThrow(/Not enough privileges/);
    await expect(queryRows(bi, 'SELECT 1 SETTINGS readonly = 0')).rejects.toThrow(/readonly/);
  });

  test.each(['parley', 'bi'])('%s needs its password', async (username) => {
    await expect(queryRows(client(username, ''), 'SELECT 1')).rejects.toThrow(/Authentication failed/);
  });

  test('a replica has its macros, and knows the cluster', async () => {
    const parley = client('parley', passwords.PARLEY_PASSWORD);
    expect(await queryRows(parley, 'SELECT macro, substitution FROM system.macros ORDER BY macro')).toEqual([
      { macro: 'replica', substitution: passwords.REPLICA },
      { macro: 'shard', substitution: '1' },
    ]);
    expect(
      await queryRows(
        parley,
        "SELECT host_name, port FROM system.clusters WHERE cluster = 'parley' ORDER BY host_name",
      ),
    ).toEqual([
      { host_name: 'clickhouse-1', port: 9000 },
      { host_name: 'clickhouse-2', port: 9000 },
    ]);
  });
});

describe('the files of the cluster', () => {
  const text = (file: string) => readFileSync(join(deploy, file), 'utf8');
  const compose = parse(readFileSync(new URL('../docker-compose.yml', import.meta.url), 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, { readonly healthcheck: { readonly test: readonly string[] } }>>;
  };
  const all = readdirSync(deploy, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.xml'));

  test.each(all)('%s is well-formed', (file) => {
    expect(unbalanced(text(file))).toEqual([]);
  });

  test('an end that is missing is found', () => {
    expect(unbalanced('<a><b/><c></a>')).not.toEqual([]);
  });

  test('they and docker-compose.yml agree on hosts and ports', () => {
    const cluster = text('cluster.d/cluster.xml');
    const keeper = text('keeper/keeper.xml');
    for (const [, host] of cluster.matchAll(/<host>(.+)<\/host>/g)) expect(compose.services).toHaveProperty([host!]);
    const keeperPort = /<host>keeper<\/host>\s*<port>(\d+)</.exec(cluster)?.[1];
    expect(/<tcp_port>(\d+)</.exec(keeper)?.[1]).toBe(keeperPort);
    const readyPort = /<http_control>\s*<port>(\d+)</.exec(keeper)?.[1];
    expect(compose.services.keeper!.healthcheck.test.at(-1)).toBe(`http://127.0.0.1:${readyPort}/ready`);
  });
});

/** The names of elements that do not end where they should. */
function unbalanced(document: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, end, name, empty] of document
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .matchAll(/<(\/?)([\w-]+)[^<>]*?(\/?)>/g)) {
    if (end) {
      if (open.pop() !== name) wrong.push(name!);
    } else if (!empty) open.push(name!);
  }
  return [...wrong, ...open];
}

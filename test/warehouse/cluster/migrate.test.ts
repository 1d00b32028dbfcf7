import { describe, expect, onTestFinished, test } from 'vitest';
import { queryRows } from '../../../src/warehouse/client.ts';
import { clusterScript } from '../../../src/warehouse/cluster/script.ts';
import { plainLandingTables } from '../../../src/warehouse/deduplication-windows.ts';
import { readMigrationFiles } from '../../../src/warehouse/migration-files.ts';
import { clusterDomain } from '../../../src/warehouse/migration-record.ts';
import { migrate, pendingMigrations } from '../../../src/warehouse/migrations.ts';
import { checkSettings } from '../../../src/warehouse/settings.ts';
import { parley } from '../../cli/program.ts';
import { cluster, type Shards, type ShardsOptions, startShards, withoutKeeper } from './shards.ts';

const databases = ['orchestrator', 'conversations'];

async function start(count: number, options: ShardsOptions = {}): Promise<Shards> {
  const shards = await startShards(count, options);
  onTestFinished(() => shards.stop());
  return shards;
}

describe('a cluster', () => {
  test('is remembered, so that it need not be named again', async () => {
    const shards = await start(2);
    const [first, second] = shards.clients.map(withoutKeeper);
    const files = readMigrationFiles();
    expect(await migrate(first!, { cluster, domains: [] })).not.toEqual([]);
    const applied = await migrate(first!);
    expect(applied.map(({ domain }) => domain)).toContain('conversations');
    expect(await migrate(first!, { cluster })).toEqual([]);

    // A server that came later has no record, and gets everything once it is told the cluster.
    expect(await pendingMigrations(second!, { cluster })).toHaveLength(files.length);
    expect(await migrate(second!, { cluster })).toHaveLength(files.length);
    for (const client of shards.clients) {
      await checkSettings(client, databases);
      const engines = await queryRows<{ name: string; engine: string }>(
        client,
        "SELECT name, engine FROM system.tables WHERE database = 'conversations' AND match(name, '^(landing|store)_') AND NOT endsWith(engine, 'View') ORDER BY name",
      );
      for (const { name, engine } of engines) expect(engine === 'Distributed', name).toBe(!name.endsWith('_local'));
    }
  });

  test('that is named otherwise, or sharded otherwise, than when the tables were made is refused', async () => {
    const shards = await start(1, {
      change: (text) => text.replace(/<shards>([\s\S]*)<\/shards>/, (all, inner) => `${all}<others>${inner}</others>`),
    });
    const [client] = shards.clients.map(withoutKeeper);
    await migrate(client!, { cluster });
    const changed = expect.objectContaining({ code: 'PARLEY_CLUSTER_CHANGED' });
    await expect(migrate(client!, { cluster: 'others' })).rejects.toEqual(changed);
    // `parley run` migrates nothing, and asks this at its start.
    await expect(pendingMigrations(client!, { cluster: 'others' })).rejects.toEqual(changed);
    expect(await pendingMigrations(client!)).toEqual([]);
    await client!.command({
      query: `INSERT INTO orchestrator.migrations SELECT '${clusterDomain}', '${cluster}', 'shards with weights 1, 1', now64(3), 0`,
    });
    // Also without the name, and with nothing to apply: as at each start of `parley run`.
    await expect(migrate(client!)).rejects.toMatchObject({
      code: 'PARLEY_CLUSTER_CHANGED',
      detail: { expected: 'shards with weights 1, 1', received: 'shards with weights 1' },
    });
    await expect(pendingMigrations(client!)).rejects.toEqual(changed);
  });

  test('cannot be made of a server that has its tables already', async () => {
    const shards = await start(1);
    const [client] = shards.clients;
    await migrate(client!);
    const changed = { code: 'PARLEY_CLUSTER_CHANGED', detail: { expected: 'no cluster' } };
    await expect(migrate(client!, { cluster })).rejects.toMatchObject(changed);
    await expect(pendingMigrations(client!, { cluster })).rejects.toMatchObject(changed);
    expect(await plainLandingTables(client!, ['conversations'])).toContain('conversations.landing_messages');
    expect(await queryRows(client!, "SELECT name FROM system.tables WHERE endsWith(name, '_local')")).toEqual([]);
  });
});

describe('refused before anything is made', () => {
  test.each<[string, string, ShardsOptions['change'], object]>([
    [
      'a cluster that is not configured',
      'nowhere',
      undefined,
      { code: 'PARLEY_CLUSTER_UNFIT', detail: { received: 'nowhere' } },
    ],
    [
      'shards that do not replicate by themselves',
      cluster,
      (text) => text.replaceAll('<internal_replication>true', '<internal_replication>false'),
      { code: 'PARLEY_CLUSTER_UNFIT', detail: { received: 'false' } },
    ],
    [
      'servers without a macro',
      cluster,
      (text) => text.replace(/<replica>only<\/replica>/, ''),
      { code: 'PARLEY_CLUSTER_UNFIT', detail: { received: '0/(none), 1/(none)' } },
    ],
    [
      'shards of one name',
      cluster,
      (text, shard) => text.replace(`<shard>${shard}</shard>`, '<shard>0</shard>'),
      { code: 'PARLEY_CLUSTER_UNFIT', detail: { received: '0/only, 0/only' } },
    ],
  ])('%s', async (_name, name, change, expected) => {
    const shards = await start(2, change && { change });
    const [client] = shards.clients;
    await expect(migrate(client!, { cluster: name })).rejects.toMatchObject(expected);
    expect(await queryRows(client!, "SELECT name FROM system.databases WHERE name = 'orchestrator'")).toEqual([]);
  });

  // Of a cluster and of a single server of one's own alike.
  test('a server without the named collection that dictionaries read with', async () => {
    const shards = await start(1, {
      change: (text) => text.replace(/<named_collections>[\s\S]*<\/named_collections>/, ''),
    });
    const [client] = shards.clients;
    await expect(migrate(client!)).rejects.toMatchObject({
      code: 'PARLEY_NAMED_COLLECTION',
      detail: { received: 'NAMED_COLLECTION_DOESNT_EXIST (669)' },
    });
    const made = await queryRows(
      client!,
      "SELECT name FROM system.tables WHERE database IN ('orchestrator', 'conversations')",
    );
    expect(made).toEqual([{ name: 'migrations' }]);
  });
});

test('a Distributed landing table that is not sharded by its rows is found', async () => {
  const shards = await start(1);
  const [client] = shards.clients;
  for (const query of [
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (id String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 5',
    `CREATE TABLE shop.landing_orders AS shop.orders ENGINE = Distributed('${cluster}', 'shop', 'orders', rand())`,
  ]) {
    await client!.command({ query });
  }
  const problems = await checkSettings(client!, ['shop']).catch((error: Error) => error.message);
  expect(problems).toContain(
    'shop.landing_orders, Distributed: expected sharded by cityHash64 of its sorting key, received rand()',
  );
  expect(problems).toContain('shop.orders, non_replicated_deduplication_window: expected 1000 or more, received 5');
});

describe('the program', () => {
  test('prints the SQL without a server', async () => {
    const { code, out, err } = await parley(['migrate', '--cluster', 'analytics', '--print']);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toBe(clusterScript(readMigrationFiles(), 'analytics'));
  });

  test.each([
    [['--print'], /no --cluster/],
    [['--cluster', "a'b", '--print'], /cannot be the name of a cluster/],
    [['--cluster', 'analytics', '--print', '--json'], /--dry-run or --json/],
    [['--cluster', 'analytics', '--data-dir', 'nowhere'], /The embedded server is no cluster/],
  ])('%j is wrong use', async (flags, message) => {
    const { code, err } = await parley(['migrate', ...flags]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test.each([
    ['--cluster', ['--cluster', cluster], {}],
    ['the configuration', [], { PARLEY_CLICKHOUSE_CLUSTER: cluster }],
  ])('by %s gives the statements to the cluster, and tells what the server answers', async (_, flags, more) => {
    const shards = await start(1);
    const { url, username, password } = shards.account(0);
    const account = {
      PARLEY_CLICKHOUSE_URL: url,
      PARLEY_CLICKHOUSE_USERNAME: username,
      PARLEY_CLICKHOUSE_PASSWORD: password,
    };
    const { code, err } = await parley(['migrate', ...flags], { ...account, ...more } as Record<string, string>);
    // The embedded engine has no Keeper to hand a statement to other servers through.
    expect(err).toMatch(/PARLEY_WAREHOUSE_REFUSED .*(ZooKeeper|Keeper|ON CLUSTER|DDL)/i);
    expect(code).toBe(1);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findRunningServer } from '../../src/warehouse/embedded/running.ts';
import {
  type EmbeddedServer,
  type EmbeddedServerOptions,
  startEmbeddedServer,
} from '../../src/warehouse/embedded/server.ts';

/** What the tests below started, ended in reverse after each (or, in a group with one server, after all). */
const cleanups: (() => unknown)[] = [];

async function cleanUp(): Promise<void> {
  for (let next = cleanups.pop(); next; next = cleanups.pop()) await next();
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'parley-embedded-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function start(options: Partial<EmbeddedServerOptions> = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ dataDir: folder(), httpPort: 0, tcpPort: 0, ...options });
  cleanups.push(() => server.stop());
  return server;
}

function clientOf(server: { url: string }, username: string, password = ''): ClickHouseClient {
  const client = createClient({ url: server.url, username, password, keep_alive: { enabled: false } });
  cleanups.push(() => client.close());
  return client;
}

async function select(client: ClickHouseClient, query: string): Promise<unknown[][]> {
  const answer = await client.query({ query, format: 'JSONCompactEachRow' });
  return answer.json();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // In a container nobody may wait for an orphan: it then stays as a zombie.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !condition(); await delay(20)) {
    if (Date.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${condition}`);
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen({ host: '127.0.0.1', port });
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** A Parley process with a server on this data folder, from the compiled program. Gives both pids. */
async function startParent(dataDir: string): Promise<{ parent: ChildProcess; parentPid: number; enginePid: number }> {
  const program = `
    import { startEmbeddedServer } from ${JSON.stringify(new URL('../../dist/warehouse/embedded/server.js', import.meta.url).href)};
    const server = await startEmbeddedServer({ dataDir: process.argv[1], httpPort: 0, tcpPort: 0 });
    console.log(server.pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let enginePid = 0;
  cleanups.push(async () => {
    parent.kill('SIGKILL');
    await until(() => enginePid === 0 || !isRunning(enginePid));
  });
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  enginePid = Number(line);
  return { parent, parentPid: parent.pid ?? 0, enginePid };
}

describe('a running server', () => {
  let dataDir: string;
  let server: EmbeddedServer;
  let writer: ClickHouseClient;
  let reader: ClickHouseClient;
  const lines: string[] = [];

  beforeAll(async () => {
    dataDir = folder();
    server = await start({ dataDir, log: (level, message) => lines.push(`${level} ${message}`) });
    writer = clientOf(server, server.username, server.password);
    reader = clientOf(server, 'bi');
    await writer.command({ query: 'CREATE DATABASE shop' });
    await writer.command({ query: 'CREATE TABLE shop.orders (id UInt32, item String) ENGINE MergeTree ORDER BY id' });
    await writer.command({ query: "INSERT INTO shop.orders VALUES (1, 'tea'), (2, 'cup')" });
  });
  afterAll(cleanUp);

  test('answers its writer, with the settings that keep one copy of a repeated insert, in UTC', async () => {
    const settings = ['async_insert', 'insert_deduplicate', 'deduplicate_blocks_in_dependent_materialized_views'];
    const values = settings.map((name) => `toString(getSetting('${name}'))`).join(', ');
    expect(await select(writer, `SELECT currentUser(), version(), timezone(), ${values}`)).toEqual([
      ['parley', server.version, 'UTC', 'false', 'true', 'true'],
    ]);
  });

  test('lets BI tools read, and change settings as they do on connecting', async () => {
    expect(await select(reader, 'SELECT count(), currentUser() FROM shop.orders')).toEqual([[2, 'bi']]);
    const answer = await reader.query({
      query: "SELECT getSetting('max_execution_time')",
      format: 'JSONCompactEachRow',
      clickhouse_settings: { max_execution_time: 7 },
    });
    expect(await answer.json()).toEqual([[7]]);
    const columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY 1";
    expect(await select(reader, columns)).toEqual([['id'], ['item']]);
  });

  test.each([
    ['insert', "INSERT INTO shop.orders VALUES (3, 'milk')"],
    ['create a table', 'CREATE TABLE shop.mine (id UInt8) ENGINE Memory'],
    ['create a database', 'CREATE DATABASE mine'],
    ['create a temporary table', 'CREATE TEMPORARY TABLE mine (id UInt8)'],
    ['drop', 'DROP TABLE shop.orders'],
    ['delete', 'ALTER TABLE shop.orders DELETE WHERE 1'],
    ['become a writer', 'SET readonly = 0'],
    ['read a file', "SELECT * FROM file('/etc/hostname', 'LineAsString')"],
    ['read a file as a table', 'SELECT * FROM default.`/etc/hostname`'],
    ['fetch a URL', "SELECT * FROM url('http://127.0.0.1/', 'LineAsString')"],
    ['ask another server', "SELECT * FROM remote('127.0.0.1', 'shop', 'orders')"],
    ['run a program', "SELECT * FROM executable('x', 'TSV', 'x String')"],
    ['close a port', 'SYSTEM STOP LISTEN TCP'],
  ])('does not let BI tools %s', async (_, query) => {
    await expect(reader.command({ query })).rejects.toMatchObject({
      type: expect.stringMatching(/^(ACCESS_DENIED|READONLY)$/),
    });
    expect(await select(writer, 'SELECT count() FROM shop.orders')).toEqual([[2]]);
  });

  test('has no usable default user', async () => {
    await expect(select(clientOf(server, 'default'), 'SELECT 1')).rejects.toMatchObject({
      type: 'USER_SESSION_LIMIT_EXCEEDED',
    });
  });

  test('keeps the password out of its log, and out of the sight of others', async () => {
    const root = join(dataDir, 'clickhouse');
    await expect(select(clientOf(server, 'parley', 'guess'), 'SELECT 1')).rejects.toMatchObject({
      type: 'AUTHENTICATION_FAILED',
    });
    expect(statSync(root).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'password')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(root, 'password'), 'utf8')).toBe(server.password);
    expect(readFileSync(join(root, 'server.log'), 'utf8')).not.toContain(server.password);
    expect(readFileSync(join(dataDir, 'server.json'), 'utf8')).not.toContain(server.password);
    expect(lines.join('\n')).not.toContain(server.password);
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(server.password);
    }
  });

  test('speaks the native protocol', async () => {
    const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
    // Hello: packet 0, client name, version 24.1, protocol 54000 as a varint, database, user, password.
    const version = Buffer.from([24, 1, 0xf0, 0xa5, 0x03]);
    const hello = [Buffer.from([0]), text('test'), version, text(''), text('bi'), text('')];
    const socket = connect(server.tcpPort, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    await once(socket, 'connect');
    socket.write(Buffer.concat(hello));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer[0]).toBe(0);
    expect(answer.subarray(2, 2 + answer[1]!).toString()).toBe('ClickHouse');
    socket.destroy();
  });

  test('listens on the loopback interface alone', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outside = addresses.filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of outside) {
      for (const port of [server.httpPort, server.tcpPort]) {
        const socket = connect(port, address);
        const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
        expect(error.code).toBe('ECONNREFUSED');
      }
    }
    if (process.platform === 'linux') expect(listeningAddresses(server.pid)).toEqual(['0100007F', '0100007F']);
  });

  test('runs dictionaries, aggregating views and refreshable views', async () => {
    for (const query of [
      'CREATE TABLE shop.prices (id UInt64, since DateTime, until DateTime, price UInt32) ENGINE MergeTree ORDER BY id',
      "INSERT INTO shop.prices VALUES (1, '2024-01-01', '2024-02-01', 5), (1, '2024-02-01', '2099-01-01', 6)",
      `CREATE DICTIONARY shop.price (id UInt64, since DateTime, until DateTime, price UInt32) PRIMARY KEY id
       SOURCE(CLICKHOUSE(NAME parley DB 'shop' TABLE 'prices')) LIFETIME(0)
       LAYOUT(COMPLEX_KEY_RANGE_HASHED()) RANGE(MIN since MAX until)`,
      `CREATE TABLE shop.sums (item String, n SimpleAggregateFunction(sum, UInt64), ids AggregateFunction(uniq, UInt32))
       ENGINE AggregatingMergeTree ORDER BY item`,
      `CREATE MATERIALIZED VIEW shop.to_sums TO shop.sums AS
       SELECT item, count() AS n, uniqState(id) AS ids FROM shop.orders GROUP BY item`,
      "INSERT INTO shop.orders SELECT number % 3 + 10, 'pot' FROM numbers(9)",
      'CREATE MATERIALIZED VIEW shop.total REFRESH EVERY 1 HOUR ENGINE MergeTree ORDER BY n AS SELECT count() AS n FROM shop.orders',
      'SYSTEM WAIT VIEW shop.total',
    ]) {
      await writer.command({ query });
    }
    const price = "SELECT dictGet('shop.price', 'price', tuple(toUInt64(1)), toDateTime('2024-01-15'))";
    expect(await select(reader, price)).toEqual([[5]]);
    expect(await select(reader, 'SELECT item, sum(n), uniqMerge(ids) FROM shop.sums GROUP BY item')).toEqual([
      ['pot', 9, 3],
    ]);
    expect(await select(reader, 'SELECT n FROM shop.total')).toEqual([[11]]);
    await writer.command({ query: 'ALTER TABLE shop.orders DELETE WHERE id >= 10 SETTINGS mutations_sync = 1' });
    expect(await select(reader, 'SELECT count() FROM shop.orders')).toEqual([[2]]);
  });

  test('is found by other processes, and refuses a second server on its folder', async () => {
    const found = await findRunningServer(dataDir);
    expect(found).toEqual({
      url: server.url,
      httpPort: server.httpPort,
      tcpPort: server.tcpPort,
      version: server.version,
      username: 'parley',
      password: server.password,
      ownerPid: process.pid,
    });
    await expect(startEmbeddedServer({ dataDir })).rejects.toMatchObject({
      code: 'PARLEY_DATA_DIR_IN_USE',
      message: expect.stringContaining('this process'),
    });
    expect(await select(reader, 'SELECT 1')).toEqual([[1]]);
  });
});

describe('the life of a server', () => {
  afterEach(cleanUp);

  test('comes back on its ports after kill -9, with every row that was acknowledged', async () => {
    const server = await start();
    const writer = clientOf(server, server.username, server.password);
    await writer.command({ query: 'CREATE DATABASE shop' });
    await writer.command({ query: 'CREATE TABLE shop.orders (id UInt32) ENGINE MergeTree ORDER BY id' });
    for (let id = 1; id <= 20; id++) await writer.command({ query: `INSERT INTO shop.orders VALUES (${id})` });
    const { pid, httpPort, tcpPort } = server;
    const restarted = new Promise<void>((resolve) => server.onRestart(resolve));
    process.kill(pid, 'SIGKILL');
    await restarted;
    expect(server.pid).not.toBe(pid);
    expect([server.httpPort, server.tcpPort]).toEqual([httpPort, tcpPort]);
    expect(await select(writer, 'SELECT count(), sum(id) FROM shop.orders')).toEqual([[20, 210]]);
  });

  test('gives up, with the last lines of the log, when it crashes again and again', async () => {
    const dataDir = folder();
    const server = await start({ dataDir });
    const failed = new Promise<Error>((resolve) => server.onFailure(resolve));
    writeFileSync(join(dataDir, 'clickhouse', 'users.xml'), '<clickhouse/>');
    process.kill(server.pid, 'SIGKILL');
    const error = await failed;
    expect(error).toMatchObject({ code: 'PARLEY_ENGINE_START', message: expect.stringContaining('in a row') });
    expect((error as Error & { detail: { received: string } }).detail.received).toMatch(/DB::Exception/);
    expect(isRunning(server.pid)).toBe(false);
  });

  test('syncs inserts to the disk when asked to', async () => {
    for (const syncInserts of [true, false]) {
      const server = await start({ syncInserts });
      const writer = clientOf(server, server.username, server.password);
      const query = "SELECT name, value FROM system.merge_tree_settings WHERE name LIKE 'fsync_%' ORDER BY name";
      const value = syncInserts ? '1' : '0';
      expect(await select(writer, query)).toEqual([
        ['fsync_after_insert', value],
        ['fsync_part_directory', value],
      ]);
    }
  });

  test('is not started again when that is not wanted', async () => {
    const server = await start({ restart: false });
    const failed = new Promise<Error>((resolve) => server.onFailure(resolve));
    process.kill(server.pid, 'SIGKILL');
    expect((await failed).message).toContain('SIGKILL');
  });

  test('says why it cannot start', async () => {
    const dataDir = folder();
    const first = await start({ dataDir });
    await first.stop();
    const metadata = join(dataDir, 'clickhouse', 'data', 'metadata');
    mkdirSync(metadata, { recursive: true });
    writeFileSync(join(metadata, 'broken.sql'), 'not SQL');
    await expect(startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 })).rejects.toMatchObject({
      code: 'PARLEY_ENGINE_START',
      detail: { received: expect.stringContaining('broken.sql') },
    });
    expect(existsSync(join(dataDir, 'server.json'))).toBe(false);
  });

  test('takes the next free ports when the wanted ones are taken, and says so', async () => {
    const [http, tcp] = [portOf(await listen(0)), portOf(await listen(0))];
    const lines: string[] = [];
    const server = await start({ httpPort: http, tcpPort: tcp, log: (level, line) => lines.push(`${level} ${line}`) });
    expect(server.httpPort).not.toBe(http);
    expect(server.tcpPort).not.toBe(tcp);
    expect(lines).toContain(`warn ClickHouse: HTTP port ${http} is taken; using ${server.httpPort}.`);
    expect(lines).toContain(`warn ClickHouse: native port ${tcp} is taken; using ${server.tcpPort}.`);
  });

  test('stops cleanly, leaves nothing running, and starts again with the same password', async () => {
    const dataDir = folder();
    const server = await start({ dataDir });
    await server.stop();
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
    expect(readdirSync(dataDir)).toEqual(['clickhouse']);
    expect(readFileSync(join(dataDir, 'clickhouse', 'server.log'), 'utf8')).toContain('Shutdown disk default');
    expect(await findRunningServer(dataDir)).toBeUndefined();
    const again = await start({ dataDir });
    expect(again.password).toBe(server.password);
  });

  test('can be stopped while it is coming back', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGKILL');
    await until(() => !isRunning(server.pid));
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });

  test('dies with its parent, and a stale lease does not block the next', async () => {
    const dataDir = folder();
    const { parent, parentPid, enginePid } = await startParent(dataDir);
    expect(await findRunningServer(dataDir)).toMatchObject({ ownerPid: parentPid, username: 'parley' });
    await expect(startEmbeddedServer({ dataDir })).rejects.toMatchObject({
      code: 'PARLEY_DATA_DIR_IN_USE',
      message: expect.stringContaining(`process ${parentPid}`),
    });
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(existsSync(join(dataDir, 'server.json'))).toBe(true);
    expect(await findRunningServer(dataDir)).toBeUndefined();
    // At once: the engine of the killed process may still be there, and hold the folder.
    await start({ dataDir });
    await until(() => !isRunning(enginePid));
  });

  test.runIf(process.platform === 'linux')('is not reached by the Ctrl-C that its parent answers', async () => {
    const { enginePid } = await startParent(folder());
    const group = readFileSync(`/proc/${enginePid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    expect(Number(group)).toBe(enginePid);
  });

  test('says what to install when the engine is missing, and touches nothing', async () => {
    const [program, dataDir] = [folder(), join(folder(), 'data')];
    cpSync(new URL('../../dist', import.meta.url), program, { recursive: true });
    writeFileSync(join(program, 'package.json'), '{"type":"module"}');
    const { startEmbeddedServer: start } = (await import(join(program, 'warehouse/embedded/server.js'))) as {
      startEmbeddedServer: typeof startEmbeddedServer;
    };
    await expect(start({ dataDir })).rejects.toMatchObject({
      code: 'PARLEY_ENGINE_MISSING',
      detail: { expected: expect.stringContaining('npm install --include=optional') },
    });
    expect(existsSync(dataDir)).toBe(false);
  });

  test('ignores a lease whose pid has gone to another process, or that is not one', async () => {
    const dataDir = folder();
    const address = { url: 'http://127.0.0.1:1', httpPort: 1, tcpPort: 2, version: 0 };
    const lease = { pid: process.ppid, startedAt: 1, server: address };
    for (const text of [JSON.stringify(lease), '{"pid":', 'null']) {
      writeFileSync(join(dataDir, 'server.json'), text);
      expect(await findRunningServer(dataDir)).toBeUndefined();
      const server = await start({ dataDir });
      expect(await findRunningServer(dataDir)).toMatchObject({ url: server.url });
      await server.stop();
    }
  });
});

/** Hexadecimal addresses of a process's listening sockets (Linux). */
function listeningAddresses(pid: number): string[] {
  const inodes = new Set<string | undefined>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      inodes.add(/socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1]);
    } catch {
      // Closed since it was listed.
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9]))
      .map((fields) => fields[1]!.split(':')[0]!),
  );
}

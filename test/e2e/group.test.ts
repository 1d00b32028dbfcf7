import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Answer } from '../../src/dashboard/contract.ts';
import { connect } from '../../src/warehouse/client.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/warehouse/embedded/server.ts';
import { parley } from '../cli/program.ts';
import { type Broker, startBroker } from '../kafka/broker.ts';
import { generate, readEvents } from './support/events.ts';
import { folderOfTests } from './support/folder.ts';
import { Member } from './support/member.ts';
import { runToEnd } from './support/processor.ts';
import { type Line, linesInOrder, Publisher } from './support/publish.ts';
import { seed } from './support/seed.ts';
import { differences, readDigest, recounted, type WarehouseDigest, warehouseDigest } from './support/warehouse.ts';

/** The real program on a real broker and a real ClickHouse: whatever happens to its members, the tables are exact. */
const folder = folderOfTests();
const partitions = 4;

let broker: Broker;
let server: EmbeddedServer;
let publisher: Publisher;
let lines: Line[];
let messages: Line[];
let undisturbed: WarehouseDigest;
let shared: Record<string, string>;

beforeAll(async () => {
  const events = join(folder, 'events');
  await generate({ out: events, messages: 20_000, seed, lateShare: 0.05 });
  await runToEnd({ paths: [events], dataDir: join(folder, 'embedded') });
  undisturbed = await warehouseDigest(join(folder, 'embedded'));
  lines = linesInOrder(readEvents(events));
  messages = lines.filter(({ topic }) => topic === 'conversations.messages');
  broker = await startBroker();
  server = await startEmbeddedServer({ dataDir: join(folder, 'warehouse'), httpPort: 0, tcpPort: 0 });
  publisher = new Publisher(broker.brokers, 'test.');
  await publisher.connect();
  shared = {
    PARLEY_APP: 'group-test',
    PARLEY_KAFKA_BROKERS: broker.brokers.join(','),
    PARLEY_KAFKA_TOPIC_PREFIX: 'test.',
    PARLEY_KAFKA_SESSION_TIMEOUT_MS: '6000',
    PARLEY_CLICKHOUSE_URL: server.url,
    PARLEY_CLICKHOUSE_USERNAME: server.username,
    PARLEY_CLICKHOUSE_PASSWORD: server.password,
    PARLEY_CHECKPOINT_INTERVAL_MS: '2000',
  };
}, 180_000);

afterAll(async () => {
  await publisher?.disconnect();
  await broker?.stop();
  await server?.stop();
}, 60_000);

function member(name: string, more: Record<string, string> = {}, args: readonly string[] = []): Member {
  const made = new Member({ ...shared, PARLEY_STATE_DIR: join(folder, 'state', name), ...more }, args);
  // What a failed test leaves must not share the work of the next one.
  onTestFinished(async () => {
    made.kill('SIGKILL');
    await made.ended;
  });
  return made;
}

/** Until the group has committed all that was published. */
async function caughtUp(): Promise<void> {
  for (const deadline = Date.now() + 90_000; ; await sleep(250)) {
    const { code, out, err } = await parley(['lag', '--json'], shared);
    if (code === 0 && (JSON.parse(out) as { lag: number }).lag === 0) return;
    if (Date.now() > deadline) throw new Error(`The group is behind:\n${out}\n${err}`);
  }
}

/** All but `asides`, which a test has changed on purpose. */
async function expectExact(asides: readonly string[] = []): Promise<void> {
  const client = connect(server);
  try {
    const without = (digest: WarehouseDigest) => new Map([...digest].filter(([view]) => !asides.includes(view)));
    expect(differences(without(undisturbed), without(await readDigest(client))), `seed ${seed}`).toEqual([]);
    const { kept, facts } = await recounted(client);
    expect(kept).toEqual(facts);
  } finally {
    await client.close();
  }
}

describe('a consumer group', () => {
  test('is exact through waiting, joining, leaving, sleeping, kill -9, and a broker and a ClickHouse that die', async () => {
    const refused = member('early');
    expect((await refused.ended).code).toBe(1);
    expect(refused.errors).toContain('PARLEY_MIGRATION_NEEDED');
    expect((await parley(['migrate'], shared)).code).toBe(0);

    const one = member('one');
    await one.until(/^Waiting: A topic does not exist yet/);
    await publisher.createTopics(partitions);
    await one.ready();
    expect(await one.metric('parley_tasks', 'state="open"')).toBe(3 * partitions);
    const part = Math.ceil(lines.length / 8);
    const publish = (from: number, to: number) => publisher.send(lines.slice(from * part, to * part));
    await publish(0, 2);

    const two = member('two');
    await publish(2, 3);
    await two.ready();
    const tasks = await two.metric('parley_tasks', 'state="open"');
    expect(tasks).toBeGreaterThan(0);
    expect(tasks).toBeLessThan(3 * partitions);
    await publish(3, 4);
    one.kill('SIGKILL');
    await publish(4, 5);
    // It has its state on the disk, and comes back before the group has noticed that it died.
    const back = member('one');
    await back.ready();
    // A zombie: it sleeps past its session, others take its tasks, and it wakes with batches of them in hand.
    two.kill('SIGSTOP');
    await publish(5, 6);
    await back.shows(3 * partitions, 'parley_tasks', 'state="open"');
    two.kill('SIGCONT');
    await two.until(/has come back/);
    await two.ready();
    two.kill('SIGTERM');
    expect((await two.ended).code, two.errors).toBe(0);
    const dying = member('three', { PARLEY_CRASH_AFTER_STEP: '4@3@conversations.conversation' });
    await dying.until(/gives this process/);
    await publish(6, 7);
    expect((await dying.ended).signal, dying.errors).toBe('SIGKILL');
    // What all of them need goes away, in the middle of the work; it comes back by itself.
    process.kill(server.pid, 'SIGKILL');
    await publish(7, 8);
    await broker.restart();
    await back.ready(90_000);
    await caughtUp();
    await expectExact();
    // It is asked for every few seconds.
    await back.shows(0, 'parley_lag_records');
    expect(await back.metric('parley_events_total')).toBeGreaterThan(0);
    back.kill('SIGTERM');
    expect((await back.ended).code, back.errors).toBe(0);
  }, 240_000);

  test('of several workers in one command has health and metrics together; a dead one is started again', async () => {
    const pool = member('pool', {}, ['--workers', '2']);
    await pool.ready();
    await pool.shows(3 * partitions, 'parley_tasks', 'state="open"');
    const [first, second] = pool.workers();
    process.kill(first!, 'SIGKILL');
    await pool.until(/^worker 1 ended with SIGKILL and is started again/);
    await pool.shows(3 * partitions, 'parley_tasks', 'state="open"');
    await pool.ready();
    expect(pool.workers()).toContain(second);
    // The dashboard of the one process that serves asks all of them, and reads the warehouse as a user that cannot write.
    const { rows } = await pool.dashboard<Answer>('/api/query/orchestrator/partitions');
    const open = rows
      .filter(([, , , , state]) => state === 'open')
      .map(([stage, partition]) => `${stage}/${partition}`);
    expect(new Set(open).size).toBe(3 * partitions);
    const figures = await pool.dashboard<Answer>('/api/query/conversations/overview');
    expect(figures.rows[0]?.[0]).toBeGreaterThan(0);
    // Published again, everything is a repetition and changes nothing.
    const before = await pool.metric('parley_duplicates_total');
    await publisher.send(messages.slice(0, 500));
    await caughtUp();
    await pool.shows(before + 500, 'parley_duplicates_total');
    pool.kill('SIGTERM');
    expect((await pool.ended).code, pool.errors).toBe(0);
    await expectExact();
  }, 120_000);

  test('refuses what it cannot count to the dead letters, once, and takes it back', async () => {
    const one = member('one');
    await one.ready();
    // Without a key they may be in any partition; the last is no event at all.
    const refused = messages.slice(0, 20);
    await publisher.sendWithoutKey([...refused, { ...messages[0]!, text: '{' }]);
    await caughtUp();
    await one.shows(21, 'parley_dead_letters_total');
    const list = await parley(['dlq', 'list', '--json'], shared);
    const codes = (JSON.parse(list.out) as { code: string }[]).map(({ code }) => code);
    expect(codes.filter((code) => code === 'WRONG_KEY')).toHaveLength(20);
    expect(codes.filter((code) => code === 'INVALID_JSON')).toHaveLength(1);
    expect(await publisher.count('group-test-dead-letters')).toBe(21);
    const before = await one.metric('parley_duplicates_total');
    const replayed = await parley(['dlq', 'replay', '--code', 'WRONG_KEY'], shared);
    expect({ code: replayed.code, out: replayed.out }).toEqual({ code: 0, out: '20 sent back to their topics.\n' });
    await caughtUp();
    await one.shows(before + 20, 'parley_duplicates_total');
    await one.shows(21, 'parley_dead_letters_total');
    one.kill('SIGTERM');
    expect((await one.ended).code, one.errors).toBe(0);
    await expectExact(['dead_letters']);
  }, 120_000);

  test('is examined by parley doctor and parley lag', async () => {
    const doctor = await parley(['doctor', '--json'], shared);
    const { checks } = JSON.parse(doctor.out) as { checks: { name: string; status: string; found: string }[] };
    const found = new Map(checks.map(({ name, ...rest }) => [name, rest]));
    expect(found.get('brokers')).toMatchObject({ status: 'ok', found: expect.stringContaining(broker.brokers[0]!) });
    expect(found.get('topics')).toMatchObject({
      status: 'ok',
      found: 'partitions: conversations.conversation 4, conversations.customer 4, conversations.clinic 4',
    });
    expect(found.get('journals')).toEqual({ status: 'ok', found: '3 of app group-test, 2 internal topics' });
    // The embedded server of this test, which is not one that Parley started, has plain tables.
    expect(found.get('tables')).toMatchObject({ status: 'warn', action: expect.stringContaining('operators-cluster') });
    const missing = await parley(['doctor', '--json'], { ...shared, PARLEY_KAFKA_TOPIC_PREFIX: 'none.' });
    expect(missing.code).toBe(1);
    expect(missing.out).toContain('PARLEY_TOPIC_MISSING');
    const lag = await parley(['lag'], shared);
    expect(lag.out).toMatch(/conversations\.customer +group-test-forward-conversations\.customer-conversations +3 /);
    expect(lag.out).toContain('0 behind in all, group group-test.');
  }, 60_000);
});

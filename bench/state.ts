import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateSpace } from '../src/runtime/domain.ts';
import { StateCache } from '../src/state/cache.ts';
import { openLevelStore } from '../src/state/level-store.ts';
import { openLocalJournal } from '../src/state/local-journal.ts';
import type { Change, Changes } from '../src/state/store.ts';

/**
 * Measures the state: `tsx bench/state.ts [keys, in thousands, default 500] [checkpoints, default 10]`.
 * Times are CPU of the whole process, compaction included, unless they say wall.
 */
const keyCount = Number(process.argv[2] ?? 500) * 1000;
const checkpoints = Number(process.argv[3] ?? 10);
const changesPerCheckpoint = Math.min(50_000, keyCount);
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));

let seed = 1;
function random(limit: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
}

/** Ids as they come: their order has nothing to do with the order of their first events. */
function idOf(number: number): string {
  return `conversation-${(Math.imul(number, 2_654_435_761) >>> 0).toString(36)}-${number}`;
}

/** About 450 characters of JSON. */
function stateOf(): { messages: (number | string)[][] } {
  const messages = Array.from({ length: 11 }, () => [1_700_000_000_000 + random(1e9), `m-${random(1e8)}`, 'in']);
  return { messages };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function measured(work: () => Promise<void>): Promise<{ cpu: number; wall: number }> {
  const [cpu, wall] = [cpuSeconds(), performance.now()];
  await work();
  return { cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 };
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(52)} ${value}\n`);
}

function megabytes(path: string): number {
  return Math.round(readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0) / 1e6);
}

/** Memory of the process's own, and of files that are mapped, in MB. */
function memory(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1000);
  return `${of('RssAnon')} MB own, ${of('RssFile')} MB mapped`;
}

async function benchJournal(): Promise<void> {
  const journal = await openLocalJournal(join(folder, 'journal'), 'bench');
  const task = journal.task('conversation', 0);
  await task.fence();
  const planOf = (number: number) => {
    const ranges = [{ shard: 'file/messages', topic: 'conversations.messages', from: number, to: number + 1 }];
    return { number, now: 1_700_000_000_000, ranges, marks: { 'file/messages': { byte: number, crc: number } } };
  };
  const count = 1_000;
  const latencies: number[] = [];
  await task.append({ plan: planOf(1) });
  const small = await measured(async () => {
    for (let number = 1; number <= count; number++) {
      const start = performance.now();
      await task.append({ commit: number, plan: planOf(number + 1) });
      latencies.push(performance.now() - start);
    }
  });
  latencies.sort((a, b) => a - b);
  const [half, most] = [latencies[count / 2]!, latencies[Math.floor(count * 0.99)]!];
  print('journal: append, synced, half / 99 % (wall)', `${half.toFixed(2)} / ${most.toFixed(2)} ms`);
  print('journal: append, CPU', `${((small.cpu / count) * 1e6).toFixed(0)} us`);
  const forwards = Array.from({ length: 5_000 }, (_, index) => ({
    topic: 'counts',
    key: idOf(index),
    time: index,
    value: { customer_id: idOf(index), total: index, changed_at: '2024-01-01T00:00:00.000Z' },
  }));
  const forwarded = await measured(async () => {
    for (let number = count + 1; number <= count + 20; number++) {
      await task.append({ commit: number, forwards, plan: planOf(number + 1) });
    }
  });
  print('queue: append, CPU per event', `${((forwarded.cpu / 100_000) * 1e6).toFixed(2)} us`);
  const queue = journal.queue('counts');
  const read = await measured(async () => {
    for (let offset = 0; offset < queue.end(); offset += 20_000) await queue.read(offset, 20_000);
  });
  print('queue: read, CPU per event', `${((read.cpu / queue.end()) * 1e6).toFixed(2)} us`);
  await journal.close();
}

async function benchStore(): Promise<void> {
  const path = join(folder, 'store');
  const store = await openLevelStore(path);
  const values = Array.from({ length: 5_000 }, () => JSON.stringify(stateOf()));
  let plan = 0;
  const write = (numbers: Iterable<number>) => {
    const changes: Change[] = [];
    for (const number of numbers) changes.push([`c${idOf(number)}`, values[number % values.length]!]);
    return store.write(changes, { plan: ++plan, positions: {} });
  };
  const filling = await measured(async () => {
    for (let from = 0; from < keyCount; from += changesPerCheckpoint) {
      await write(Array.from({ length: Math.min(changesPerCheckpoint, keyCount - from) }, (_, index) => from + index));
    }
  });
  print(`store: fill with ${keyCount} keys`, `${filling.cpu.toFixed(1)} s CPU, ${filling.wall.toFixed(1)} s wall`);
  const changing = await measured(async () => {
    for (let round = 0; round < checkpoints; round++) {
      await write(Array.from({ length: changesPerCheckpoint }, () => random(keyCount)));
    }
    // What LevelDB still does in the background belongs to them.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  });
  const each = (changing.cpu / checkpoints).toFixed(2);
  const eachWall = ((changing.wall - 2) / checkpoints).toFixed(2);
  print(`store: checkpoint of ${changesPerCheckpoint} random keys`, `${each} s CPU, ${eachWall} s wall`);
  print('store: on disk', `${megabytes(path)} MB for ${Math.round((keyCount * 480) / 1e6)} MB of states`);
  const reading = await measured(async () => {
    for (let round = 0; round < 10; round++) {
      await store.getMany(Array.from({ length: 10_000 }, () => `c${idOf(random(keyCount))}`));
    }
  });
  const [readCpu, readWall] = [reading.cpu * 10, reading.wall * 10];
  print('store: getMany of 10000 random keys, per key', `${readCpu.toFixed(1)} us CPU, ${readWall.toFixed(1)} us wall`);
  print('store: memory', memory());
  await store.close();
  const opening = await measured(async () => (await openLevelStore(path)).close());
  print('store: open (wall)', `${(opening.wall * 1000).toFixed(0)} ms`);
}

async function benchCache(): Promise<void> {
  const space: StateSpace<{ messages: (number | string)[][] }> = {
    prefix: 'c',
    name: 'conversation',
    version: 1,
    encode: (state) => JSON.stringify(state),
    decode: (text) => JSON.parse(text),
  };
  const store = await openLevelStore(join(folder, 'cache'));
  const cache = new StateCache(store, [space as StateSpace<unknown>], { entriesMax: 100_000 });
  const states = Array.from({ length: 40_000 }, stateOf);
  const ids = states.map((_, number) => idOf(number));
  for (const [number, id] of ids.entries()) cache.put(space, id, states[number]!);
  const events = 2_000_000;
  const hot = await measured(async () => {
    for (let from = 0; from < events; from += 20_000) {
      cache.begin(0);
      const batch = Array.from({ length: 20_000 }, () => ids[random(ids.length)]!);
      for (const id of batch) cache.want(space, id);
      await cache.fetch();
      for (const id of batch) cache.put(space, id, cache.get(space, id)!);
    }
  });
  print('cache: want, get and put of a key in memory', `${((hot.cpu / events) * 1e6).toFixed(2)} us CPU`);
  let changes: Changes = [];
  const snapshot = await measured(async () => {
    changes = cache.snapshot();
  });
  print('cache: snapshot, per changed state', `${((snapshot.cpu / changes.length) * 1e6).toFixed(2)} us CPU`);
  await store.write(changes, { plan: 1, positions: {} });
  const cold = new StateCache(store, [space as StateSpace<unknown>]);
  const load = await measured(async () => {
    cold.begin(0);
    for (const id of ids) cold.want(space, id);
    await cold.fetch();
  });
  print('cache: fetch from a small store, per key', `${((load.cpu / ids.length) * 1e6).toFixed(2)} us CPU`);
  await store.close();
}

try {
  // The store first: its memory is then not mixed with what the others leave behind.
  await benchStore();
  await benchJournal();
  await benchCache();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

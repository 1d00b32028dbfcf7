import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { forwardTopic } from '../../../src/state/kafka/names.ts';
import { openLevelStore } from '../../../src/state/level-store.ts';
import { temporaryFolder } from '../folders.ts';
import { MadeUpTask } from './made-up-task.ts';
import { forwardsUpTo, stateAt } from './model.ts';
import { Cluster } from './support.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 120_000);

afterAll(() => cluster?.stop());

async function committedForwards(app: string): Promise<string[]> {
  const topic = forwardTopic(app, 'counts');
  const found = await Promise.all([0, 1, 2].map((partition) => cluster.records(topic, partition)));
  return found
    .flat()
    .map(({ key, value }) => `${key}/${value}`)
    .sort();
}

/** What a member with this store finds: everything up to the last commit, once, and the state of its checkpoint. */
async function check(app: string, folder: string): Promise<number> {
  const store = await openLevelStore(folder);
  const journal = cluster.journal(app);
  const task = new MadeUpTask(journal, store);
  await task.open();
  const plan = (await store.checkpoint())?.plan ?? 0;
  expect(await store.scan('', 10_000)).toEqual(stateAt(plan));
  expect(plan).toBeLessThanOrEqual(task.committed);
  expect(await committedForwards(app)).toEqual(forwardsUpTo(task.committed));
  await journal.close();
  await store.close();
  return task.committed;
}

const kills = 50;

test(`killed ${kills} times at random moments, with its own store, an older one or none: nothing lost, nothing twice`, async () => {
  const app = await cluster.app();
  // Two members take turns, in no order, and now and then a third comes without anything.
  const folders = [temporaryFolder(), temporaryFolder()];
  let reached = 0;
  let next = startChild(app);
  for (let kill = 0; kill < kills; kill++) {
    const child = next;
    next = startChild(app);
    const folder = kill % 5 === 4 ? temporaryFolder() : folders[kill % 3 === 0 ? 0 : 1]!;
    const acknowledged = await runAndKill(await child, folder, (kill * 37) % 300);
    const committed = await check(app, kill % 2 === 0 ? folder : folders[0]!);
    expect(committed).toBeGreaterThanOrEqual(acknowledged);
    expect(committed).toBeGreaterThanOrEqual(reached);
    reached = committed;
  }
  (await next).kill('SIGKILL');
  expect(reached).toBeGreaterThan(kills);
  await check(app, temporaryFolder());
}, 400_000);

async function startChild(app: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./children/run-task.ts', import.meta.url));
  const args = ['--import', 'tsx', script, cluster.broker.brokers.join(','), app];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

/** Lets it run for a while after it has opened its task. Returns the last commit that was acknowledged to it. */
function runAndKill(child: ChildProcess, folder: string, afterMs: number): Promise<number> {
  let output = '';
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout!.on('data', (chunk: Buffer) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`The child ended by itself (${code}): ${errors}`));
      else resolve(Math.max(0, ...output.split('\n').map((line) => Number(line.replace('open ', '')))));
    });
    child.stdin!.write(`${folder}\n`);
  });
}

test('a broker that restarts in the middle of appends and checkpoints loses and doubles nothing', async () => {
  const app = await cluster.app();
  const folder = temporaryFolder();
  const store = await openLevelStore(folder);
  const journal = cluster.journal(app);
  const task = new MadeUpTask(journal, store);
  await task.open();
  const restart = async () => {
    for (let time = 0; time < 3; time++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await cluster.broker.restart();
    }
  };
  let isRestarting = true;
  const restarting = restart().finally(() => {
    isRestarting = false;
  });
  let reopened = 0;
  while (isRestarting) {
    try {
      await task.run(20, 5);
    } catch (error) {
      // Not known whether it was written: the task is opened again, and reads it.
      expect(error).toMatchObject({ code: 'PARLEY_JOURNAL_UNAVAILABLE' });
      reopened++;
      await task.open();
    }
  }
  await restarting;
  await task.run(40, 5);
  expect(task.committed).toBeGreaterThan(50);
  expect(reopened).toBeLessThan(4);
  await journal.close();
  await store.close();
  expect(await check(app, folder)).toBe(task.committed);
  expect(await check(app, temporaryFolder())).toBe(task.committed);
}, 200_000);

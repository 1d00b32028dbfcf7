import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { conversationsDomain } from '../../../src/processors/conversations/domain.ts';
import { LagWatch } from '../../../src/runtime/group/lag-watch.ts';
import { localTasks, stateBytes, stateFolder } from '../../../src/runtime/group/local-state.ts';
import { forwardPartitionsOf, inputsOf, partitionsOf, stageTopicsOf } from '../../../src/runtime/group/stage-topics.ts';
import { Trims } from '../../../src/runtime/group/trims.ts';
import { countingDomain } from '../counting.ts';

test('the topics of a stage have their names in Kafka, and internal ones those of the app', () => {
  const stages = stageTopicsOf([conversationsDomain()], 'shop', 'eu.');
  expect(stages.map(({ stage }) => stage)).toEqual([
    'conversations.conversation',
    'conversations.customer',
    'conversations.clinic',
  ]);
  const customer = stages[1]!.topics;
  expect(customer).toContainEqual({
    name: 'conversations.customers',
    kafkaTopic: 'eu.conversations.customers',
    isForward: false,
  });
  expect(customer).toContainEqual({
    name: 'conversations.customer-conversations',
    kafkaTopic: 'shop-forward-conversations.customer-conversations',
    isForward: true,
  });
  expect(inputsOf(stages).flatMap(({ topics }) => topics.filter(({ isForward }) => isForward))).toEqual([]);
  const partitions = new Map([
    ['conversations.conversation', 8],
    ['conversations.customer', 4],
    ['conversations.clinic', 2],
  ]);
  expect(forwardPartitionsOf(stages, partitions)).toEqual({
    'conversations.customer-conversations': 4,
    'conversations.clinics-seen': 2,
  });
});

test('a stage that only other stages feed has as many partitions as the largest of them', () => {
  const stages = stageTopicsOf([countingDomain()], 'app', '');
  const partitions = partitionsOf(
    new Map([
      ['counting.count', 6],
      ['counting.total', 0],
    ]),
  );
  expect(partitions.get('counting.total')).toBe(6);
  expect(forwardPartitionsOf(stages, partitions)).toEqual({ 'counting.counted': 6 });
});

test('local state is known by its folders, and has a size', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'parley-state-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const task = { stage: 'a.b', partition: 3 };
  mkdirSync(stateFolder(dir, task), { recursive: true });
  mkdirSync(join(dir, 'a.b', 'not-a-number'));
  writeFileSync(join(stateFolder(dir, task), '000001.log'), Buffer.alloc(100));
  expect(localTasks(dir, ['a.b', 'a.c'])).toEqual([task]);
  expect(await stateBytes(dir, task)).toBe(100);
  expect(await stateBytes(dir, { stage: 'a.b', partition: 4 })).toBe(0);
});

test('trims are gathered, the newest offset of each partition only, and a failure is no failure', async () => {
  const told: unknown[] = [];
  const trims = new Trims(async (topics) => {
    told.push(Object.fromEntries(topics));
    throw new Error('not now');
  });
  onTestFinished(() => trims.close());
  trims.add('t', 0, 10);
  trims.add('t', 0, 20);
  trims.add('t', 1, 5);
  await trims.flush();
  await trims.flush();
  expect(told).toEqual([
    {
      t: [
        { partition: 0, offset: 20 },
        { partition: 1, offset: 5 },
      ],
    },
  ]);
});

test('the lag is asked for now and then, and a broker that is away leaves the last answer', async () => {
  let asked = 0;
  const watch = new LagWatch(async () => {
    if (++asked > 1) throw new Error('away');
    return [{ stage: 's', topic: 't', partition: 0, lag: 7, position: 3 }];
  }, 5);
  onTestFinished(() => watch.close());
  expect(watch.latest).toEqual([]);
  await vi.waitFor(() => expect(asked).toBeGreaterThan(3));
  expect(watch.latest).toEqual([{ stage: 's', topic: 't', partition: 0, lag: 7, position: 3 }]);
});

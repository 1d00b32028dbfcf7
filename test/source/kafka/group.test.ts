import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Kafka } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type StageTopics, type TaskId, taskName } from '../../../src/source/kafka/shard.ts';
import { checkTopology } from '../../../src/source/kafka/topology.ts';
import { type Broker, startBroker } from '../../kafka/broker.ts';
import {
  client,
  eventText,
  limits,
  newStage,
  numberOf,
  recordsOf,
  type StartedGroup,
  span,
  startGroup,
  take,
  unique,
  until,
  withAdmin,
  withProducer,
} from './support.ts';

let broker: Broker;
let kafka: Kafka;
let members: StartedGroup[] = [];

beforeAll(async () => {
  broker = await startBroker();
  kafka = client(broker.brokers);
});

afterEach(async () => {
  await Promise.all(members.map((member) => member.stop()));
  members = [];
});

afterAll(async () => {
  await broker?.stop();
});

async function join(
  stages: readonly StageTopics[],
  options: Parameters<typeof startGroup>[2] = {},
): Promise<StartedGroup> {
  const member = await startGroup(kafka, stages, { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200, ...options });
  members.push(member);
  return member;
}

const namesOf = (tasks: readonly TaskId[]) => tasks.map(taskName).sort();

async function produce(topic: string, texts: readonly string[], partition = 0): Promise<void> {
  await withProducer(kafka, (producer) =>
    producer.send({ topic, messages: texts.map((value) => ({ value, partition })) }),
  );
}

interface ChildLine {
  readonly assigned?: number[];
  readonly taken?: [partition: number, first: number, count: number];
  readonly error?: string;
}

function startChild(groupId: string, stage: StageTopics) {
  const path = fileURLToPath(new URL('./children/member.ts', import.meta.url));
  const args = ['--import', 'tsx', path, broker.brokers[0]!, groupId, JSON.stringify(stage)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: ChildLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as ChildLine));
  return { process: child, lines };
}

describe('membership', () => {
  test('tasks are shared, follow who joins and leaves, and few of them move', async () => {
    const stages = [await newStage(kafka, 2, 8), await newStage(kafka, 1, 4)];
    const groupId = unique('shared');
    const first = await join(stages, { groupId });
    expect(first.tasks()).toHaveLength(12);
    const second = await join(stages, { groupId });
    await until('half', () => first.tasks().length === 6 && second.tasks().length === 6);
    const third = await join(stages, { groupId });
    await until('a third', () => members.every((member) => member.tasks().length === 4));
    const before = members.map((member) => namesOf(member.tasks()));
    expect(new Set(before.flat()).size).toBe(12);
    await second.stop();
    await until('half again', () => first.tasks().length === 6 && third.tasks().length === 6);
    expect(namesOf(first.tasks())).toEqual(expect.arrayContaining(before[0]!));
    expect(namesOf(third.tasks())).toEqual(expect.arrayContaining(before[2]!));
    expect(new Set([...namesOf(first.tasks()), ...namesOf(third.tasks())]).size).toBe(12);
    const [counts] = [first.tasks().filter(({ stage }) => stage === stages[1]!.stage).length];
    expect(counts).toBe(2);
  });

  test('a source whose task went away gives nothing; one that stayed goes on where it was', async () => {
    const stage = await newStage(kafka, 1, 2);
    const topic = stage.topics[0]!.kafkaTopic;
    for (const partition of [0, 1])
      await produce(
        topic,
        span(0, 1_000).map((number) => eventText(number)),
        partition,
      );
    const groupId = unique('moved');
    const first = await join([stage], { groupId });
    const sources = [0, 1].map((partition) => first.group.source({ stage: stage.stage, partition }));
    for (const source of sources) {
      await source.seek(new Map());
      await take(source, 100, { ...limits, eventsMax: 100 });
    }
    const second = await join([stage], { groupId });
    await until('one each', () => first.tasks().length === 1 && second.tasks().length === 1);
    const [kept] = first.tasks();
    const [moved] = second.tasks();
    expect(kept!.partition).not.toBe(moved!.partition);
    expect(await sources[moved!.partition]!.next(limits)).toBeUndefined();
    await sources[moved!.partition]!.ready();
    const rest = await take(sources[kept!.partition]!, 900);
    expect(recordsOf(rest).map(numberOf)).toEqual(span(100, 1_000));
    const source = second.group.source(moved!);
    const name = `kafka/${topic}/${moved!.partition}`;
    await source.seek(new Map([[name, { topic: 'test.first', offset: 100 }]]));
    expect(recordsOf(await take(source, 900)).map(numberOf)).toEqual(span(100, 1_000));
    // What is not this member's gives nothing, not even after a seek.
    const foreign = first.group.source(moved!);
    await foreign.seek(new Map());
    expect(await foreign.next(limits)).toBeUndefined();
  });

  test('tasks whose state is on this machine come to it', async () => {
    const stage = await newStage(kafka, 1, 6);
    const groupId = unique('local');
    const tasks = (numbers: number[]) => numbers.map((partition) => ({ stage: stage.stage, partition }));
    const [left, right] = await Promise.all([
      join([stage], { groupId, localTasks: tasks([1, 3, 5]) }),
      join([stage], { groupId, localTasks: tasks([0, 2, 4]) }),
    ]);
    await until('half', () => left!.tasks().length === 3 && right!.tasks().length === 3);
    // The one that came first had all of them, which is newer than what lies on a disk: it keeps three of any.
    expect(new Set([...namesOf(left!.tasks()), ...namesOf(right!.tasks())]).size).toBe(6);
    await Promise.all([left!.stop(), right!.stop()]);
    const alone = await join([stage], { groupId, localTasks: tasks([4]) });
    expect(alone.tasks()).toHaveLength(6);
  });

  test('heartbeats go on while nothing is taken and while the program is busy for a moment', async () => {
    const stage = await newStage(kafka, 1, 1);
    await produce(
      stage.topics[0]!.kafkaTopic,
      span(0, 5_000).map((number) => eventText(number)),
    );
    const member = await join([stage], {
      sessionTimeoutMs: 1_500,
      heartbeatIntervalMs: 300,
      buffers: { eventsMax: 100, bytesMax: 65_536 },
    });
    const source = member.group.source({ stage: stage.stage, partition: 0 });
    await source.seek(new Map());
    await until('a full buffer', () => member.group.buffered().events > 100);
    // Three sessions long, with a second of work in which no timer runs.
    for (const _ of span(0, 4)) {
      await delay(300);
      const until = performance.now() + 900;
      while (performance.now() < until);
    }
    expect(member.assigned).toHaveLength(1);
    expect(recordsOf(await take(source, 5_000)).map(numberOf)).toEqual(span(0, 5_000));
    expect(member.assigned).toHaveLength(1);
  });

  test('a member that was away for longer than its session opens everything again', async () => {
    const stage = await newStage(kafka, 1, 2);
    const topic = stage.topics[0]!.kafkaTopic;
    await produce(
      topic,
      span(0, 100).map((number) => eventText(number)),
    );
    const groupId = unique('zombie');
    const member = await join([stage], { groupId, sessionTimeoutMs: 1_000, heartbeatIntervalMs: 200 });
    const task = { stage: stage.stage, partition: 0 };
    const source = member.group.source(task);
    await source.seek(new Map());
    await source.ready();
    // As SIGSTOP does: nothing of this process runs, and what it has buffered stays.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
    await until('it has come back', () => member.assigned.length === 3);
    expect(member.assigned.map((tasks) => tasks.length)).toEqual([2, 0, 2]);
    expect(await source.next(limits)).toBeUndefined();
    expect(member.log.lines.some((line) => line.startsWith('warn This member was put out of the group'))).toBe(true);
    const again = member.group.source(task);
    await again.seek(new Map());
    expect(recordsOf(await take(again, 100)).map(numberOf)).toEqual(span(0, 100));
  });
});

describe('processes', () => {
  test('a zombie: stopped for longer than its session, its task goes to another member; back again, it begins anew', async () => {
    const stage = await newStage(kafka, 1, 2);
    const topic = stage.topics[0]!.kafkaTopic;
    const send = async (from: number, to: number) => {
      for (const partition of [0, 1])
        await produce(
          topic,
          span(from, to).map((number) => eventText(number)),
          partition,
        );
    };
    await send(0, 100);
    const groupId = unique('processes');
    const child = startChild(groupId, stage);
    try {
      await until('the child has both', () => child.lines.some(({ assigned }) => assigned?.length === 2));
      const member = await join([stage], { groupId, sessionTimeoutMs: 1_500 });
      // After it the child may have told of records already.
      const ofChild = () => child.lines.findLast(({ assigned }) => assigned !== undefined)?.assigned;
      await until('one each', () => member.tasks().length === 1 && ofChild()?.length === 1);
      child.process.kill('SIGSTOP');
      await until('the other one is taken over', () => member.tasks().length === 2);
      await send(100, 150);
      for (const task of member.tasks()) {
        const source = member.group.source(task);
        await source.seek(new Map());
        expect(recordsOf(await take(source, 150)).map(numberOf)).toEqual(span(0, 150));
      }
      const before = child.lines.length;
      child.process.kill('SIGCONT');
      await until('it is back', () => member.tasks().length === 1);
      const since = () => child.lines.slice(before);
      const sets = () => since().flatMap(({ assigned }) => (assigned === undefined ? [] : [assigned]));
      await until('it has its share', () => sets().length === 2);
      // First nothing, then its share. What it still gave before it knew is for its journal to refuse.
      expect(sets().map(({ length }) => length)).toEqual([0, 1]);
      const [own] = sets()[1]!;
      expect(own).not.toBe(member.tasks()[0]!.partition);
      const [lost, begun] = [0, 1].map((size) => since().findIndex(({ assigned }) => assigned?.length === size));
      expect(begun).toBe(lost! + 1);
      const taken = () =>
        since()
          .slice(begun)
          .flatMap((line) => (line.taken === undefined ? [] : [line.taken]));
      const count = () => taken().reduce((sum, [, , records]) => sum + records, 0);
      await until('all of it', () => count() >= 150);
      expect(count()).toBe(150);
      expect(taken()[0]!.slice(0, 2)).toEqual([own, 0]);
      expect(taken().every(([partition]) => partition === own)).toBe(true);
      expect(child.lines.filter(({ error }) => error !== undefined)).toEqual([]);
    } finally {
      child.process.kill('SIGKILL');
    }
  });
});

describe('brokers', () => {
  test('a broker that restarts, and one that is killed, lose and double nothing', async () => {
    const stage = await newStage(kafka, 2, 1);
    const topics = stage.topics.map(({ kafkaTopic }) => kafkaTopic);
    const member = await join([stage], { sessionTimeoutMs: 30_000 });
    const source = member.group.source({ stage: stage.stage, partition: 0 });
    await source.seek(new Map());
    let sent = 0;
    const send = async (count: number) => {
      for (const topic of topics)
        await produce(
          topic,
          span(sent, sent + count).map((number) => eventText(number)),
        );
      sent += count;
    };
    const taken: number[][] = [[], []];
    const drain = async () => {
      const left = sent * 2 - taken[0]!.length - taken[1]!.length;
      for (const record of recordsOf(await take(source, left)))
        taken[record.topic === 'test.first' ? 0 : 1]!.push(numberOf(record));
    };
    await send(500);
    await drain();
    const restarted = broker.restart();
    await delay(200);
    const [waiting] = await Promise.all([source.next(limits), restarted]);
    expect(waiting).toBeUndefined();
    await send(500);
    await drain();
    broker.kill();
    await delay(1_500);
    await broker.restart();
    await send(500);
    await drain();
    expect(taken).toEqual([span(0, 1_500), span(0, 1_500)]);
    expect(member.failures).toEqual([]);
    const range = { shard: `kafka/${topics[0]}/0`, topic: 'test.first', from: 0, to: 1_500 };
    const [again] = await Promise.all([source.read([range]), broker.restart()]);
    expect(again!.records.map(numberOf)).toEqual(span(0, 1_500));
    // The group is whole again: another member gets a share.
    const second = await join([stage, await newStage(kafka, 1, 2)], {});
    expect(second.failures).toEqual([]);
  }, 240_000);
});

describe('topology', () => {
  test('a topic that is missing, unequal numbers of partitions, and a changed one have codes', async () => {
    const stage = await newStage(kafka, 1, 3);
    const other = await newStage(kafka, 1, 2);
    await withAdmin(kafka, async (admin) => {
      expect(await checkTopology(admin, [stage, other])).toEqual(
        new Map([
          [stage.stage, 3],
          [other.stage, 2],
        ]),
      );
      const missing = { ...stage, topics: [{ name: 'test.first', kafkaTopic: 'nowhere', isForward: false }] };
      await expect(checkTopology(admin, [stage, missing])).rejects.toMatchObject({
        code: 'PARLEY_TOPIC_MISSING',
        retryable: true,
        detail: { expected: 'nowhere' },
      });
      const uneven = { ...stage, topics: [...stage.topics, ...other.topics] };
      await expect(checkTopology(admin, [uneven])).rejects.toMatchObject({ code: 'PARLEY_PARTITIONS_UNEQUAL' });
      await expect(checkTopology(admin, [stage], new Map([[stage.stage, 4]]))).rejects.toMatchObject({
        code: 'PARLEY_PARTITIONS_CHANGED',
      });
    });
    await expect(startGroup(kafka, [stage], { partitions: new Map([[stage.stage, 4]]) })).rejects.toMatchObject({
      code: 'PARLEY_PARTITIONS_CHANGED',
    });
  });

  test('partitions that are added while it runs end the group with PARLEY_PARTITIONS_CHANGED', async () => {
    const stage = await newStage(kafka, 1, 1);
    const member = await join([stage], { topologyIntervalMs: 100 });
    await withAdmin(kafka, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: stage.topics[0]!.kafkaTopic, count: 2 }] }),
    );
    await until('the failure', () => member.failures.length > 0);
    expect(member.failures).toMatchObject([{ code: 'PARLEY_PARTITIONS_CHANGED' }]);
  });

  test('no broker: PARLEY_KAFKA_UNREACHABLE', async () => {
    const nobody = client(['127.0.0.1:1']);
    const stage: StageTopics = {
      stage: 'test.none',
      topics: [{ name: 'test.first', kafkaTopic: 'none', isForward: false }],
    };
    await expect(startGroup(nobody, [stage])).rejects.toMatchObject({
      code: 'PARLEY_KAFKA_UNREACHABLE',
      retryable: true,
    });
  });
});

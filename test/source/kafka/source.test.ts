import kafkajs, { type Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type StageTopics, shardName, type TaskId } from '../../../src/source/kafka/shard.ts';
import type { Range, SourceBatch } from '../../../src/source/source.ts';
import { type Broker, startBroker } from '../../kafka/broker.ts';
import {
  client,
  eventText,
  limits,
  newStage,
  numberOf,
  recordsOf,
  type StartedGroup,
  shown,
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
const groups: StartedGroup[] = [];

beforeAll(async () => {
  broker = await startBroker({ properties: { 'log.cleaner.backoff.ms': '200' } });
  kafka = client(broker.brokers);
});

afterAll(async () => {
  await Promise.all(groups.map((group) => group.stop()));
  await broker?.stop();
});

async function open(stage: StageTopics, options: Parameters<typeof startGroup>[2] = {}) {
  const member = await startGroup(kafka, [stage], options);
  groups.push(member);
  const task: TaskId = { stage: stage.stage, partition: 0 };
  return { ...member, task, source: member.group.source(task) };
}

async function produce(
  topic: string,
  texts: readonly (string | Buffer | null)[],
  partition = 0,
  compression = 0,
): Promise<void> {
  await withProducer(kafka, async (producer) => {
    for (let at = 0; at < texts.length; at += 400) {
      const messages = texts.slice(at, at + 400).map((value) => ({ value, partition }));
      await producer.send({ topic, messages, compression });
    }
  });
}

async function transaction(topic: string, texts: readonly string[], end: 'commit' | 'abort'): Promise<void> {
  const options = { transactionalId: unique('transaction'), maxInFlightRequests: 1, idempotent: true };
  await withProducer(
    kafka,
    async (producer) => {
      const begun = await producer.transaction();
      await begun.send({ topic, messages: texts.map((value) => ({ value, partition: 0 })) });
      await begun[end]();
    },
    options,
  );
}

const topicOf = (stage: StageTopics, index = 0) => stage.topics[index]!.kafkaTopic;
const shardOf = (stage: StageTopics, index = 0) => shardName(topicOf(stage, index), 0);
const at = (stage: StageTopics, offset: number) =>
  new Map([[shardOf(stage), { topic: stage.topics[0]!.name, offset }]]);

describe('reading', () => {
  test('a new task begins with the earliest record and gives each once, in offset order', async () => {
    const stage = await newStage(kafka, 1, 1);
    await produce(
      topicOf(stage),
      span(0, 5_000).map((number) => eventText(number)),
    );
    const { source } = await open(stage);
    expect(await source.next(limits)).toBeUndefined();
    await source.seek(new Map());
    const batches = await take(source, 5_000, { ...limits, eventsMax: 700 });
    expect(recordsOf(batches).map(numberOf)).toEqual(span(0, 5_000));
    expect(recordsOf(batches).map(({ offset }) => offset)).toEqual(span(0, 5_000));
    expect(batches.every(({ records }) => records.length <= 700)).toBe(true);
    let next = 0;
    for (const { ranges } of batches) {
      expect(ranges).toHaveLength(1);
      expect(ranges[0]).toMatchObject({ shard: shardOf(stage), topic: 'test.first', from: next });
      next = ranges[0]!.to;
    }
    expect(next).toBe(5_000);
    expect(await source.next(limits)).toBeUndefined();
  });

  test.each(['GZIP', 'Snappy', 'LZ4'] as const)('%s', async (codec) => {
    const stage = await newStage(kafka, 1, 1);
    await produce(
      topicOf(stage),
      span(0, 3_000).map((number) => eventText(number)),
      0,
      kafkajs.CompressionTypes[codec],
    );
    const { source } = await open(stage);
    await source.seek(at(stage, 1_234));
    expect(recordsOf(await take(source, 1_766)).map(numberOf)).toEqual(span(1_234, 3_000));
  });

  test('the broker itself compresses with each codec, Zstandard too', async () => {
    for (const codec of ['zstd', 'lz4', 'snappy', 'gzip']) {
      const stage = await newStage(kafka, 1, 1, { 'compression.type': codec });
      await produce(
        topicOf(stage),
        span(0, 3_000).map((number) => eventText(number)),
      );
      const { source } = await open(stage);
      await source.seek(new Map());
      expect(recordsOf(await take(source, 3_000)).map(numberOf)).toEqual(span(0, 3_000));
    }
  });

  test('topics are merged by time, then place; what cannot be decoded comes with its bytes', async () => {
    const stage = await newStage(kafka, 2, 1);
    await produce(topicOf(stage, 0), [eventText(0), '{', eventText(4), eventText(6)]);
    await produce(topicOf(stage, 1), [eventText(1), eventText(4), Buffer.from([0xff]), null, eventText(5)]);
    const { source } = await open(stage);
    await source.seek(new Map());
    const [batch] = await take(source, 9);
    const seen = batch!.records.map(({ topic, event, rejection }) => {
      return [topic.slice(5), event === undefined ? rejection?.code : (event.value as { number: number }).number];
    });
    expect(seen).toEqual([
      ['first', 0],
      ['first', 'INVALID_JSON'],
      ['second', 1],
      ['first', 4],
      ['second', 4],
      ['second', 'INVALID_JSON'],
      ['second', 'INVALID_EVENT'],
      ['second', 5],
      ['first', 6],
    ]);
    expect(batch!.records[1]!.bytes().toString()).toBe('{');
    expect(batch!.records[5]!.bytes()).toEqual(Buffer.from([0xff]));
    expect(batch!.records[6]!.bytes()).toEqual(Buffer.alloc(0));
    expect((await source.read(batch!.ranges)).records.map(shown)).toEqual(batch!.records.map(shown));
  });

  test('forwards come as their journals wrote them', async () => {
    const plain = await newStage(kafka, 1, 1);
    const stage: StageTopics = { ...plain, topics: [{ ...plain.topics[0]!, name: 'internal', isForward: true }] };
    await withProducer(kafka, (producer) =>
      producer.send({
        topic: topicOf(stage),
        messages: [
          { key: 'c1', value: JSON.stringify([1_700_000_000_000, { starts: 1 }]) },
          { key: 'c2', value: '7' },
        ],
      }),
    );
    const { source } = await open(stage);
    await source.seek(new Map());
    const [good, bad] = recordsOf(await take(source, 2));
    expect(good!.event).toEqual({ topic: 'internal', key: 'c1', time: 1_700_000_000_000, value: { starts: 1 } });
    expect(bad!.rejection!.code).toBe('INVALID_JSON');
  });

  test('what a decoder answers depends on the time of the batch, not on when it was fetched', async () => {
    const stage = await newStage(kafka, 1, 1);
    const ahead = 3 * 86_400;
    await produce(topicOf(stage), [eventText(1), eventText(2, ahead)]);
    const { source } = await open(stage);
    await source.seek(new Map());
    await source.ready();
    const early = Date.UTC(2026, 0, 1, 1);
    const [batch] = await take(source, 2, { ...limits, now: early });
    expect(batch!.records.map(({ rejection }) => rejection?.code)).toEqual([undefined, 'TIME_OUT_OF_RANGE']);
    const again = await source.read(batch!.ranges, { now: early });
    expect(again.records.map(shown)).toEqual(batch!.records.map(shown));
    const later = await source.read(batch!.ranges, { now: early + ahead * 1000 });
    expect(later.records.map(({ rejection }) => rejection?.code)).toEqual([undefined, undefined]);
  });
});

describe('portions', () => {
  test('portions of a batch, taken while more comes, are one batch: its ranges read again give the same', async () => {
    const stage = await newStage(kafka, 3, 1);
    let seed = 11;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const text = (number: number) => (random(20) === 0 ? '{' : eventText(number, number + random(60)));
    const produceAll = async (from: number, to: number) => {
      for (const { kafkaTopic } of stage.topics) await produce(kafkaTopic, span(from, to).map(text));
    };
    await produceAll(0, 2_000);
    const { source } = await open(stage);
    await source.seek(new Map());
    const producing = produceAll(2_000, 4_000);
    let count = 0;
    let positions = new Map<string, number>();
    while (count < 12_000) {
      const portions: SourceBatch[] = [];
      while (portions.length < 1 + random(12)) {
        const portion = await source.next({ ...limits, eventsMax: 1 + random(400), isContinued: portions.length > 0 });
        if (portion === undefined) break;
        portions.push(portion);
      }
      if (portions.length === 0) {
        await source.ready();
        continue;
      }
      const ranges = new Map<string, Range>();
      for (const range of portions.flatMap((portion) => portion.ranges)) {
        ranges.set(range.shard, { ...range, from: ranges.get(range.shard)?.from ?? range.from });
      }
      const marks = Object.fromEntries(portions.flatMap((portion) => [...portion.marks]));
      const again = await source.read([...ranges.values()], { marks });
      expect(again.records.map(shown)).toEqual(recordsOf(portions).map(shown));
      for (const { shard, from } of ranges.values()) expect(from).toBe(positions.get(shard) ?? 0);
      positions = new Map([...positions, ...[...ranges.values()].map(({ shard, to }) => [shard, to] as const)]);
      count += recordsOf(portions).length;
    }
    await producing;
    expect(count).toBe(12_000);
    expect([...positions.values()]).toEqual([4_000, 4_000, 4_000]);
  });
});

describe('transactions and holes', () => {
  test('a batch says how far all shards were given in time, and whether that was all there was', async () => {
    const stage = await newStage(kafka, 2, 1);
    await produce(
      topicOf(stage, 0),
      span(0, 30).map((number) => eventText(2 * number)),
    );
    await produce(
      topicOf(stage, 1),
      span(0, 30).map((number) => eventText(2 * number + 1)),
    );
    const { source } = await open(stage);
    expect(source.isCaughtUp()).toBe(false);
    await source.seek(new Map());
    const batches = await take(source, 60, { ...limits, eventsMax: 7 });
    for (const [index, { records, through, isLast }] of batches.entries()) {
      const reached = through ?? Math.max(...records.map(({ time }) => time));
      const later = recordsOf(batches.slice(index + 1)).map(({ time }) => time);
      // Whichever shard was behind: nothing comes later that would have had its place before.
      expect(Math.min(...later), `batch ${index}`).toBeGreaterThan(reached);
      if (isLast === true) expect(index).toBe(batches.length - 1);
    }
    await until('the end', () => source.isCaughtUp());
    await produce(topicOf(stage, 1), [eventText(60)]);
    await until('more', () => !source.isCaughtUp());
  });

  test('aborted records and markers leave holes; a range read again gives the same', async () => {
    const stage = await newStage(kafka, 1, 1);
    const topic = topicOf(stage);
    await transaction(topic, [eventText(0), eventText(1)], 'commit');
    await transaction(topic, [eventText(900), eventText(901)], 'abort');
    await produce(topic, [eventText(2)]);
    await transaction(topic, [eventText(902)], 'abort');
    await transaction(topic, [eventText(3)], 'commit');
    const { source, group, task } = await open(stage);
    await source.seek(new Map());
    const [batch] = await take(source, 4);
    expect(batch!.records.map(numberOf)).toEqual([0, 1, 2, 3]);
    // Two, a marker; two, a marker; one; one, a marker; one, a marker: the end is after the last marker.
    expect(batch!.ranges).toEqual([{ shard: shardOf(stage), topic: 'test.first', from: 0, to: 11 }]);
    const again = await source.read(batch!.ranges, { marks: Object.fromEntries(batch!.marks) });
    expect(again.records.map(shown)).toEqual(batch!.records.map(shown));
    // From the middle of the first aborted transaction, and of every other place.
    for (const from of span(0, 11)) {
      const part = await source.read([{ shard: shardOf(stage), topic: 'test.first', from, to: 11 }]);
      expect(part.records.map(shown)).toEqual(batch!.records.filter(({ offset }) => offset >= from).map(shown));
    }
    await group.commit(task, at(stage, 11));
    expect(await group.lag()).toMatchObject([{ position: 11, end: 11, shard: shardOf(stage) }]);
    // Nothing but a hole comes after: no batch tells of it, and a task at its end is not behind.
    await transaction(topic, [eventText(904)], 'abort');
    await vi.waitFor(async () => {
      expect(await group.lag()).toMatchObject([{ position: 13, end: 13, shard: shardOf(stage) }]);
    });
    expect(await source.next(limits)).toBeUndefined();
  });

  test('of several transactions that are open at once, those that abort are left out wherever reading begins', async () => {
    const stage = await newStage(kafka, 1, 1);
    const topic = topicOf(stage);
    const producers = span(0, 4).map(() =>
      kafka.producer({ transactionalId: unique('interleaved'), maxInFlightRequests: 1, idempotent: true }),
    );
    for (const producer of producers) await producer.connect();
    const transactions = await Promise.all(producers.map((producer) => producer.transaction()));
    for (const round of span(0, 5)) {
      for (const [index, one] of transactions.entries()) {
        await one.send({ topic, messages: [{ value: eventText(round * 10 + index), partition: 0 }] });
      }
    }
    // While one is open nothing after its beginning is read.
    const { source } = await open(stage);
    await source.seek(new Map());
    expect(await source.next(limits)).toBeUndefined();
    for (const [index, one] of transactions.entries()) await (index % 2 === 0 ? one.commit() : one.abort());
    for (const producer of producers) await producer.disconnect();
    const batch = await take(source, 10);
    const expected = span(0, 5).flatMap((round) => [round * 10, round * 10 + 2]);
    expect(recordsOf(batch).map(numberOf)).toEqual(expected);
    for (const from of span(0, 20)) {
      const part = await source.read([{ shard: shardOf(stage), topic: 'test.first', from, to: 24 }]);
      expect(part.records.map(numberOf)).toEqual(
        recordsOf(batch)
          .filter(({ offset }) => offset >= from)
          .map(numberOf),
      );
    }
  });

  test('compaction that took a record of a journalled range is seen', async () => {
    const settings = { 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '200', 'segment.bytes': '1048576' };
    const stage = await newStage(kafka, 1, 1, settings);
    const topic = topicOf(stage);
    const send = (number: number, key: string) =>
      withProducer(kafka, (producer) =>
        producer.send({ topic, messages: [{ key, value: eventText(number), partition: 0 }] }),
      );
    for (const number of span(0, 10)) await send(number, `key-${number % 2}`);
    const { source } = await open(stage);
    await source.seek(new Map());
    const batches = await take(source, 10);
    const range = { shard: shardOf(stage), topic: 'test.first', from: 0, to: 10 };
    const whole = await source.read([range], { marks: { [range.shard]: { records: 10 } } });
    expect(whole.records.map(shown)).toEqual(recordsOf(batches).map(shown));
    // Not before: it may take no longer than the ten records did.
    const compacted = { ...settings, 'cleanup.policy': 'compact' };
    const configEntries = Object.entries(compacted).map(([name, value]) => ({ name, value }));
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    await withAdmin(kafka, (admin) => admin.alterConfigs({ validateOnly: false, resources }));
    const isCompacted = async () => {
      // The active segment is never compacted: new records close it.
      await send(50, 'other');
      return (await source.read([range])).records.length < 10;
    };
    await until('compaction', isCompacted, 45_000);
    const marks = { [range.shard]: { records: 10 } };
    await expect(source.read([range], { marks })).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
    // A task that begins now passes the holes.
    const { source: fresh } = await open(stage);
    await fresh.seek(new Map());
    const numbers: number[] = [];
    while (!numbers.includes(50)) numbers.push(...recordsOf(await take(fresh, 1)).map(numberOf));
    expect(numbers.length).toBeLessThan(11);
    expect(numbers).toEqual(expect.arrayContaining([8, 9]));
  });
});

describe('seeking', () => {
  test('a hundred seeks under load: after each, exactly the records from there on', async () => {
    const stage = await newStage(kafka, 1, 1);
    const count = 40_000;
    await produce(
      topicOf(stage),
      span(0, count).map((number) => eventText(number)),
    );
    const { source, group } = await open(stage, { buffers: { eventsMax: 10_000 } });
    let from = 0;
    for (const turn of span(0, 100)) {
      from = (from * 31 + turn * 7_919) % (count - 1_500);
      // Fetches of the place before are under way.
      await source.seek(at(stage, from));
      const wanted = turn % 3 === 0 ? 1 : 1_000;
      const records = recordsOf(await take(source, wanted, { ...limits, eventsMax: turn % 2 === 0 ? 300 : 50_000 }));
      expect(records.map(numberOf)).toEqual(span(from, from + records.length));
      if (turn % 10 === 0) expect(group.buffered().events).toBeLessThan(30_000);
    }
  }, 120_000);

  test('a source that was opened anew leaves nothing of the one before', async () => {
    const stage = await newStage(kafka, 1, 1);
    await produce(
      topicOf(stage),
      span(0, 2_000).map((number) => eventText(number)),
    );
    const { source, group, task } = await open(stage);
    await source.seek(new Map());
    await take(source, 10, { ...limits, eventsMax: 10 });
    const second = group.source(task);
    expect(await source.next(limits)).toBeUndefined();
    expect(group.buffered()).toEqual({ events: 0, bytes: 0 });
    await second.seek(at(stage, 5));
    expect(recordsOf(await take(second, 1_995)).map(numberOf)).toEqual(span(5, 2_000));
  });

  test('a shard without records is journalled with an empty range, so that its loss is seen', async () => {
    const stage = await newStage(kafka, 2, 1);
    await produce(topicOf(stage, 0), [eventText(1)]);
    const { source, group, task } = await open(stage);
    await source.seek(new Map());
    const [batch] = await take(source, 1);
    expect(batch!.ranges).toEqual([
      { shard: shardOf(stage, 0), topic: 'test.first', from: 0, to: 1 },
      { shard: shardOf(stage, 1), topic: 'test.second', from: 0, to: 0 },
    ]);
    expect((await source.read(batch!.ranges)).records).toHaveLength(1);
    await produce(topicOf(stage, 1), [eventText(2), eventText(3)]);
    await take(source, 2);
    await deleteTo(topicOf(stage, 1), 1);
    const again = group.source(task);
    const positions = new Map(batch!.ranges.map(({ shard, topic, to }) => [shard, { topic, offset: to }]));
    await expect(again.seek(positions)).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
  });
});

async function deleteTo(topic: string, offset: number): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    // kafkajs looks a topic's leaders up for this question, and not for the next.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  });
}

describe('input that is gone', () => {
  test('a position, a range and a running source before the beginning of the log: PARLEY_INPUT_GONE, nothing read', async () => {
    const stage = await newStage(kafka, 1, 1);
    await produce(
      topicOf(stage),
      span(0, 4_000).map((number) => eventText(number)),
    );
    const { source, group, task } = await open(stage, { buffers: { eventsMax: 10, bytesMax: 64 * 1024 } });
    await source.seek(new Map());
    await take(source, 5, { ...limits, eventsMax: 5 });
    await deleteTo(topicOf(stage), 3_900);
    const drained = async () => {
      for (;;) if ((await source.next(limits)) === undefined) await source.ready();
    };
    await expect(drained()).rejects.toMatchObject({
      code: 'PARLEY_INPUT_GONE',
      detail: { received: 'a log from 3900 on', where: `topic ${topicOf(stage)}, partition 0` },
    });
    const range = { shard: shardOf(stage), topic: 'test.first', from: 3_899, to: 3_950 };
    await expect(source.read([range])).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
    expect((await source.read([{ ...range, from: 3_900 }])).records.map(numberOf)).toEqual(span(3_900, 3_950));
    await expect(group.source(task).seek(at(stage, 3_899))).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
  });

  test.concurrent('a topic made anew ends before the position', async () => {
    const stage = await newStage(kafka, 1, 1);
    const { source } = await open(stage);
    await expect(source.seek(at(stage, 7))).rejects.toMatchObject({
      code: 'PARLEY_INPUT_GONE',
      detail: { expected: 'offset 7', received: expect.stringContaining('ends before it, at 0') },
    });
  });

  test.concurrent('a topic that is deleted while it is read', async () => {
    const stage = await newStage(kafka, 2, 1);
    await produce(topicOf(stage), [eventText(1)]);
    const { source } = await open(stage);
    await source.seek(new Map());
    await take(source, 1);
    await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topicOf(stage)] }));
    const failed = async () => {
      for (;;) if ((await source.next(limits)) === undefined) await source.ready();
    };
    await expect(failed()).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
  });

  test.concurrent('a range whose end is not there', async () => {
    const stage = await newStage(kafka, 1, 1);
    await produce(topicOf(stage), [eventText(1)]);
    const { source } = await open(stage);
    const range = { shard: shardOf(stage), topic: 'test.first', from: 0, to: 5 };
    await expect(source.read([range])).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
    await expect(source.read([{ ...range, shard: 'kafka/other/0' }])).rejects.toMatchObject({
      code: 'PARLEY_INPUT_GONE',
    });
  });
});

describe('back pressure', () => {
  test('what nobody takes stops at the bounds, and one shard cannot starve another', async () => {
    const stage = await newStage(kafka, 1, 2);
    const filler = 'x'.repeat(2_000);
    const text = (number: number) => JSON.stringify({ ...JSON.parse(eventText(number)), filler });
    for (const partition of [0, 1]) await produce(topicOf(stage), span(0, 8_000).map(text), partition);
    const bytesMax = 4 * 1024 * 1024;
    const { group, source } = await open(stage, { buffers: { bytesMax, eventsMax: 100_000 } });
    const other = group.source({ stage: stage.stage, partition: 1 });
    await source.seek(new Map());
    await until('a full buffer', () => group.buffered().bytes > bytesMax / 2);
    await other.seek(new Map());
    // The first is not taken from, and the second gets all of its own all the same.
    expect(recordsOf(await take(other, 8_000)).map(numberOf)).toEqual(span(0, 8_000));
    expect(group.buffered().bytes).toBeLessThan(bytesMax + 1024 * 1024);
    expect(recordsOf(await take(source, 8_000)).map(numberOf)).toEqual(span(0, 8_000));
    expect(group.buffered().events).toBe(0);
  });
});

describe('news', () => {
  test('ready and onRecords tell of records, and of the end', async () => {
    const stage = await newStage(kafka, 1, 1);
    const { source, group, task } = await open(stage);
    await source.seek(new Map());
    const told: TaskId[] = [];
    const end = group.onRecords((which) => told.push(which));
    const ready = source.ready();
    await produce(topicOf(stage), [eventText(1)]);
    await ready;
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ partition }) => partition === task.partition)).toBe(true);
    expect(recordsOf(await take(source, 1)).map(numberOf)).toEqual([1]);
    end();
    const over = source.ready();
    await source.close();
    await over;
    expect(await source.next(limits)).toBeUndefined();
  });

  test('group offsets are for lag tools to see', async () => {
    const stage = await newStage(kafka, 1, 1);
    await produce(
      topicOf(stage),
      span(0, 10).map((number) => eventText(number)),
    );
    const groupId = unique('visible');
    const { source, group, task } = await open(stage, { groupId });
    await source.seek(new Map());
    await take(source, 4, { ...limits, eventsMax: 4 });
    expect(await group.lag()).toMatchObject([{ task, topic: 'test.first', position: 4, end: 10 }]);
    await group.commit(task, at(stage, 4));
    const [fetched] = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId, topics: [topicOf(stage)] }));
    expect(fetched!.partitions).toMatchObject([{ partition: 0, offset: '4' }]);
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StageTopics } from '../../../src/source/kafka/shard.ts';
import { createRegistry, type RegisteredSchema, type SchemaRegistry } from '../../../src/source/registry/client.ts';
import { createRegistryDecoder } from '../../../src/source/registry/registry-decoder.ts';
import { writeWireFormat } from '../../../src/source/registry/wire-format.ts';
import { type Broker, startBroker } from '../../kafka/broker.ts';
import { type Registry, startRegistry } from '../../kafka/registry.ts';
import {
  client,
  eventText,
  limits,
  newStage,
  quiet,
  recordsOf,
  type StartedGroup,
  schema,
  shown,
  startGroup,
  take,
  topicNames,
  withProducer,
} from './support.ts';

let broker: Broker;
let server: Registry;
let registry: SchemaRegistry;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  [broker, server] = await Promise.all([startBroker(), startRegistry()]);
  registry = await createRegistry({ url: server.url });
}, 120_000);

afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  await Promise.all([broker?.stop(), server?.stop()]);
});

function jsonSchema(title: string): RegisteredSchema {
  const $schema = 'http://json-schema.org/draft-07/schema#';
  const properties = { key: { type: 'string' }, at: { type: 'string' }, number: { type: 'number' } };
  return { type: 'JSON', text: JSON.stringify({ $schema, title, type: 'object', properties }), references: [] };
}

/** A member as after a restart: it has asked the registry for nothing yet. */
async function newMember(stage: StageTopics): Promise<StartedGroup> {
  const decoder = createRegistryDecoder({
    client: registry,
    topics: topicNames.map((name) => ({ name, description: name, key: 'key', time: 'at', schema })),
    plainJson: 'accept',
    isKeyChecked: false,
    retryFirstMs: 20,
    log: quiet,
  });
  const member = await startGroup(client(broker.brokers), [stage], { decoder });
  ends.push(() => member.stop().then(() => decoder.close()));
  return member;
}

test('a batch that refused a schema refuses it again, though the registry has come to know it', async () => {
  const stage = await newStage(client(broker.brokers), 2, 1);
  const task = { stage: stage.stage, partition: 0 };
  const known = await registry.register('known', jsonSchema('known'));
  const unknown = known + 1;
  await withProducer(client(broker.brokers), async (producer) => {
    for (const [index, { kafkaTopic }] of stage.topics.entries()) {
      const values = [known, unknown, known].map((id, at) =>
        writeWireFormat(id, Buffer.from(eventText(10 * index + at))),
      );
      await producer.send({ topic: kafkaTopic, messages: values.map((value) => ({ value, partition: 0 })) });
    }
  });
  const first = (await newMember(stage)).group.source(task);
  await first.seek(new Map());
  const batches = await take(first, 6);
  const codes = recordsOf(batches).map(({ rejection }) => rejection?.code);
  expect(codes.filter((code) => code === 'SCHEMA_UNKNOWN')).toHaveLength(2);
  expect(codes.filter((code) => code === undefined)).toHaveLength(4);

  expect(await registry.register('late', jsonSchema('late'))).toBe(unknown);
  const second = (await newMember(stage)).group.source(task);
  for (const { ranges, marks, records } of batches) {
    const journalled = JSON.parse(JSON.stringify(Object.fromEntries(marks))) as Record<string, unknown>;
    const again = await second.read(ranges, { marks: journalled });
    expect(again.records.map(shown)).toEqual(records.map(shown));
    expect(again.records.map(({ rejection }) => rejection?.message)).toEqual(
      records.map(({ rejection }) => rejection?.message),
    );
    expect(again.marks).toEqual(marks);
  }
  // What is read for the first time is read by what is known now.
  await second.seek(new Map());
  const fresh = recordsOf(await take(second, 6, limits));
  expect(fresh.map(({ rejection }) => rejection?.code)).toEqual(Array(6).fill(undefined));
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafka, type KafkaOptions } from '../../../src/source/kafka/client.ts';
import { type Broker, saslUser, startBroker } from '../../kafka/broker.ts';
import {
  client,
  eventText,
  listeningLog,
  newStage,
  numberOf,
  quiet,
  recordsOf,
  startGroup,
  take,
  withProducer,
} from './support.ts';

type Sasl = NonNullable<KafkaOptions['sasl']>;

const mechanisms: Sasl['mechanism'][] = ['plain', 'scram-sha-256', 'scram-sha-512'];

/** A group that reads one event, all of it as this user. */
async function readOne(brokers: readonly string[], options: Partial<KafkaOptions>): Promise<number[]> {
  const log = listeningLog();
  const kafka = client(brokers, { ...options, log });
  const stage = await newStage(kafka, 1, 1);
  await withProducer(kafka, (producer) =>
    producer.send({ topic: stage.topics[0]!.kafkaTopic, messages: [{ value: eventText(7) }] }),
  );
  const member = await startGroup(kafka, [stage]);
  try {
    const source = member.group.source({ stage: stage.stage, partition: 0 });
    await source.seek(new Map());
    const records = recordsOf(await take(source, 1));
    expect([...log.lines, ...member.log.lines].join('\n')).not.toContain(saslUser.password);
    return records.map(numberOf);
  } finally {
    await member.stop();
  }
}

describe('SASL', () => {
  let broker: Broker;

  beforeAll(async () => {
    broker = await startBroker({ security: 'sasl' });
  });

  afterAll(async () => {
    await broker?.stop();
  });

  test.each(mechanisms)('%s', async (mechanism) => {
    expect(await readOne(broker.brokers, { sasl: { mechanism, ...saslUser } })).toEqual([7]);
  });

  test.each(mechanisms)('%s with a wrong password: PARLEY_KAFKA_REFUSED', async (mechanism) => {
    const stage = await newStage(client(broker.plainBrokers), 1, 1);
    const kafka = client(broker.brokers, {
      sasl: { mechanism, username: saslUser.username, password: 'wrong-secret' },
    });
    const failed = startGroup(kafka, [stage]);
    await expect(failed).rejects.toMatchObject({ code: 'PARLEY_KAFKA_REFUSED', retryable: false });
    expect(quiet.lines.join('\n')).not.toContain('wrong-secret');
  });
});

describe('TLS', () => {
  let broker: Broker;
  const folder = mkdtempSync(join(tmpdir(), 'parley-tls-test-'));
  const caFile = join(folder, 'authority.pem');

  beforeAll(async () => {
    broker = await startBroker({ security: 'tls' });
    writeFileSync(caFile, broker.authority as string);
  });

  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('with the authority that signed the broker', async () => {
    const sasl: Sasl = { mechanism: 'scram-sha-512', ...saslUser };
    expect(await readOne(broker.brokers, { sasl, tls: { isEnabled: true, caFile } })).toEqual([7]);
  });

  test('an authority that is not known is not trusted', async () => {
    const stage = await newStage(client(broker.plainBrokers), 1, 1);
    const kafka = client(broker.brokers, { sasl: { mechanism: 'plain', ...saslUser }, tls: { isEnabled: true } });
    await expect(startGroup(kafka, [stage])).rejects.toMatchObject({
      code: 'PARLEY_KAFKA_UNREACHABLE',
      detail: { received: expect.stringMatching(/certificate/i) },
    });
  });

  test('a file that cannot be read: PARLEY_CONFIGURATION', () => {
    const missing = { isEnabled: true, caFile: join(folder, 'missing.pem') };
    expect(() => createKafka({ brokers: broker.brokers, clientId: 'test', tls: missing, log: quiet })).toThrow(
      expect.objectContaining({ code: 'PARLEY_CONFIGURATION' }),
    );
  });
});

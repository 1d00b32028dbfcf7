import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { committedBatches, int64, VarintReader } from '../../../src/source/kafka/record-batch.ts';
import { RecordReader } from '../../../src/source/kafka/record-reader.ts';
import { RecordEncoder } from '../../../src/state/kafka/record-encoder.ts';

interface Encoder {
  readonly buffer: Buffer;
  writeVarInt(value: number): Encoder;
  writeVarLong(value: string): Encoder;
  writeInt64(value: string): Encoder;
}

const KafkaEncoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder.js') as new () => Encoder;

test('varints are read as kafkajs writes them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer(), fc.maxSafeInteger())), (pairs) => {
      const encoder = new KafkaEncoder();
      for (const [int, long] of pairs) encoder.writeVarInt(int).writeVarLong(String(Math.trunc(long / 4)));
      const reader = new VarintReader(encoder.buffer);
      for (const [int, long] of pairs) {
        expect(reader.read()).toBe(int);
        expect(reader.readLong()).toBe(Math.trunc(long / 4) + 0);
      }
      expect(reader.at).toBe(encoder.buffer.length);
    }),
  );
});

test('offsets of 53 bits', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (offset) => {
      expect(int64(new KafkaEncoder().writeInt64(String(offset)).buffer, 0)).toBe(offset + 0);
    }),
  );
});

test('what the journal writes is read back, and a flipped bit of it is seen by the checksum', async () => {
  const encoder = new RecordEncoder(1_000);
  for (const key of ['one', 'two']) encoder.add({ key, value: `value of ${key}`, headers: { of: key } });
  const { bytes } = encoder.take({ producerId: 7n, producerEpoch: 0, firstSequence: 0, timestamp: 1_700_000_000_000 });
  const read = (log: Buffer) => committedBatches(log, [], 0, 'a test', true);
  const { batches, nextOffset } = await read(bytes);
  const reader = new RecordReader(batches[0]!);
  expect(reader.step()).toBe(true);
  expect([reader.key?.toString(), reader.value?.toString(), String(reader.headers()?.of)]).toEqual([
    'one',
    'value of one',
    'one',
  ]);
  expect([batches.length, batches[0]!.count, nextOffset]).toEqual([1, 2, 2]);
  for (let at = 21; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    await expect(read(damaged)).rejects.toMatchObject({ code: 'PARLEY_KAFKA_UNREADABLE' });
  }
});

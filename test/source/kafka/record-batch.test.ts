import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { int64, VarintReader } from '../../../src/source/kafka/record-batch.ts';

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

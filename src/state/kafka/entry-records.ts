import { ParleyError } from '../../errors.ts';
import { schemaHeader } from '../../source/record-decoder.ts';
import type { DeadLetter, Forward } from '../journal.ts';
import { partitionOf } from './murmur2.ts';
import { deadLetterTopic, forwardTopic } from './names.ts';
import type { OutgoingRecord } from './record-encoder.ts';
import type { Outgoing } from './transactional-producer.ts';

/** The records of forwards, by topic and partition; the order within a key is that of the forwards. */
export function forwardParts(
  app: string,
  forwards: readonly Forward[],
  partitions: Readonly<Record<string, number>>,
): Outgoing[] {
  const parts = new Map<string, { topic: string; partition: number; records: OutgoingRecord[] }>();
  for (const { topic, key, time, value } of forwards) {
    const count = partitions[topic];
    if (count === undefined) {
      throw new ParleyError('PARLEY_INTERNAL', 'An event is forwarded to a topic that no stage reads', {
        expected: Object.keys(partitions).join(', ') || 'no internal topic',
        received: topic,
      });
    }
    const bytes = Buffer.from(key);
    const partition = partitionOf(bytes, count);
    const place = `${topic}/${partition}`;
    const part = parts.get(place) ?? { topic: forwardTopic(app, topic), partition, records: [] };
    parts.set(place, part);
    part.records.push({ key: bytes, value: JSON.stringify([time, value]) });
  }
  return [...parts.values()];
}

/** The bytes as they came; why and from where, in headers. */
export function deadLetterPart(
  app: string,
  letters: readonly DeadLetter[],
  origin: { readonly stage: string; readonly plan: number },
  partition: number,
): Outgoing {
  const records = letters.map(({ code, message, topic, shard, offset, bytes, envelope }) => ({
    key: envelope.key,
    value: bytes,
    headers: {
      ...(envelope.schema === null ? {} : { [schemaHeader]: envelope.schema }),
      'parley-code': code,
      'parley-message': message,
      'parley-topic': topic,
      'parley-shard': shard,
      'parley-offset': String(offset),
      'parley-stage': origin.stage,
      'parley-plan': String(origin.plan),
    },
  }));
  return { topic: deadLetterTopic(app), partition, records };
}

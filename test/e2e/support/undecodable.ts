import type { Message } from 'kafkajs';
import type { Line } from './publish.ts';
import type { Wire } from './wire.ts';

export interface Undecodable {
  /** What the dead letter is to say. */
  readonly code: string;
  readonly record: Pick<Message, 'key' | 'value'>;
}

/** Records that are no events, each in its own way. `line` is one that is. */
export function undecodable(wire: Wire, { topic, key, text }: Line): Undecodable[] {
  const event = JSON.parse(text) as Record<string, unknown>;
  const old = { ...event, message_timestamp: '1999-12-31T23:59:59Z', changed_at: '1999-12-31T23:59:59Z' };
  return [
    { code: 'INVALID_JSON', record: { key, value: '{' } },
    { code: 'INVALID_JSON', record: { key, value: wire.json(topic, text.slice(0, -1)) } },
    { code: 'INVALID_JSON', record: { key, value: Buffer.from([0xff, 0xfe]) } },
    { code: 'INVALID_EVENT', record: { key, value: null } },
    { code: 'INVALID_EVENT', record: { key, value: wire.json(topic, '{}') } },
    { code: 'INVALID_EVENT', record: { key, value: wire.avro(topic, event).subarray(0, 12) } },
    { code: 'SCHEMA_UNKNOWN', record: { key, value: Buffer.from([0, 0x70, 0, 0, 0, 0x7b, 0x7d]) } },
    { code: 'SCHEMA_UNKNOWN', record: { key, value: Buffer.from([0, 1]) } },
    { code: 'TIME_OUT_OF_RANGE', record: { key, value: JSON.stringify(old) } },
    { code: 'WRONG_KEY', record: { key: `not ${key}`, value: text } },
  ];
}

/**
 * What decoding a Kafka record costs, by its format, to a checked event: plain JSON, JSON Schema and Avro in the wire
 * format. The registry answers once a schema, so it stands still here: the schemas are given from memory.
 *
 *   npx tsx bench/registry.ts [messages = 300000] [rounds = 3]
 *
 * Prints messages/s and CPU seconds a million (user and system, garbage collector included), the best of the rounds.
 */
import avro from 'avsc';
import { avroSchema } from '../src/events/avro-schema.ts';
import { conversationTopics } from '../src/processors/conversations/domain.ts';
import type { RegisteredSchema, SchemaRegistry } from '../src/source/registry/client.ts';
import { createRegistryDecoder } from '../src/source/registry/registry-decoder.ts';
import { writeWireFormat } from '../src/source/registry/wire-format.ts';

const count = Number(process.argv[2] ?? 300_000);
const rounds = Number(process.argv[3] ?? 3);
const topic = conversationTopics[0]!;
const avroText = JSON.stringify(avroSchema(topic));
const schemas: Record<number, RegisteredSchema> = {
  1: { type: 'JSON', text: '{}', references: [] },
  2: { type: 'AVRO', text: avroText, references: [] },
};
const client = { schema: async (key: number) => schemas[key] } as unknown as SchemaRegistry;
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const decoder = createRegistryDecoder({ client, topics: conversationTopics, plainJson: 'accept', log });
// The time is a number here: the bytes are the same as those of the producer.
const type = avro.Type.forSchema(JSON.parse(avroText) as avro.Schema);

function message(number: number) {
  return {
    message_id: `msg-${String(number * 7 + 1).padStart(14, '0')}`,
    conversation_id: `conv-${String(number % 40_000).padStart(12, '0')}`,
    customer_id: `cust-${String(number % 30_000).padStart(12, '0')}`,
    clinic_code: `Clinic${number % 24}`,
    direction: number % 2 === 0 ? 'in' : 'out',
    direction_type: 'followup',
    channel: 'twitter',
    message_timestamp: new Date(1_525_277_683_000 + number * 1_300).toISOString(),
    ...(number % 7 === 0 ? {} : { text_length: 20 + (number % 300) }),
  };
}

const formats: Record<string, (event: ReturnType<typeof message>) => Buffer> = {
  'plain JSON': (event) => Buffer.from(JSON.stringify(event)),
  'JSON Schema': (event) => writeWireFormat(1, Buffer.from(JSON.stringify(event))),
  Avro: (event) => {
    const numbered = { ...event, message_timestamp: Date.parse(event.message_timestamp) };
    return writeWireFormat(2, type.toBuffer(numbered));
  },
};

console.log(`Node ${process.version}, ${count} messages, best of ${rounds}`);
console.log('format       bytes  messages/s  CPU s/million');
for (const [name, encode] of Object.entries(formats)) {
  const records = Array.from({ length: count }, (_, number) => {
    const event = message(number);
    return { key: Buffer.from(event.conversation_id), value: encode(event) };
  });
  const bytes = records.reduce((sum, { value }) => sum + value.length, 0) / count;
  await decoder.decode(topic.name, records[0]!.value, records[0]!.key);
  const results = Array.from({ length: rounds }, () => {
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    for (const { value, key } of records) {
      const decoded = decoder.decode(topic.name, value, key);
      if (decoded instanceof Promise || decoded.event === undefined) throw new Error('not decoded at once');
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { rate: count / seconds, cpu: (user + system) / count };
  });
  const rate = Math.round(Math.max(...results.map((result) => result.rate)));
  const cpu = Math.min(...results.map((result) => result.cpu));
  console.log(
    `${name.padEnd(12)} ${bytes.toFixed(0).padStart(5)}  ${rate.toLocaleString('en-US').padStart(10)}  ${cpu.toFixed(2).padStart(13)}`,
  );
}

import { execFile } from 'node:child_process';
import { createReadStream, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import kafkajs, { type Kafka } from 'kafkajs';
import { createTopics } from '../../scripts/stack/topics.ts';
import { conversationTopics } from '../../src/processors/conversations/domain.ts';
import { program } from './group.ts';

export interface Size {
  readonly messages: number;
  readonly conversations: number;
}

/** The folder of the events; made once for each size. */
export async function generated(dir: string, { messages, conversations }: Size): Promise<string> {
  const folder = join(dir, `kafka-${messages}-${conversations}`);
  const done = join(folder, 'done');
  if (existsSync(done)) return folder;
  rmSync(folder, { recursive: true, force: true });
  const sizes = ['--messages', `${messages}`, '--conversations', `${conversations}`];
  const args = [program, 'generate', ...sizes, '--topics', 'messages,clinics', '--out', folder];
  await promisify(execFile)(process.execPath, args);
  writeFileSync(done, '');
  return folder;
}

export interface Message {
  readonly id: string;
  readonly key: string;
  readonly text: string;
}

export async function* linesOf(folder: string, topic: string): AsyncGenerator<string> {
  const input = createReadStream(join(folder, `${topic}.ndjson`), { highWaterMark: 1024 * 1024 });
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

export async function createInputs(kafka: Kafka, prefix: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const topics = conversationTopics.map(({ name }) => ({ topic: `${prefix}${name}`, numPartitions }));
  await createTopics(admin, topics);
  await admin.disconnect();
}

/** Of one partition they must pass the brokers' bound of a mebibyte. */
const together = 2_000;

/** Puts the events into the topics, keyed as the contract says. */
export async function fill(kafka: Kafka, prefix: string, folder: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  for (const { name, key } of conversationTopics) {
    if (!existsSync(join(folder, `${name}.ndjson`))) continue;
    let messages: { key: string; value: string }[] = [];
    const send = async () => {
      if (messages.length > 0) await producer.send({ topic: `${prefix}${name}`, messages });
      messages = [];
    };
    for await (const value of linesOf(folder, name)) {
      messages.push({ key: (JSON.parse(value) as Record<string, string>)[key]!, value });
      if (messages.length === together) await send();
    }
    await send();
  }
  await producer.disconnect();
}

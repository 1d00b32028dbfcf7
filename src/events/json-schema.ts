import { z } from 'zod';
import type { Topic } from '../runtime/domain.ts';

/**
 * JSON Schema of what producers send: file name to text. Draft 7, which every registry and library reads, and AsyncAPI
 * too: Apicurio cannot compare schemas of 2020-12. Unknown fields are allowed, as Parley drops them. What JSON Schema
 * cannot say (a time that exists, a known time zone) Parley checks beyond it.
 */
export function jsonSchemas(topics: readonly Topic[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const topic of topics) {
    const schema = z.toJSONSchema(topic.schema, { target: 'draft-7', io: 'input' });
    const { $schema, ...rest } = schema;
    const document = { $schema, $id: topic.name, title: topic.name, ...rest, 'x-key': topic.key, 'x-time': topic.time };
    files.set(`${topic.name}.json`, `${JSON.stringify(document, null, 2)}\n`);
  }
  return files;
}

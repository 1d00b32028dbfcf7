import type { Topic } from '../../src/runtime/domain.ts';
import { createRegistry } from '../../src/source/registry/client.ts';
import { registerSubject, subjectsOf } from '../../src/source/registry/subjects.ts';

export interface SchemasOptions {
  /** The base of Confluent's API. */
  readonly url: string;
  readonly topics: readonly Topic[];
  readonly topicPrefix?: string;
}

/**
 * Registers the JSON Schema of each topic under `<topic>-value`, once however often it is called. Gives the id of each, by
 * the topic's name without the prefix.
 */
export async function registerSchemas({ url, topics, topicPrefix = '' }: SchemasOptions): Promise<Map<string, number>> {
  const registry = await createRegistry({ url, timeoutMs: 30_000 });
  const ids = new Map<string, number>();
  for (const subject of subjectsOf(topics, 'json', topicPrefix)) {
    const { topic, id } = await registerSubject(registry, subject, undefined);
    ids.set(topic, id!);
  }
  return ids;
}

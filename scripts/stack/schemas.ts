import { jsonSchemas } from '../../src/events/json-schema.ts';
import type { Topic } from '../../src/runtime/domain.ts';

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
  const texts = jsonSchemas(topics);
  const ids = new Map<string, number>();
  for (const { name } of topics) {
    const where = `${url}/subjects/${encodeURIComponent(`${topicPrefix}${name}-value`)}/versions`;
    const response = await fetch(where, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schemaType: 'JSON', schema: texts.get(`${name}.json`) }),
      signal: AbortSignal.timeout(30_000),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${where} answered ${response.status}: ${answer}`);
    ids.set(name, (JSON.parse(answer) as { id: number }).id);
  }
  return ids;
}

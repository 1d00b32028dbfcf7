import { stringify } from 'yaml';
import type { Domain } from '../runtime/domain.ts';

/**
 * An AsyncAPI 3.0 document of the topics, as YAML: a channel and a message for each, with the JSON Schema files beside it
 * as payloads, and the key as Kafka's binding. Parley receives; who publishes reads it from the other side.
 */
export function asyncApi(domains: readonly Domain[], version: string): string {
  const topics = domains.flatMap((domain) => domain.topics.map((topic) => ({ domain: domain.name, topic })));
  const byName = <Value>(make: (entry: (typeof topics)[number]) => Value): Record<string, Value> => {
    return Object.fromEntries(topics.map((entry) => [idOf(entry.topic.name), make(entry)]));
  };
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Parley',
      version,
      description:
        'Events that Parley counts. A topic is `<domain>.<name>`, with the prefix that is configured (kafka.topicPrefix) ' +
        'before it. What becomes of late, repeated and invalid events is in docs/producers.md.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: byName(({ domain, topic }) => ({
      address: topic.name,
      title: topic.name,
      description: topic.description,
      messages: { event: { $ref: `#/components/messages/${idOf(topic.name)}` } },
      tags: [{ name: domain }],
      bindings: { kafka: { topic: topic.name, bindingVersion: '0.5.0' } },
    })),
    operations: byName(({ topic }) => ({
      action: 'receive',
      channel: { $ref: `#/channels/${idOf(topic.name)}` },
      messages: [{ $ref: `#/channels/${idOf(topic.name)}/messages/event` }],
    })),
    components: {
      messages: byName(({ topic }) => ({
        name: topic.name,
        summary: topic.description,
        contentType: 'application/json',
        payload: { $ref: `./${topic.name}.json` },
        bindings: {
          kafka: {
            key: { type: 'string', description: `The event's ${topic.key}, UTF-8, partitioned by murmur2.` },
            schemaIdLocation: 'payload',
            schemaIdPayloadEncoding: 'confluent',
            schemaLookupStrategy: 'TopicIdStrategy',
            bindingVersion: '0.5.0',
          },
        },
      })),
    },
  };
  return stringify(document, { lineWidth: 120 });
}

/** `conversations.messages` as a name that may stand in a `$ref`. */
function idOf(topic: string): string {
  return topic.replaceAll(/[^A-Za-z0-9]+(.)/g, (_, letter: string) => letter.toUpperCase());
}

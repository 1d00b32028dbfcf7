import type { z } from 'zod';
import { allDomains } from '../domains.ts';
import type * as assistant from '../events/assistant.ts';
import type * as conversations from '../events/conversations.ts';
import type { Topic } from '../runtime/domain.ts';

/** What each topic takes. A test holds the names equal to the topics of src/domains.ts, and the types to their schemas. */
export interface ProducerEvents {
  'conversations.messages': z.input<typeof conversations.message>;
  'conversations.conversations': z.input<typeof conversations.conversation>;
  'conversations.customers': z.input<typeof conversations.customer>;
  'conversations.clinics': z.input<typeof conversations.clinic>;
  'conversations.ratings': z.input<typeof conversations.rating>;
  'assistant.entries': z.input<typeof assistant.entry>;
}

export type TopicName = keyof ProducerEvents;

/** The topics by their names, of all domains. */
export function producerTopics(): ReadonlyMap<string, Topic> {
  return new Map(allDomains().flatMap((domain) => domain.topics.map((topic) => [topic.name, topic])));
}

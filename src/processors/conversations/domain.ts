import * as events from '../../events/conversations.ts';
import type { Domain, Topic } from '../../runtime/domain.ts';
import { clinicStage } from './clinic.ts';
import { conversationStage } from './conversation.ts';
import { customerStage } from './customer.ts';
import { type ConversationsOptions, defaultOptions } from './options.ts';
import * as tables from './tables.ts';
import { topicNames } from './topics.ts';

/** The topics that producers of this domain write to. */
export const conversationTopics: readonly Topic[] = [
  topic(topicNames.messages, 'conversation_id', 'message_timestamp', events.message),
  topic(topicNames.conversations, 'conversation_id', 'changed_at', events.conversation),
  topic(topicNames.customers, 'customer_id', 'changed_at', events.customer),
  topic(topicNames.clinics, 'clinic_code', 'changed_at', events.clinic),
  topic(topicNames.ratings, 'conversation_id', 'rated_at', events.rating),
];

/** Clinics answering customers: the domain, whole. Its migrations are in clickhouse/conversations/. */
export function conversationsDomain(options: Partial<ConversationsOptions> = {}): Domain {
  const settings = { ...defaultOptions, ...options };
  return {
    name: 'conversations',
    topics: conversationTopics,
    stages: [conversationStage(settings), customerStage(settings), clinicStage(settings)],
    tables: Object.values(tables),
    settings: {
      // `complete_through` less this is what `is_final` goes by.
      allowed_lateness_seconds: Math.ceil(settings.allowedLatenessHours * 3_600),
      session_gap_seconds: Math.round(settings.sessionGapMinutes * 60),
    },
  };
}

function topic(name: string, key: string, time: string, schema: Topic['schema']): Topic {
  return { name, key, time, schema, description: schema.description ?? '' };
}

import * as events from '../../events/assistant.ts';
import type { Domain, Topic } from '../../runtime/domain.ts';
import { type AssistantOptions, defaultOptions } from './options.ts';
import { toolCategories, variablesOf } from './seeds.ts';
import { sessionStage } from './session.ts';
import * as tables from './tables.ts';
import { topicNames } from './topics.ts';

/** The topics that producers of this domain write to. */
export const assistantTopics: readonly Topic[] = [
  {
    name: topicNames.entries,
    key: 'session_id',
    time: 'timestamp',
    schema: events.entry,
    description: events.entry.description ?? '',
  },
];

/** Transcripts of AI assistants: the domain, whole. Its migrations are in clickhouse/assistant/. */
export function assistantDomain(options: Partial<AssistantOptions> = {}): Domain {
  const settings = { ...defaultOptions, ...options };
  return {
    name: 'assistant',
    topics: assistantTopics,
    stages: [sessionStage(settings)],
    tables: Object.values(tables),
    seeds: [toolCategories],
    // `complete_through` less this is what `is_final` goes by.
    settings: { allowed_lateness_seconds: Math.ceil(settings.allowedLatenessHours * 3_600) },
    variables: variablesOf(settings),
  };
}

import { assistantDomain } from '../../../src/processors/assistant/domain.ts';
import type { AssistantOptions } from '../../../src/processors/assistant/options.ts';
import { createTestDriver, type TestDriver, type TestDriverOptions } from '../../../src/testing/index.ts';
import { type Sent, time } from '../conversations/events.ts';

/** Short ways to say entries; times as in test/processors/conversations/events.ts. */
export { columns, ms, type Sent, sendBatches } from '../conversations/events.ts';

let nextId = 1;

export function entry(clock: string, type: string | null, more: Record<string, unknown> = {}): Sent {
  return {
    topic: 'assistant.entries',
    value: {
      conversation_id: `e${String(nextId++).padStart(5, '0')}`,
      entry_type: type,
      session_id: 's1',
      project_id: 'p1',
      timestamp: time(clock),
      ...more,
    },
  };
}

export function call(clock: string, id: string | null, tool: string, more: Record<string, unknown> = {}): Sent {
  return entry(clock, 'tool_use', { tool_use_id: id, tool_name: tool, tool_input: { a: 1 }, ...more });
}

export function result(clock: string, id: string | null, more: Record<string, unknown> = {}): Sent {
  return entry(clock, 'tool_result', { tool_use_id: id, ...more });
}

export function newDriver(
  options: Partial<AssistantOptions> = {},
  driverOptions: Partial<TestDriverOptions> = {},
): TestDriver {
  return createTestDriver({ domain: assistantDomain(options), cacheEntriesMax: 0, ...driverOptions });
}

import { conversationsDomain } from '../../../src/processors/conversations/domain.ts';
import type { ConversationsOptions } from '../../../src/processors/conversations/options.ts';
import { createTestDriver, type TestDriver, type TestDriverOptions } from '../../../src/testing/index.ts';

/** Short ways to say events. Times are clock times of 2025-06-01, `2 09:00` of the second day. */
export function time(text: string): string {
  const [day, clock] = text.includes(' ') ? (text.split(' ') as [string, string]) : ['1', text];
  return `2025-06-${day.padStart(2, '0')}T${clock.length === 5 ? `${clock}:00` : clock}Z`;
}

export function ms(text: string): number {
  return Date.parse(time(text));
}

let nextId = 1;

export function message(clock: string, direction: 'in' | 'out', more: Record<string, unknown> = {}): Sent {
  return {
    topic: 'conversations.messages',
    value: {
      message_id: `m${String(nextId++).padStart(5, '0')}`,
      conversation_id: 'c1',
      customer_id: 'u1',
      clinic_code: 'k1',
      direction,
      direction_type: direction === 'in' ? 'initial' : 'response',
      channel: 'sms',
      message_timestamp: time(clock),
      ...more,
    },
  };
}

export function change(clock: string, status: 'open' | 'done' | 'snoozed', more: Record<string, unknown> = {}): Sent {
  const value = { conversation_id: 'c1', customer_id: 'u1', clinic_code: 'k1', status, tags: [], ...more };
  return { topic: 'conversations.conversations', value: { ...value, changed_at: time(clock) } };
}

export function customer(clock: string, clinic: string, more: Record<string, unknown> = {}): Sent {
  const value = { customer_id: 'u1', clinic_code: clinic, changed_at: time(clock), ...more };
  return { topic: 'conversations.customers', value };
}

export function clinic(clock: string, name: string, more: Record<string, unknown> = {}): Sent {
  return {
    topic: 'conversations.clinics',
    value: { clinic_code: 'k1', clinic_name: name, changed_at: time(clock), ...more },
  };
}

export function rating(clock: string, stars: number, more: Record<string, unknown> = {}): Sent {
  return {
    topic: 'conversations.ratings',
    value: { conversation_id: 'c1', rating: stars, rated_at: time(clock), ...more },
  };
}

export interface Sent {
  readonly topic: string;
  readonly value: Record<string, unknown>;
}

export function newDriver(
  options: Partial<ConversationsOptions> = {},
  driverOptions: Partial<TestDriverOptions> = {},
): TestDriver {
  return createTestDriver({ domain: conversationsDomain(options), cacheEntriesMax: 0, ...driverOptions });
}

/** Each list is a batch of its own, checkpointed; states are let go and read again in between. */
export async function sendBatches(driver: TestDriver, ...batches: readonly (readonly Sent[])[]): Promise<void> {
  for (const batch of batches) {
    for (const { topic, value } of batch) driver.send(topic, value);
    await driver.drain();
  }
}

/** Some columns of the rows that are true, sorted by the first of them. */
export function columns(driver: TestDriver, table: string, ...names: readonly string[]): unknown[][] {
  return driver
    .rows<Record<string, unknown>>(table)
    .map((row) => names.map((name) => row[name]))
    .sort(([left], [right]) => ((left as string) < (right as string) ? -1 : 1));
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { conversationsDomain } from '../../src/processors/conversations/domain.ts';
import type { ConversationRow, MessageRow, SessionRow } from '../../src/processors/conversations/tables.ts';
import { createTestDriver } from '../../src/testing/index.ts';
import { type Arrival, type OracleRows, oracle } from './oracle.ts';
import { expectRows } from './worlds.ts';

/** The shipped real sample: what was computed from it elsewhere, the oracle, and the processors have to agree. */
const folder = new URL('../../examples/twitter-care/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Record<string, unknown>;
const arrivals = ['clinics', 'customers', 'conversations', 'messages'].flatMap((name): Arrival[] =>
  readFileSync(new URL(`conversations.${name}.ndjson`, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => ({ topic: `conversations.${name}`, value: JSON.parse(line) })),
);

/** The figures of expected.json from rows. */
function figuresOf(
  messages: readonly MessageRow[],
  sessions: readonly SessionRow[],
  versions: readonly ConversationRow[],
): Record<string, unknown> {
  const sum = (values: readonly (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const responses = messages.map((row) => row.response_seconds).filter((seconds) => seconds !== null);
  const ordered = responses.toSorted((left, right) => left - right);
  const middle = ordered.length / 2;
  const byClinic = new Map<string, number>();
  for (const row of messages) {
    if (row.response_seconds !== null) byClinic.set(row.clinic_code, (byClinic.get(row.clinic_code) ?? 0) + 1);
  }
  const versionsOf = new Map<string, number>();
  for (const row of versions) versionsOf.set(row.conversation_id, (versionsOf.get(row.conversation_id) ?? 0) + 1);
  return {
    messages: messages.length,
    conversations: new Set(messages.map((row) => row.conversation_id)).size,
    first_messages: messages.filter((row) => row.minutes_since_last_message === null).length,
    minutes_sum: sum(messages.map((row) => row.minutes_since_last_message)),
    seconds_sum: sum(messages.map((row) => row.seconds_since_last_message)),
    responses: responses.length,
    response_seconds_sum: sum(responses),
    response_median_seconds: (ordered[Math.ceil(middle) - 1]! + ordered[Math.floor(middle)]!) / 2,
    sessions: sessions.length,
    session_messages_max: Math.max(...sessions.map((row) => row.message_count)),
    session_seconds_sum: sum(sessions.map((row) => Math.floor((row.ended_at - row.started_at) / 1000))),
    conversation_versions: versions.length,
    conversations_with_history: [...versionsOf.values()].filter((count) => count > 1).length,
    busiest: [...byClinic]
      .map(([clinic, count]) => [count, clinic])
      .sort((left, right) => (right[0] as number) - (left[0] as number))
      .slice(0, 3),
    rows_digest: digestOf(messages),
  };
}

function digestOf(messages: readonly MessageRow[]): string {
  const lines = messages
    .toSorted((left, right) => Buffer.compare(Buffer.from(left.message_id), Buffer.from(right.message_id)))
    .map((row) =>
      [row.message_id, row.minutes_since_last_message, row.seconds_since_last_message, row.response_seconds]
        .map((value) => JSON.stringify(value))
        .join(', '),
    );
  const text = `[${lines.map((line) => `[${line}]`).join(', ')}]`;
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

describe('the real sample', () => {
  test('the oracle finds every expected figure', () => {
    const rows = oracle(arrivals);
    expect(figuresOf(rows.landing_messages, rows.landing_sessions, rows.landing_conversations)).toEqual(expected);
  });

  test.each([50, 700, 50_000])(
    'the processors find what the oracle finds, in batches of %i',
    async (batchEventsMax) => {
      const driver = createTestDriver({ domain: conversationsDomain(), limits: { batchEventsMax } });
      for (const { topic, value } of arrivals) driver.send(topic, value);
      await driver.drain();
      const rows: OracleRows = oracle(arrivals);
      expectRows(driver, rows);
      const figures = figuresOf(
        driver.rows<MessageRow>('landing_messages'),
        driver.rows<SessionRow>('landing_sessions'),
        driver.rows<ConversationRow>('landing_conversations'),
      );
      expect(figures).toEqual(expected);
      expect(driver.deadLetters()).toEqual([]);
      await driver.close();
    },
  );
});

import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '../../../src/warehouse/client.ts';
import { rowsOf } from './warehouse.ts';

type Fact = [
  id: string,
  conversation: string,
  clinic: string,
  minutes: number | null,
  seconds: number | null,
  response: number | null,
];

/** What `expected.json` of an example states, from the tables that analysts read. */
export async function figuresOf(client: ClickHouseClient): Promise<Record<string, unknown>> {
  const facts = await rowsOf<Fact>(
    client,
    `SELECT message_id, conversation_id, clinic_code, minutes_since_last_message, seconds_since_last_message,
       response_seconds FROM conversations.fact_messages`,
  );
  const sessions = await rowsOf<[number, number]>(
    client,
    'SELECT message_count, duration_seconds FROM conversations.fact_sessions',
  );
  const versions = await rowsOf<[string]>(client, 'SELECT conversation_id FROM conversations.dim_conversations');
  const answers = facts.filter(([, , , , , response]) => response !== null);
  const responses = answers.map(([, , , , , response]) => response!).sort((left, right) => left - right);
  const middle = (responses.length - 1) / 2;
  return {
    messages: facts.length,
    conversations: new Set(facts.map(([, conversation]) => conversation)).size,
    first_messages: facts.filter(([, , , minutes]) => minutes === null).length,
    minutes_sum: sum(facts.map(([, , , minutes]) => minutes ?? 0)),
    seconds_sum: sum(facts.map(([, , , , seconds]) => seconds ?? 0)),
    responses: responses.length,
    response_seconds_sum: sum(responses),
    response_median_seconds: (responses[Math.floor(middle)]! + responses[Math.ceil(middle)]!) / 2,
    sessions: sessions.length,
    session_messages_max: Math.max(...sessions.map(([messages]) => messages)),
    session_seconds_sum: sum(sessions.map(([, seconds]) => seconds)),
    conversation_versions: versions.length,
    conversations_with_history: [...tally(versions.map(([id]) => id)).values()].filter((count) => count > 1).length,
    busiest: [...tally(answers.map(([, , clinic]) => clinic))]
      .map(([clinic, count]): [number, string] => [count, clinic])
      .sort(([left, one], [right, other]) => right - left || (one < other ? -1 : 1))
      .slice(0, 3),
    rows_digest: digestOf(facts),
  };
}

function digestOf(facts: readonly Fact[]): string {
  const lines = facts
    .toSorted(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map(([id, , , ...rest]) => `[${[id, ...rest].map((value) => JSON.stringify(value)).join(', ')}]`);
  const text = `[${lines.join(', ')}]`;
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

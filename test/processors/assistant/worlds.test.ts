import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assistantDomain } from '../../../src/processors/assistant/domain.ts';
import type { Arrival } from '../oracle.ts';
import { at, calm, expectTables, type Feed, feed, play, rough, sorted, sumBy } from '../worlds.ts';
import { oracle } from './oracle.ts';

/** Small transcripts with everything that goes wrong in large ones, held against a computation over all of them at once. */
const grains = {
  landing_entries: ['session_id', 'conversation_id'],
  landing_tool_calls: ['session_id', 'tool_call_id'],
  landing_sessions: ['session_id'],
  landing_activity_periods: ['session_id', 'started_at'],
};

const minute = 60_000;
const texts = [
  undefined,
  '',
  'please fix the bug in the address form',
  'my address has a prefix',
  'Clean  up this module, then review it?',
  'see https://example.org/?q=1 for more',
  '```ts\nconst ready = a ? b : c;\n```',
  'Implementing tests. Which ones?',
  'errors everywhere',
  'the débug of unité',
];
const inputs = [
  undefined,
  { file_path: '/src/main.ts' },
  { path: 'README.md', limit: 3 },
  '{"file_path":"a/Dockerfile"}',
  'ls -l',
];

function instant(spanHours: number): fc.Arbitrary<string> {
  const grid = fc.integer({ min: 0, max: spanHours * 4 }).map((quarter) => quarter * 15 * minute);
  const close = fc.constantFrom(0, 0, 0, 1, 500, 29 * minute);
  return fc.tuple(grid, close).map(([far, near]) => at(far + near));
}

function entry(spanHours: number): fc.Arbitrary<Arrival> {
  const shared = {
    conversation_id: fc.integer({ min: 0, max: 9_999 }).map((number) => `e${number}`),
    session_id: fc.constantFrom('s1', 's1', 's1', 's2', 's3'),
    project_id: fc.constantFrom('p1', 'p1', 'p2'),
    timestamp: instant(spanHours),
    content: fc.constantFrom(...texts),
    source_file: fc.constantFrom(undefined, 'a.jsonl'),
  };
  const message = fc.record({ ...shared, entry_type: fc.constantFrom('user', 'assistant') });
  const tool = fc.record({
    ...shared,
    entry_type: fc.constantFrom('tool_use', 'tool_use', 'tool_result', 'tool_result'),
    tool_name: fc.constantFrom(undefined, 'Read', 'Bash'),
    tool_use_id: fc.constantFrom(undefined, 't1', 't2', 't3', 't4', 't5', 't6', 't7'),
    tool_input: fc.constantFrom(...inputs),
    is_error: fc.constantFrom(undefined, true, true, false),
  });
  const other = fc.record({
    ...shared,
    entry_type: fc.constantFrom('system', 'progress', 'attachment', null, undefined),
  });
  return fc
    .oneof({ weight: 4, arbitrary: message }, { weight: 5, arbitrary: tool }, { weight: 1, arbitrary: other })
    .map((value) => ({ topic: 'assistant.entries', value }));
}

/** Each id once: what another entry under a known id says is of no matter, and has a test of its own. */
function distinct(arrivals: readonly Arrival[]): Arrival[] {
  const seen = new Set<unknown>();
  return arrivals.filter(({ value }) => seen.size < seen.add(`${value.session_id}/${value.conversation_id}`).size);
}

/** One call and one result of an id in a session, so that the order of arrival cannot matter to pairs. */
function withoutRepeatedTools(arrivals: readonly Arrival[]): Arrival[] {
  const seen = new Set<unknown>();
  return arrivals.filter(({ value }) => {
    if (value.tool_use_id === undefined) return true;
    return seen.size < seen.add(`${value.session_id}/${value.entry_type}/${value.tool_use_id}`).size;
  });
}

/** Entries in the order of their arrival, some of them repeated. `spanHours` 20: none is too late. */
function world(spanHours: 20 | 96): fc.Arbitrary<Arrival[]> {
  const entries = fc.array(entry(spanHours), { minLength: 1, maxLength: 40, size: 'max' }).map(distinct);
  return fc.tuple(entries, fc.array(fc.nat(), { maxLength: 4 })).map(([arrivals, repeats]) => {
    return [...arrivals, ...repeats.map((place) => arrivals[place % arrivals.length]!)];
  });
}

async function check(arrivals: Arrival[], how: Feed): Promise<void> {
  const driver = await play(arrivals, how, { domain: assistantDomain() });
  const expected = oracle(arrivals);
  expectTables(driver, grains, { ...expected });
  const lengths: Record<string, number> = {};
  for (const { entry_type, content_length } of expected.landing_entries) {
    if (content_length > 0) lengths[entry_type] = (lengths[entry_type] ?? 0) + content_length;
  }
  expect(sumBy(driver, 'landing_entries', 'entry_type', 'content_length')).toEqual(lengths);
  expect(driver.deadLetters()).toEqual([]);
  await driver.close();
}

const numRuns = Number(process.env.PARLEY_PROPERTY_RUNS ?? 150);

describe('the processor comes to what the oracle comes to', () => {
  test('with late and repeated entries, in any batches', async () => {
    await fc.assert(fc.asyncProperty(world(20), feed(calm), check), { numRuns });
  });

  test('with entries that come too late', async () => {
    await fc.assert(fc.asyncProperty(world(96), feed(calm), check), { numRuns });
  });

  test('through crashes after any step', async () => {
    await fc.assert(fc.asyncProperty(world(20), feed(rough), check), { numRuns });
  });

  test('through crashes, with entries that come too late', async () => {
    await fc.assert(fc.asyncProperty(world(96), feed(rough), check), { numRuns });
  });
});

async function tablesAfter(arrivals: Arrival[], how: Feed, options = {}): Promise<unknown[]> {
  const driver = await play(arrivals, how, { domain: assistantDomain(options) });
  const rows = Object.keys(grains).map((table) => sorted(driver.rows(table)));
  await driver.close();
  return rows;
}

test('within the lateness the order of arrival is of no matter', async () => {
  const worlds = world(20).chain((arrivals) => {
    const entries = withoutRepeatedTools(arrivals);
    return fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length }));
  });
  const property = fc.asyncProperty(worlds, feed(calm), async ([entries, shuffled], how) => {
    expect(await tablesAfter(shuffled, how)).toEqual(await tablesAfter(entries, how));
  });
  await fc.assert(property, { numRuns });
});

test('with few entries kept and few calls waited for, the same in any batches', async () => {
  const options = { keptEntriesMax: 2, openCallsMax: 2 };
  const property = fc.asyncProperty(world(96), feed(rough), async (arrivals, how) => {
    const whole = { ...how, batchEventsMax: 1000, actions: [{ kind: 'none' as const }] };
    expect(await tablesAfter(arrivals, how, options)).toEqual(await tablesAfter(arrivals, whole, options));
  });
  await fc.assert(property, { numRuns });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/events/decode.ts';
import type { TranscriptOptions } from '../../src/generate/assistant/options.ts';
import { Transcripts } from '../../src/generate/assistant/transcripts.ts';
import { assistantTopics } from '../../src/processors/assistant/domain.ts';

const options: TranscriptOptions = {
  seed: 7,
  entries: 20_000,
  sessions: 200,
  start: Date.UTC(2026, 2, 2),
  ratePerSecond: 0.385,
  lateShare: 0.02,
  repeatShare: 0.01,
};

function generate(changes: Partial<TranscriptOptions> = {}, steps = 1_000): string[] {
  const transcripts = new Transcripts({ ...options, ...changes });
  const lines: string[] = [];
  while (transcripts.run(steps, (_, line) => lines.push(line)));
  return lines;
}

type Entry = Readonly<Record<string, string>>;
const lines = generate();
const all = lines.map((line) => JSON.parse(line) as Entry);
const entries = [...new Map(all.map((entry) => [entry.conversation_id, entry])).values()];
const of = (type: string) => entries.filter(({ entry_type }) => entry_type === type);

describe('Transcripts', () => {
  it('gives the same bytes for the same seed, however it is stepped, and others for another', () => {
    const hash = (text: string[]) => createHash('sha256').update(text.join('\n')).digest('hex').slice(0, 16);
    const few = { entries: 3_000, sessions: 30 };
    expect(hash(generate(few))).toBe(hash(generate(few, 7)));
    expect(hash(generate(few))).not.toBe(hash(generate({ ...few, seed: 8 })));
    // Written down: a change of the generator changes every benchmark and is to be made on purpose.
    expect(hash(generate({ entries: 500, sessions: 5 }))).toMatchInlineSnapshot(`"3ab4bd508feac504"`);
  });

  it('gives exactly as many entries and sessions as wanted, and repeats about the wanted share', () => {
    expect(entries).toHaveLength(20_000);
    expect(new Set(entries.map(({ session_id }) => session_id)).size).toBe(200);
    expect((lines.length - entries.length) / entries.length).toBeCloseTo(0.01, 2);
    expect(generate({ repeatShare: 0 })).toHaveLength(20_000);
  });

  it('gives events that the contract takes', () => {
    const decoder = createDecoder(assistantTopics);
    const rejected = lines
      .map((line) => decoder.decode('assistant.entries', line, Date.UTC(2027, 0)))
      .filter(({ rejection }) => rejection);
    expect(rejected).toEqual([]);
  });

  it('has messages of both sides, calls with their results, failures, and sessions of several projects', () => {
    for (const type of ['user', 'assistant', 'tool_use', 'tool_result', 'system']) {
      expect(of(type).length, type).toBeGreaterThan(50);
    }
    const calls = new Map(of('tool_use').map((call) => [call.tool_use_id, call]));
    expect(calls.size).toBe(of('tool_use').length);
    const results = of('tool_result');
    expect(results.length / calls.size).toBeGreaterThan(0.9);
    for (const { tool_use_id, timestamp } of results)
      expect(calls.get(tool_use_id)!.timestamp! <= timestamp!).toBe(true);
    expect(results.filter(({ is_error }) => is_error).length / results.length).toBeCloseTo(0.08, 1);
    const projects = new Map<string, Set<string>>();
    for (const { session_id, project_id } of entries) {
      projects.set(session_id!, (projects.get(session_id!) ?? new Set()).add(project_id!));
    }
    expect([...projects.values()].filter(({ size }) => size > 1).length).toBeGreaterThan(3);
  });

  it('has about the wanted share of entries that come up to an hour late', () => {
    let latest = '';
    const late = lines.filter((_, index) => {
      const { timestamp } = all[index]!;
      const isLate = timestamp! < latest;
      if (!isLate) latest = timestamp!;
      return isLate;
    });
    expect(late.length / lines.length).toBeGreaterThan(0.02);
    expect(late.length / lines.length).toBeLessThan(0.035);
    const inOrder = generate({ lateShare: 0, repeatShare: 0 }).map((line) => (JSON.parse(line) as Entry).timestamp!);
    expect(inOrder).toEqual(inOrder.toSorted());
  });
});

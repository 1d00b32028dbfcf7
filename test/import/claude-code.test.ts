import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entry } from '../../src/events/assistant.ts';
import { readLine } from '../../src/import/claude-code.ts';
import { atlas, projects, shop } from './projects.ts';

type Row = Readonly<Record<string, unknown>>;

/** What each line of a shipped transcript gives: `type id`, or the reason for nothing. */
function given(path: string): string[][] {
  const lines = readFileSync(join(projects, path), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const read = readLine(line, `/home/ada/.claude/projects/${path}`);
    if ('events' in read) return (read.events as Row[]).map((event) => `${event.entry_type} ${event.conversation_id}`);
    return ['skipped' in read ? read.skipped : read.fault];
  });
}

function eventsOf(line: object, path = '/p/-home-ada-shop/s.jsonl'): Row[] {
  const read = readLine(JSON.stringify(line), path);
  return 'events' in read ? (read.events as Row[]) : [];
}

const at = '2026-03-02T09:00:00Z';
const uuid = (session: string, number: number) =>
  `${session}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

describe('the lines of version 1', () => {
  test('text, calls and results are entries of their own', () => {
    expect(given(shop)).toEqual([
      ['no_time'],
      [`user ${uuid('a', 1)}`],
      ['assistant msg_01A', 'tool_use call:toolu_01'],
      ['tool_result result:toolu_01'],
      ['tool_use call:toolu_02'],
      ['tool_result result:toolu_02'],
      ['assistant msg_01C'],
      [`system ${uuid('a', 7)}`],
      [`system ${uuid('a', 8)}`],
      [`system ${uuid('a', 9)}`],
      [`user ${uuid('a', 10)}`],
    ]);
  });
});

describe('the lines of version 2', () => {
  test('streamed blocks, sub-agents, what the program says, and kinds that nobody knows', () => {
    expect(given(atlas)).toEqual([
      [expect.stringMatching(/^queue-operation line:[\w-]{22}$/)],
      [expect.stringMatching(/^file-history-snapshot line:[\w-]{22}$/)],
      [`user ${uuid('b', 1)}`],
      ['thinking'],
      ['assistant msg_02A'],
      ['tool_use call:toolu_11'],
      ['tool_use call:toolu_12'],
      [`progress ${uuid('b', 6)}`],
      [`user ${uuid('b', 7)}`],
      ['assistant msg_02S'],
      ['tool_result result:toolu_12', 'tool_result result:toolu_11'],
      [`unknown ${uuid('b', 10)}`],
      [`system ${uuid('b', 11)}`],
      [`summary ${uuid('b', 12)}`],
      ['no_time'],
      ['empty'],
    ]);
  });
});

describe('fields', () => {
  test('a call has its tool and its input, a result its text and whether it failed', () => {
    const [, , call, , , failed] = readFileSync(join(projects, shop), 'utf8').split('\n');
    const session = '0b7e6a1c-44d2-4c1b-8d0f-6f1f0f8d1a01';
    const shared = { session_id: session, project_id: '/home/ada/shop', source_file: '/x.jsonl' };
    expect(readLine(call!, '/x.jsonl')).toMatchObject({
      events: [
        { ...shared, content: 'I look at the Zanzibarine file first.', timestamp: '2026-03-02T09:00:05.000Z' },
        {
          ...shared,
          tool_name: 'Read',
          tool_use_id: 'toolu_01',
          tool_input: { file_path: '/home/ada/shop/src/basket.ts' },
        },
      ],
    });
    expect(readLine(failed!, '/x.jsonl')).toMatchObject({
      events: [{ tool_use_id: 'toolu_02', is_error: true, content: 'String to replace not found: Zanzibarine' }],
    });
  });

  test('a line without a session or a folder has those of its file', () => {
    const line = { type: 'user', uuid: 'u', timestamp: at, message: { content: 'x' } };
    expect(eventsOf(line)).toMatchObject([{ session_id: 's', project_id: '-home-ada-shop' }]);
    const below = '/home/ada/.claude/projects/-home-ada-atlas/5d1c/subagents/agent-1.jsonl.gz';
    expect(eventsOf(line, below)).toMatchObject([{ session_id: 'agent-1', project_id: '-home-ada-atlas' }]);
  });

  test('texts of a line are joined; a picture alone is a message without text', () => {
    const content = [{ type: 'text', text: 'a' }, 'b', { type: 'text', text: 'c' }];
    const user = { type: 'user', uuid: 'u', timestamp: at };
    expect(eventsOf({ ...user, message: { content } })).toMatchObject([{ content: 'a\nb\nc' }]);
    expect(eventsOf({ ...user, message: { content: [{ type: 'image' }] } })).toMatchObject([
      { entry_type: 'user', content: '' },
    ]);
  });

  test('ids that cannot be ids are made up, the same whenever the line is read', () => {
    const line = { type: 'user', uuid: 'bad\u0000', timestamp: at, message: { content: 'x' } };
    const [first] = eventsOf(line);
    expect(first!.conversation_id).toMatch(/^line:[\w-]{22}$/);
    expect(eventsOf(line)).toEqual([first]);
    const tools = [{ type: 'tool_use', name: 'Bash' }, { type: 'tool_result' }];
    expect(eventsOf({ ...line, uuid: 'u', message: { content: tools } }).map((event) => event.conversation_id)).toEqual(
      ['u#0', 'u#1'],
    );
  });
});

test('a line that cannot be read is told without its text', () => {
  for (const line of ['{"type":"user","message":"Zanzibarine', '"Zanzibarine"', '[1,"Zanzibarine"]', 'Zanzibarine']) {
    const read = readLine(line, '/x.jsonl');
    expect(read).toHaveProperty('fault');
    expect(JSON.stringify(read)).not.toContain('Zanz');
  }
});

test('whatever a line is, it gives events that the contract takes, with ids of their own, or says why not', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('text', 'tool_use', 'tool_result', 'thinking'));
  const block = fc.oneof(
    fc.record(
      { type: text, text, id: text, name: text, input: fc.jsonValue(), tool_use_id: text, content: fc.jsonValue() },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  );
  const line = fc.record(
    {
      type: fc.oneof(fc.constantFrom('user', 'assistant', 'system', 'summary'), fc.jsonValue()),
      uuid: fc.oneof(fc.uuid(), fc.jsonValue()),
      sessionId: fc.oneof(fc.uuid(), fc.jsonValue()),
      timestamp: fc.oneof(fc.constant(at), fc.constant(at), fc.jsonValue()),
      cwd: fc.oneof(text, fc.jsonValue()),
      content: fc.jsonValue(),
      message: fc.oneof(fc.record({ id: text, content: fc.oneof(text, fc.array(block)) }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(line, (written) => {
      const read = readLine(JSON.stringify(written), '/home/ada/.claude/projects/-p/s.jsonl');
      if (!('events' in read)) return;
      expect(read.events.length).toBeGreaterThan(0);
      for (const event of read.events) expect(entry.safeParse(event).error).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

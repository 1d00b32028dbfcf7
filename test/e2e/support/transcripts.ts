import type { Dice } from './seed.ts';

/** What was written, counted while it was written. */
export interface Written {
  /** Lines of each session's file. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly types: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
}

const start = Date.UTC(2026, 1, 2, 8);

/** Transcripts of some sessions, with about so many lines each: streamed answers, several calls in a line, all that is no message. */
export function transcripts(dice: Dice, sessions: number, turns: number): Written {
  const files = new Map<string, readonly string[]>();
  const types = { user: 0, assistant: 0, tool_use: 0, tool_result: 0, progress: 0, unknown: 0 };
  const skipped = { no_time: 0, thinking: 0 };
  for (let session = 0; session < sessions; session++) {
    const sessionId = `5e551042-0000-4000-8000-${String(session).padStart(12, '0')}`;
    const lines: string[] = [];
    let time = start + session * 3_600_000;
    const say = (line: Readonly<Record<string, unknown>>) => {
      time += dice.whole(1, 90_000);
      const uuid = `${session}-${lines.length}`;
      const timestamp = new Date(time).toISOString();
      lines.push(
        JSON.stringify({ sessionId, cwd: `/home/ada/p${session % 5}`, version: '2.1.0', uuid, timestamp, ...line }),
      );
    };
    for (let turn = 0; turn < turns; turn++) {
      say({ type: 'user', message: { role: 'user', content: `Please fix test ${turn} of Zanzibarine?` } });
      types.user++;
      const id = `msg_${session}_${turn}`;
      const answer = (content: readonly object[]) =>
        say({ type: 'assistant', message: { id, role: 'assistant', content } });
      if (dice.chance(0.3)) {
        answer([{ type: 'thinking', thinking: 'Zanzibarine' }]);
        skipped.thinking++;
      }
      // Twice in two lines is one message.
      for (let times = dice.whole(1, 2); times > 0; times--)
        answer([{ type: 'text', text: `About Zanzibarine ${turn}` }]);
      types.assistant++;
      const calls = Array.from({ length: dice.whole(0, 4) }, (_, call) => `toolu_${session}_${turn}_${call}`);
      if (calls.length === 0) continue;
      answer(calls.map((call) => ({ type: 'tool_use', id: call, name: 'Bash', input: { command: 'ls Zanzibarine' } })));
      const results = calls.map((call) => ({
        type: 'tool_result',
        tool_use_id: call,
        content: 'Zanzibarine',
        is_error: dice.chance(0.2),
      }));
      say({ type: 'user', message: { role: 'user', content: results } });
      types.tool_use += calls.length;
      types.tool_result += calls.length;
      if (dice.chance(0.2)) {
        say({ type: 'progress', data: {} });
        types.progress++;
      }
      if (dice.chance(0.1)) {
        say({ type: 'something-new', data: {} });
        types.unknown++;
      }
      if (dice.chance(0.1)) {
        lines.push(JSON.stringify({ type: 'summary', summary: 'Zanzibarine', leafUuid: 'x' }));
        skipped.no_time++;
      }
    }
    files.set(`-home-ada-p${session % 5}/${sessionId}.jsonl`, lines);
  }
  return { files, types, skipped };
}

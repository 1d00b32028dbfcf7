import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../src/cli/failure.ts';
import { shortLine } from '../../src/cli/logging.ts';
import { bytes, cut, duration, oneLine, table } from '../../src/cli/output.ts';
import { ParleyError } from '../../src/errors.ts';

describe('duration', () => {
  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [3_776.5, '1 h 3 min'],
    [3_600, '1 h'],
    [35_999, '10 h'],
    [86_399, '1 d'],
    [187_200, '2 d 4 h'],
    [null, '–'],
  ])('%s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe('what is printed', () => {
  it('is a table with a rule and numbers to the right', () => {
    const text = table(
      [{ title: 'name' }, { title: 'number', align: 'right' }],
      [
        ['one', 1],
        ['two', 22],
      ],
    );
    expect(text).toBe([' name  number', ' ────────────', ' one        1', ' two       22'].join('\n'));
  });

  it('holds nothing that a terminal obeys', () => {
    expect(oneLine('a\u001b[2Jb\nc\u009bd')).toBe('a [2Jb c d');
    expect(table([{ title: 'x' }], [['\u001b[31mred']])).not.toContain('\u001b');
  });

  it('cuts by characters, never through one', () => {
    expect(cut('👍👍👍👍', 3)).toBe('👍👍…');
    expect(cut('abc', 3)).toBe('abc');
  });

  it('says bytes in units', () => {
    expect([0, 1023, 1024, 157_286_400].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '150 MiB']);
  });
});

describe('describeFailure', () => {
  it('says code, message, expected, received, where and what to do', () => {
    const error = new ParleyError('PARLEY_USAGE', 'No', { expected: 'a', received: 'b', where: 'c' });
    expect(describeFailure(error, false).split('\n')).toEqual([
      'PARLEY_USAGE  No',
      '  expected  a',
      '  received  b',
      '  where     c',
      `  action    ${error.action}`,
      '',
    ]);
  });

  it('gives anything thrown a code, and knows a full disk wherever it stands', () => {
    expect(describeFailure(new TypeError('x is not a function'), false)).toMatch(/^PARLEY_INTERNAL {2}x is not/);
    const full = new Error('write failed', { cause: Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }) });
    expect(describeFailure(full, false)).toMatch(/^PARLEY_DISK_FULL/);
  });
});

describe('shortLine', () => {
  it('is one line of a log for a person', () => {
    const line = JSON.stringify({ level: 'warn', time: '2026-01-02T03:04:05.678Z', task: 'a/0', n: 2, msg: 'Careful' });
    expect(shortLine(line)).toBe('03:04:05 warn  Careful (task a/0, n 2)\n');
  });
});

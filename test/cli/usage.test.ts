import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/main.ts';
import { parley, root, shell } from './program.ts';

const commands = createProgram(new AbortController().signal, () => undefined).commands.map((command) => command.name());

describe('help', () => {
  it('knows the commands of the contract that this version has', () => {
    expect(commands).toEqual(
      expect.arrayContaining([
        'demo',
        'replay',
        'query',
        'serve',
        'migrate',
        'doctor',
        'generate',
        'dlq',
        'state',
        'run',
        'lag',
        'schemas',
      ]),
    );
  });

  it.each(commands)('prints what %s does, with an example, and is done', async (name) => {
    const { code, out, err } = await parley([name, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: parley ${name}`);
    expect(out).toMatch(name === 'state' ? /show/ : /Examples?:/);
  });

  it('keeps every line within 120 columns', async () => {
    const pages = await Promise.all(commands.slice(0, 4).map((name) => parley([name, '--help'])));
    const widest = Math.max(...pages.flatMap(({ out }) => out.split('\n').map((line) => line.length)));
    expect(widest).toBeLessThanOrEqual(120);
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await parley(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});

describe('wrong use', () => {
  it.each([
    ['no command', [], /Usage: parley/],
    ['an unknown command', ['quer'], /PARLEY_USAGE {2}unknown command 'quer'\n\(Did you mean query\?\)/],
    ['an unknown option', ['doctor', '--nope'], /PARLEY_USAGE {2}unknown option '--nope'/],
    ['a missing argument', ['query'], /PARLEY_USAGE {2}missing required argument 'sql'/],
    ['no data folder', ['query', 'SELECT 1'], /PARLEY_USAGE.*\n.*--data-dir DIR, or PARLEY_DATA_DIR/],
    ['standard input without a topic', ['replay', '-', '--data-dir', '/nowhere'], /PARLEY_USAGE.*Standard input/],
    ['workers that are no number', ['run', '--workers', 'many'], /PARLEY_USAGE.*--workers is a number/],
    ['two counts', ['generate', '--events', '1', '--messages', '1'], /PARLEY_USAGE.*--messages, --events/],
    ['a count that is none', ['generate', '--messages', '1e3'], /expected {2}a whole number\n {2}received {2}1e3/],
    [
      'a domain that is none',
      ['generate', '--domain', 'x'],
      /expected {2}conversations or assistant\n {2}received {2}x/,
    ],
    ['sessions of conversations', ['generate', '--sessions', '5'], /PARLEY_USAGE.*--sessions/],
    ['topics of the one topic', ['generate', '--domain', 'assistant', '--topics', 'entries'], /PARLEY_USAGE.*--topics/],
    ['topics without a name on one stream', ['generate', '--out', '-'], /PARLEY_USAGE.*--out -/],
    ['a parameter without a value', ['query', 'SELECT 1', '--param', 'x'], /expected {2}name=value/],
  ])('%s: exit code 2, and the reason on standard error', async (_, args, reason) => {
    const { code, out, err } = await parley(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(reason);
    expect(err).not.toContain('    at ');
  });

  it('refuses a configuration with a typing mistake, and says which key may be meant', async () => {
    const { code, err } = await parley(['doctor', '--json', '--log-level', 'loud']);
    expect(code).toBe(1); // The doctor's finding.
    expect(err).toBe('');
    const migrate = await parley(['migrate', '--data-dir', '/nowhere'], { PARLEY_CLICKHUSE_URL: 'x' });
    expect(migrate.code).toBe(2);
    expect(migrate.err).toMatch(/^PARLEY_CONFIGURATION/);
    expect(migrate.err).toContain('perhaps PARLEY_CLICKHOUSE_URL');
  });
});

describe('parley run', () => {
  it('says what it lacks before it starts anything', async () => {
    const brokers = await parley(['run']);
    expect({ code: brokers.code, out: brokers.out }).toEqual({ code: 2, out: '' });
    expect(brokers.err).toMatch(/^PARLEY_CONFIGURATION {2}The brokers are not named/);
    const warehouse = await parley(['run'], { PARLEY_KAFKA_BROKERS: 'localhost:1', PARLEY_HTTP_PORT: '0' });
    expect(warehouse.code).toBe(2);
    expect(warehouse.err).toMatch(/The ClickHouse server that all members share is not named/);
  });
});

describe('failure', () => {
  it('has exit code 1, a code, and what to do; a mistyped folder is not made', async () => {
    const { code, out, err } = await parley(['query', 'SELECT 1', '--data-dir', '/nowhere/at/all']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^PARLEY_SOURCE_NOT_FOUND/);
    expect(err).toContain('  action ');
  });

  it('shows the stack with --debug', async () => {
    const { err } = await parley(['query', 'SELECT 1', '--data-dir', '/nowhere/at/all', '--debug']);
    expect(err).toContain('    at ');
  });
});

describe('a reader that goes away', () => {
  it('ends the work quietly', async () => {
    const line = 'parley generate --messages 2000000 --topics messages --out - | head -2';
    const { code, out, err } = await shell(line);
    expect(code).toBe(0);
    expect(out.split('\n')).toHaveLength(3);
    expect(err).not.toContain('EPIPE');
  });
});

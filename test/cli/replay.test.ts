import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endOf, parley, removeFolder, shell, start, temporaryFolder, until } from './program.ts';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const count = async (dataDir: string) =>
  (await parley(['query', 'SELECT count() FROM conversations.fact_messages', '--format', 'TSV', '--data-dir', dataDir]))
    .out;

describe('replay', () => {
  it('goes on where it was stopped, and with lines that were added', async () => {
    const [events, dataDir] = [join(folder, 'events'), join(folder, 'data')];
    const made = await parley(['generate', '--messages', '60000', '--out', events]);
    expect(made.code, made.err).toBe(0);
    const child = start(['replay', events, '--data-dir', dataDir, '--log-level', 'debug']);
    await until(() => /checkpoint|Counting/.test(child.printed()) || child.exitCode !== null);
    child.kill('SIGINT');
    expect([0, 1]).toContain(await endOf(child));
    const rest = await parley(['replay', events, '--json', '--data-dir', dataDir]);
    expect(rest.code, rest.err).toBe(0);
    expect(await count(dataDir)).toBe('60000\n');
    const line = JSON.stringify({
      message_id: 'added',
      conversation_id: 'added',
      customer_id: 'u',
      clinic_code: 'CL000',
      direction: 'in',
      direction_type: 'initial',
      channel: 'sms',
      message_timestamp: '2026-01-02T00:00:00Z',
    });
    appendFileSync(join(events, 'conversations.messages.ndjson'), `${line}\n`);
    const added = await parley(['replay', events, '--json', '--data-dir', dataDir]);
    expect(JSON.parse(added.out)).toMatchObject({ events: 1, rejected: 0 });
    expect(await count(dataDir)).toBe('60001\n');
  }, 180_000);

  it('fails with a code for a path that is not there', async () => {
    const dataDir = join(folder, 'other');
    mkdirSync(dataDir);
    const { code, err } = await parley(['replay', join(folder, 'nothing'), '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(err).toMatch(/^PARLEY_SOURCE_NOT_FOUND/);
  });

  it('reads one topic from standard input', async () => {
    const dataDir = join(folder, 'piped');
    const generate = 'parley generate --messages 5000 --topics messages --out -';
    const { code, err } = await shell(
      `${generate} | parley replay - --topic conversations.messages --data-dir '${dataDir}'`,
    );
    expect(code, err).toBe(0);
    expect(await count(dataDir)).toBe('5000\n');
  }, 120_000);
});

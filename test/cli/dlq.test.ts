import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, parley, removeFolder, temporaryFolder } from './program.ts';

const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const day = 86_400_000;
let first: Ended;

/** A message two days ahead is refused today, and is fine when its time has come: what `dlq replay` is for. */
function message(id: string, time: number): string {
  return JSON.stringify({
    message_id: id,
    conversation_id: 'c-1',
    customer_id: 'u-1',
    clinic_code: 'CL1',
    direction: 'in',
    direction_type: 'initial',
    channel: 'sms',
    message_timestamp: new Date(time).toISOString(),
  });
}

beforeAll(async () => {
  mkdirSync(join(folder, 'events'));
  const lines = [
    message('good', Date.now() - day),
    '{"message_id":"bad"}',
    'no \u001b[31mJSON',
    message('early', Date.now() + 3 * day),
  ];
  writeFileSync(join(folder, 'events/conversations.messages.ndjson'), `${lines.join('\n')}\n`);
  first = await parley(['replay', join(folder, 'events'), '--json', '--data-dir', dataDir]);
}, 120_000);
afterAll(() => removeFolder(folder));

interface Letter {
  readonly id: string;
  readonly code: string;
  readonly replayed_at: string | null;
}

async function list(...more: string[]): Promise<Letter[]> {
  const { out, err, code } = await parley(['dlq', 'list', '--json', '--data-dir', dataDir, ...more]);
  expect(code, err).toBe(0);
  return JSON.parse(out) as Letter[];
}

describe('dlq', () => {
  it('lists what was refused, with its reason', async () => {
    expect(first.code, first.err).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({ events: 1, rejected: 3 });
    expect((await list()).map(({ code }) => code).sort()).toEqual([
      'INVALID_EVENT',
      'INVALID_JSON',
      'TIME_OUT_OF_RANGE',
    ]);
    expect(await list('--code', 'INVALID_JSON')).toHaveLength(1);
    expect(await list('--topic', 'conversations.ratings')).toHaveLength(0);
    const { out } = await parley(['dlq', 'list', '--data-dir', dataDir]);
    expect(out).toContain('3 in all.');
    expect(out).not.toContain('\u001b');
  });

  it('shows one whole, with its bytes', async () => {
    const [letter] = await list('--code', 'INVALID_JSON');
    const shown = await parley(['dlq', 'show', letter!.id.slice(0, 8), '--json', '--data-dir', dataDir]);
    const { bytes, offset } = JSON.parse(shown.out) as { bytes: string; offset: number };
    expect(Buffer.from(bytes, 'base64').toString()).toBe('no \u001b[31mJSON');
    expect(offset).toBeGreaterThan(0);
    const none = await parley(['dlq', 'show', 'ffffffffffffffff', '--data-dir', dataDir]);
    expect(none.code).toBe(2);
  });

  it('sends them back: what is still bad becomes a new dead letter, and the old one is marked', async () => {
    const sent = await parley(['dlq', 'replay', '--code', 'INVALID_EVENT', '--json', '--data-dir', dataDir]);
    expect(sent.code, sent.err).toBe(0);
    expect(JSON.parse(sent.out)).toEqual({ replayed: 1, counted: 0, refused: 1 });
    const all = await list('--all', '--code', 'INVALID_EVENT');
    expect(all.map(({ replayed_at }) => replayed_at !== null).sort()).toEqual([false, true]);
    expect(await list()).toHaveLength(3);
    const again = await parley(['dlq', 'replay', '--code', 'INVALID_EVENT', '--json', '--data-dir', dataDir]);
    expect(JSON.parse(again.out)).toEqual({ replayed: 1, counted: 0, refused: 1 });
    expect(await list('--all', '--code', 'INVALID_EVENT')).toHaveLength(3);
  }, 120_000);

  it('goes on after a crash on the way, and sends nothing twice', async () => {
    const crash = { PARLEY_CRASH_AFTER_STEP: '2' };
    const crashed = await parley(['dlq', 'replay', '--code', 'INVALID_JSON', '--data-dir', dataDir], crash);
    expect(crashed.code).toBe(null);
    expect(await list('--code', 'INVALID_JSON')).toHaveLength(1);
    const { code, err } = await parley(['dlq', 'replay', '--code', 'CHANGE_TOO_LATE', '--json', '--data-dir', dataDir]);
    expect(code, err).toBe(0);
    const all = await list('--all', '--code', 'INVALID_JSON');
    expect(all.map(({ replayed_at }) => replayed_at !== null).sort()).toEqual([false, true]);
  }, 120_000);

  it('has nothing to send of what nothing fits', async () => {
    const { code, out } = await parley(['dlq', 'replay', '--code', 'CHANGE_TOO_LATE', '--data-dir', dataDir]);
    expect({ code, out }).toEqual({ code: 0, out: 'No dead letters to send back.\n' });
  });
});

import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readLine } from '../../src/import/claude-code.ts';
import * as tables from '../../src/processors/assistant/tables.ts';
import { endOf, parley, start, until } from '../cli/program.ts';
import { agent, atlas, projects, shop } from '../import/projects.ts';
import { oracle } from '../processors/assistant/oracle.ts';
import { folderOfTests } from './support/folder.ts';
import { computedDigest, landingDigest } from './support/landing.ts';
import { Processor, runToEnd } from './support/processor.ts';
import { Dice, seed } from './support/seed.ts';
import { transcripts, type Written } from './support/transcripts.ts';
import { differences, rowsOf, withWarehouse } from './support/warehouse.ts';

/** Transcripts through the real program into a real ClickHouse. */
const folder = folderOfTests();
const command = ['import', 'claude-code'];
const secret = 'zanzibarine';
const landing = Object.values(tables);

function writeProjects(path: string, files: ReadonlyMap<string, readonly string[]>): void {
  for (const [name, lines] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), `${lines.join('\n')}\n`);
  }
}

const countTypes = 'SELECT entry_type, count() FROM assistant.stg_conversations GROUP BY entry_type';

function typesIn(dataDir: string): Promise<Record<string, number>> {
  return withWarehouse(dataDir, async (client) =>
    Object.fromEntries((await rowsOf<[string, number]>(client, countTypes)).map(([type, n]) => [type, Number(n)])),
  );
}

/** Files below the folder that have the word in any case, in bytes as they lie on the disk. */
function filesWith(path: string, word: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = join(path, name);
    return statSync(file).isFile() && readFileSync(file).toString('latin1').toLowerCase().includes(word);
  });
}

/** Tables that have the word in any row: on the disk it could be cut by compression. */
function tablesWith(dataDir: string, word: string): Promise<string[]> {
  return withWarehouse(dataDir, async (client) => {
    const names = await rowsOf<[string, string]>(
      client,
      `SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree'
       AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')`,
    );
    expect(names.length).toBeGreaterThan(20);
    const found: string[] = [];
    for (const [database, name] of names) {
      const query = `SELECT count() FROM ${database}.${name} WHERE positionCaseInsensitive(toString(tuple(*)), '${word}') > 0`;
      const [[count] = [0]] = await rowsOf<[number]>(client, query);
      if (Number(count) > 0) found.push(`${database}.${name}`);
    }
    return found;
  });
}

describe('the transcripts of two versions', () => {
  const input = join(folder, 'projects');
  const dataDir = join(folder, 'small');
  const broken = '{"type":"user","sessionId":"x","message":{"content":"Zanzibarine", oh';
  const image = { type: 'image', source: { type: 'base64', data: 'A'.repeat(3_000_000) } };
  const large = { type: 'user', uuid: 'large', timestamp: '2026-03-02T09:05:00Z', message: { content: [image] } };
  const tooLarge = `{"type":"user","x":"Zanzibarine${'A'.repeat(17_000_000)}"}`;

  beforeAll(() => {
    cpSync(projects, input, { recursive: true });
    appendFileSync(join(input, shop), `${broken}\n${JSON.stringify({ ...large, sessionId: 's' })}\n${tooLarge}\n`);
    appendFileSync(join(input, atlas), '{"type":"user","uuid":"late","timestamp":"2026-03-03T10:01:00Z","mess');
  });

  test('are counted: what is in them, what is left out, what is refused', async () => {
    const { summary } = await runToEnd({ command, paths: [input], dataDir });
    expect(summary).toMatchObject({
      files: 3,
      sessions: 3,
      entries: 29,
      duplicates: 0,
      rejected: 2,
      skipped: { no_time: 2, thinking: 1, empty: 1 },
      pending: [{ bytes: 69 }],
      faults: [],
    });
    expect(await typesIn(dataDir)).toEqual({
      user: 6,
      assistant: 4,
      tool_use: 5,
      tool_result: 5,
      system: 4,
      summary: 1,
      progress: 1,
      'queue-operation': 1,
      'file-history-snapshot': 1,
      unknown: 1,
    });
  });

  test('again: nothing; a line that has become whole, and one that was added: two', async () => {
    expect((await runToEnd({ command, paths: [input], dataDir })).summary).toMatchObject({
      files: 0,
      entries: 0,
      skipped: {},
    });
    appendFileSync(join(input, atlas), 'age":{"content":"And now?"}}\n');
    const line = readFileSync(join(input, agent), 'utf8').split('\n')[0]!.replace('000021', '000029');
    appendFileSync(join(input, agent), `${line}\n`);
    const { summary } = await runToEnd({ command, paths: [input], dataDir });
    expect(summary).toMatchObject({ files: 2, entries: 2, sessions: 0, duplicates: 0, pending: [] });
  });

  test('leave none of their text in the data folder, not even of what was refused', async () => {
    expect(filesWith(dataDir, secret)).toEqual([]);
    expect(await tablesWith(dataDir, secret)).toEqual([]);
    // Nor does sending back what was refused find anything to send.
    const { code, out } = await parley(['dlq', 'replay', '--json', '--data-dir', dataDir]);
    expect({ code, out }).toEqual({ code: 0, out: expect.not.stringContaining('Zanzi') });
    const letters = JSON.parse((await parley(['dlq', 'list', '--json', '--data-dir', dataDir])).out) as object[];
    expect(letters).toMatchObject([
      { topic: 'assistant.entries+claude-code', size: 0 },
      { topic: 'assistant.entries+claude-code', size: 0 },
    ]);
  });

  test('leave it there where that is configured, so that looking for it finds it', async () => {
    const stored = join(folder, 'stored');
    await runToEnd({ command, paths: [input], dataDir: stored, more: { PARLEY_ASSISTANT_STORE_TEXT: 'true' } });
    expect(filesWith(stored, secret)).not.toEqual([]);
    expect(await tablesWith(stored, secret)).toEqual(
      expect.arrayContaining(['assistant.landing_entries', 'orchestrator.landing_dead_letters']),
    );
  });

  test('a path that is not there, a folder without transcripts, no data folder', async () => {
    expect(await parley([...command, join(folder, 'nowhere'), '--data-dir', dataDir])).toMatchObject({ code: 1 });
    mkdirSync(join(folder, 'empty'));
    const empty = await parley([...command, join(folder, 'empty'), '--data-dir', join(folder, 'never')]);
    expect(empty).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^PARLEY_SOURCE_EMPTY[\s\S]*names that end in \.jsonl or/),
    });
    expect(await parley([...command, input])).toMatchObject({ code: 2 });
    const other = await parley([...command, input, '--data-dir', dataDir], { PARLEY_DOMAINS: 'conversations' });
    expect(other).toMatchObject({ code: 2, err: expect.stringMatching(/^PARLEY_CONFIGURATION/) });
  });
});

describe('many sessions', () => {
  const input = join(folder, 'many');
  let written: Written;

  beforeAll(() => {
    written = transcripts(new Dice(seed), 12, 60);
    writeProjects(input, written.files);
  });

  async function expectExact(dataDir: string): Promise<void> {
    expect(await typesIn(dataDir), `seed ${seed}`).toEqual(written.types);
    const lines = [...written.files].flatMap(([name, all]) => all.map((line) => readLine(line, join(input, name))));
    const arrivals = lines
      .flatMap((line) => ('events' in line ? line.events : []))
      .map((value) => ({ topic: 'assistant.entries', value: value as Readonly<Record<string, unknown>> }));
    const expected = computedDigest(landing, { ...oracle(arrivals) });
    const found = await withWarehouse(dataDir, (client) => landingDigest(client, landing));
    expect(differences(expected, found), `seed ${seed}`).toEqual([]);
  }

  test('killed after every step of the commit path, and once finished by another command', async () => {
    const dataDir = join(folder, 'killed');
    const dice = new Dice(seed);
    for (const death of ['0', '1', '2', '3', '4', '5', '6', '2@3', '4@2', '2']) {
      const more = {
        PARLEY_CRASH_AFTER_STEP: death,
        PARLEY_BATCH_EVENTS_MAX: String(dice.whole(40, 120)),
        PARLEY_CHECKPOINT_KEYS_MAX: death === '6' ? '2' : '10',
      };
      const processor = new Processor({ command, paths: [input], dataDir, more });
      const { signal } = await processor.ended;
      expect(signal, `${death}, seed ${seed}:\n${processor.errors}`).toBe('SIGKILL');
    }
    // What the last one had planned is a batch of transcripts, whoever finishes it.
    const other = join(folder, 'conversations.clinics.ndjson');
    writeFileSync(other, '{"clinic_code":"C1","clinic_name":"One","changed_at":"2026-01-01T00:00:00Z"}\n');
    await runToEnd({ paths: [other], dataDir });
    const { summary } = await runToEnd({ command, paths: [input], dataDir });
    expect(summary.entries, 'entries left for the last run').toBeGreaterThan(500);
    await expectExact(dataDir);
    expect((await runToEnd({ command, paths: [input], dataDir })).summary).toMatchObject({ files: 0, entries: 0 });
  }, 240_000);
});

test('--watch counts what is added, cut off and new, and ends when it is asked to', async () => {
  const input = join(folder, 'watched');
  cpSync(projects, input, { recursive: true });
  const dataDir = join(folder, 'watched-data');
  const empty = join(folder, 'watched-empty');
  mkdirSync(empty);
  const child = start([...command, empty, input, '--watch', '--json', '--no-dashboard', '--data-dir', dataDir]);
  const rounds = () =>
    child
      .printed()
      .split('\n')
      .filter((line) => line.startsWith('{"files"'))
      .map((line) => JSON.parse(line) as { entries: number; sessions: number; duplicates: number });
  const counted = () => rounds().reduce((sum, { entries }) => sum + entries, 0);
  await until(() => rounds().length > 0);
  const before = counted();
  const said = (uuid: string, content: string) =>
    JSON.stringify({ type: 'user', sessionId: 'w', uuid, timestamp: new Date().toISOString(), message: { content } });

  const added = performance.now();
  appendFileSync(join(input, shop), `${said('w1', 'one')}\n`);
  await until(() => counted() === before + 1);
  expect(performance.now() - added).toBeLessThan(20_000);

  const line = said('w2', 'two');
  appendFileSync(join(input, shop), line.slice(0, 50));
  mkdirSync(join(empty, 'new/subagents'), { recursive: true });
  writeFileSync(join(empty, 'new/subagents/n.jsonl'), `${said('w3', 'three')}\n`);
  await until(() => counted() === before + 2);
  appendFileSync(join(input, shop), `${line.slice(50)}\n`);
  await until(() => counted() === before + 3);

  // Cut off and begun anew, with a line that was counted before.
  writeFileSync(join(input, shop), `${said('w1', 'one')}\n${said('w4', 'four')}\n`);
  await until(() => counted() === before + 4);
  appendFileSync(join(input, shop), `${said('w5', 'five')}\n`);
  await until(() => counted() === before + 5);

  child.kill('SIGINT');
  expect(await endOf(child)).toBe(0);
  expect(rounds().reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(1);
  const { summary } = await runToEnd({ command, paths: [input, empty], dataDir });
  expect(summary).toMatchObject({ files: 0, entries: 0 });
}, 120_000);

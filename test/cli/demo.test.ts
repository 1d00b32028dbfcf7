import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answers } from '../../src/warehouse/answers.ts';
import { type Ended, endOf, parley, removeFolder, sample, shell, start, temporaryFolder, until } from './program.ts';

interface Expected {
  readonly messages: number;
  readonly conversations: number;
  readonly sessions: number;
  readonly responses: number;
  readonly response_median_seconds: number;
  readonly conversation_versions: number;
  readonly conversations_with_history: number;
  readonly busiest: readonly [number, string][];
}

const expected = JSON.parse(readFileSync(join(sample, 'expected.json'), 'utf8')) as Expected;
const dataDir = temporaryFolder();
let first: Ended;

beforeAll(async () => {
  first = await parley(['demo', '--exit', '--data-dir', dataDir]);
}, 120_000);
afterAll(() => removeFolder(dataDir));

const query = (sql: string, ...more: string[]) => parley(['query', sql, '--data-dir', dataDir, ...more]);

describe('demo', () => {
  it('counts the sample and prints the five answers, within 100 columns', () => {
    expect(first.code, first.err).toBe(0);
    expect(first.out).toContain('2,710 real customer-care events counted');
    for (const number of [1, 2, 3, 4, 5]) expect(first.out).toMatch(new RegExp(`^${number}\\. .*\\?`, 'm'));
    const answers = first.out.slice(0, first.out.indexOf('Ask your own'));
    expect(Math.max(...answers.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('prints the figures that were computed apart from it', () => {
    const number = (value: number) => value.toLocaleString('en-US');
    expect(first.out).toContain(`Half of the ${expected.responses} answers came within 1 h 3 min`);
    expect(first.out).toContain(
      `${number(expected.messages)} messages in ${expected.conversations} conversations and ${expected.sessions} sessions`,
    );
    expect(first.out).toContain(
      `${expected.conversations_with_history} of ${expected.conversations} conversations have changed; ` +
        `${number(expected.conversation_versions)} versions`,
    );
    const rows = expected.busiest.map(([responses, clinic]) => new RegExp(`^ ${clinic} +${responses} `, 'm'));
    for (const row of rows) expect(first.out).toMatch(row);
  });

  it('counts nothing twice when it runs again, and answers the same', async () => {
    const again = await parley(['demo', '--exit', '--json', '--data-dir', dataDir]);
    expect(again.code, again.err).toBe(0);
    const answers = JSON.parse(again.out) as Answers & { counted: number };
    expect(answers.counted).toBe(0);
    expect(answers.responseTimes[0]).toMatchObject({
      clinic: '',
      responses: expected.responses,
      median: expected.response_median_seconds,
    });
    expect(answers.engagement[0]).toMatchObject({
      messages: expected.messages,
      newConversations: expected.conversations,
      sessions: expected.sessions,
    });
    expect(answers.versions).toEqual({
      conversations: expected.conversations,
      versions: expected.conversation_versions,
      withHistory: expected.conversations_with_history,
    });
  });
});

describe('query', () => {
  it('prints a table, or any format', async () => {
    const counted = await query('SELECT count() AS messages FROM conversations.fact_messages');
    expect(counted.out).toContain('messages');
    expect(counted.out).toContain(String(expected.messages));
    const text = await query('SELECT count() FROM conversations.fact_messages', '--format', 'TSV');
    expect(text).toEqual({ code: 0, out: `${expected.messages}\n`, err: '' });
  });

  it('binds parameters', async () => {
    const sql = 'SELECT {text:String}, {number:UInt8} + 1';
    const { out } = await query(sql, '--format', 'TSV', '--param', "text='; x=y", '--param', 'number=41');
    expect(out).toBe("\\'; x=y\t42\n");
  });

  it('fails with the message of the server', async () => {
    const { code, out, err } = await query('SELECT no_such_column FROM conversations.fact_messages');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^PARLEY_QUERY_FAILED .*no_such_column/);
  });

  it.each([
    'INSERT INTO conversations.landing_ratings (conversation_id) VALUES (1)',
    'DROP TABLE conversations.landing_messages',
    'TRUNCATE TABLE conversations.landing_messages',
    'CREATE TABLE conversations.mine (x String) ENGINE = Memory',
  ])('cannot damage the warehouse: %s', async (sql) => {
    expect((await query(sql)).code).toBe(1);
  });

  it('passes on an answer of any size, and ends when the reader does', async () => {
    const sql = 'SELECT number FROM numbers(5000000)';
    const { code, out, err } = await shell(`parley query '${sql}' --format TSV --data-dir '${dataDir}' | head -3`);
    expect({ code, out, err }).toEqual({ code: 0, out: '0\n1\n2\n', err: '' });
  });
});

describe('serve', () => {
  it('keeps the ports open for other processes, and ends cleanly', async () => {
    const server = start(['serve', '--data-dir', dataDir]);
    await until(() => /Ctrl-C/.test(server.printed()));
    expect(server.printed()).toMatch(
      /HTTP {4}http:\/\/127\.0\.0\.1:\d+\n {2}native {2}127\.0\.0\.1:\d+\n {2}user {4}bi /,
    );
    const { code, out } = await query('SELECT 1', '--format', 'TSV');
    expect({ code, out }).toEqual({ code: 0, out: '1\n' });
    const refused = await parley(['replay', sample, '--data-dir', dataDir]);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^PARLEY_DATA_DIR_IN_USE/);
    server.kill('SIGTERM');
    expect(await endOf(server)).toBe(0);
    expect((await query('SELECT 2', '--format', 'TSV')).out).toBe('2\n');
  });

  it('answers queries that come at once, one of which has started the server', async () => {
    const answers = await Promise.all([1, 2, 3].map((number) => query(`SELECT ${number}`, '--format', 'TSV')));
    expect(answers.map(({ out }) => out)).toEqual(['1\n', '2\n', '3\n']);
  });
});

describe('state show', () => {
  it('prints what is kept under a key', async () => {
    const { code, out } = await parley(['state', 'show', 'conv-77373c0406ae', '--data-dir', dataDir]);
    expect(code).toBe(0);
    const [state] = JSON.parse(out) as { stage: string; space: string; state: object }[];
    expect(state).toMatchObject({ stage: 'conversations.conversation', space: 'conversation' });
    expect(JSON.stringify(state?.state)).toContain('msg-e27d5857732b6e');
  });

  it('says so when there is nothing, and when there is no such kind', async () => {
    const none = await parley(['state', 'show', 'nobody', '--data-dir', dataDir]);
    expect({ code: none.code, out: none.out.trim() }).toEqual({ code: 1, out: '[]' });
    const wrong = await parley(['state', 'show', 'nobody', '--space', 'nothing', '--data-dir', dataDir]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('conversation');
  });
});

describe('migrate and doctor', () => {
  it.each(['true', 'false'])('clickhouse.syncInserts: %s reaches the server', async (written) => {
    expect((await parley(['migrate', '--data-dir', dataDir], { PARLEY_CLICKHOUSE_SYNC_INSERTS: written })).code).toBe(
      0,
    );
    const configuration = readFileSync(join(dataDir, 'clickhouse', 'config.xml'), 'utf8');
    const isOn = written === 'true' ? 1 : 0;
    for (const setting of ['fsync_after_insert', 'fsync_part_directory']) {
      expect(configuration).toContain(`<${setting}>${isOn}</${setting}>`);
    }
  });

  it('find a warehouse that is up to date', async () => {
    const migrated = await parley(['migrate', '--data-dir', dataDir]);
    expect({ code: migrated.code, out: migrated.out }).toEqual({ code: 0, out: 'Up to date: nothing was applied.\n' });
    const { code, out } = await parley(['doctor', '--json', '--data-dir', dataDir]);
    const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: { name: string; status: string }[] };
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(checks.map(({ name }) => name)).toEqual([
      'configuration',
      'Node.js',
      'engine',
      'data folder',
      'disk',
      'ports',
      'ClickHouse',
      'settings',
      'migrations',
      'seeds',
      'BI user',
    ]);
  });

  it('the doctor fails for a server that is not there, and says what to do', async () => {
    const { code, out } = await parley(['doctor'], { PARLEY_CLICKHOUSE_URL: 'http://127.0.0.1:9' });
    expect(code).toBe(1);
    expect(out).toMatch(/ClickHouse +fail +PARLEY_WAREHOUSE_UNREACHABLE/);
    expect(out).toContain('fail  ClickHouse: Start ClickHouse');
  });
});

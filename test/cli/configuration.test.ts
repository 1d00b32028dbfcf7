import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfiguration } from '../../src/cli/configuration.ts';
import { readConfigurationFile } from '../../src/cli/configuration-file.ts';
import { configurationKeys } from '../../src/cli/configuration-keys.ts';
import { ParleyError } from '../../src/errors.ts';

function faultOf(environment: Record<string, string>, tree?: unknown): ParleyError {
  try {
    readConfiguration(environment, tree);
  } catch (error) {
    if (error instanceof ParleyError) return error;
    throw error;
  }
  throw new Error('It was taken');
}

describe('readConfiguration', () => {
  it('has a default for everything that needs one', () => {
    const configuration = readConfiguration({});
    expect(configuration.app).toBe('parley');
    expect(configuration.domains).toContain('conversations');
    expect(configuration.clickhouse).toEqual({
      url: undefined,
      username: undefined,
      password: undefined,
      cluster: undefined,
      httpPort: 8123,
      tcpPort: 9000,
      syncInserts: false,
    });
    expect(configuration.conversations.sessionGapMinutes).toBe(30);
  });

  it('takes a file, and the environment wins over it', () => {
    const tree = { app: 'of-file', batch: { eventsMax: 10 }, conversations: { storeText: true } };
    const configuration = readConfiguration({ PARLEY_APP: 'of-environment' }, tree);
    expect(configuration.app).toBe('of-environment');
    expect(configuration.batch.eventsMax).toBe(10);
    expect(configuration.conversations.storeText).toBe(true);
  });

  it.each([
    ['PARLEY_BATCH_EVENTS_MAX', '12', 'batch.eventsMax', 12],
    ['PARLEY_CONVERSATIONS_STORE_TEXT', 'yes', 'conversations.storeText', true],
    ['PARLEY_CONVERSATIONS_TEXT_TAGS', '{"billing":["invoice"]}', 'conversations.textTags', { billing: ['invoice'] }],
    ['PARLEY_ASSISTANT_TASK_PATTERNS', '{"ops":["roll back"]}', 'assistant.taskPatterns', { ops: ['roll back'] }],
    ['PARLEY_ASSISTANT_END_DATE', '2026-12-31', 'assistant.endDate', '2026-12-31'],
    ['PARLEY_DOMAINS', ' conversations ', 'domains', ['conversations']],
    ['PARLEY_APP', '', 'app', 'parley'],
    ['PARLEY_KAFKA_BROKERS', 'one:9092, two.example:9093', 'kafka.brokers', ['one:9092', 'two.example:9093']],
    ['PARLEY_KAFKA_TLS_IS_ENABLED', 'true', 'kafka.tls.isEnabled', true],
    ['PARLEY_KAFKA_SESSION_TIMEOUT_MS', '10000', 'kafka.sessionTimeoutMs', 10_000],
    ['PARLEY_RUN_WORKERS', '3', 'run.workers', 3],
  ])('reads %s=%s', (name, text, path, value) => {
    const configuration: unknown = readConfiguration({ [name]: text });
    const at = path.split('.').reduce((tree, key) => (tree as Record<string, unknown>)[key], configuration);
    expect(at).toEqual(value);
  });

  it.each([
    [{ PARLEY_CLICKHUSE_URL: 'x' }, undefined, 'PARLEY_CLICKHUSE_URL', 'perhaps PARLEY_CLICKHOUSE_URL'],
    [{}, { batch: { eventMax: 1 } }, 'batch.eventMax', 'perhaps batch.eventsMax'],
    [{}, { zzz: 1 }, 'zzz', 'one of the keys in docs/configuration.md'],
    [{}, { batch: 5 }, 'batch', 'keys with values'],
    [{ PARLEY_BATCH_EVENTS_MAX: '5.5' }, undefined, 'PARLEY_BATCH_EVENTS_MAX', 'a whole number'],
    [{ PARLEY_CONVERSATIONS_STORE_TEXT: 'maybe' }, undefined, 'PARLEY_CONVERSATIONS_STORE_TEXT', 'boolean'],
    [{ PARLEY_CLICKHOUSE_URL: 'localhost' }, undefined, 'PARLEY_CLICKHOUSE_URL', 'a URL such as'],
    [{ PARLEY_CLICKHOUSE_USERNAME: 'me' }, undefined, 'clickhouse.username', 'clickhouse.url beside it'],
    [
      { PARLEY_CLICKHOUSE_URL: 'http://one:8123', PARLEY_CLICKHOUSE_SYNC_INSERTS: 'true' },
      undefined,
      'clickhouse.syncInserts',
      'no clickhouse.url',
    ],
    [{ PARLEY_CLICKHOUSE_TCP_PORT: '8123' }, undefined, 'clickhouse.tcpPort', 'another port than clickhouse.httpPort'],
    [{ PARLEY_KAFKA_BROKERS: 'one' }, undefined, 'PARLEY_KAFKA_BROKERS.0', 'host:port'],
    [{ PARLEY_KAFKA_SASL_USERNAME: 'me' }, undefined, 'kafka.sasl.username', 'kafka.sasl.mechanism beside it'],
    [{}, { kafka: { tls: { caFile: 'ca.pem' } } }, 'kafka.tls.isEnabled', 'true, or no file'],
    [{}, { schemaRegistry: { plainJson: 'refuse' } }, 'schemaRegistry.plainJson', 'schemaRegistry.url beside it'],
    [{}, { schemaRegistry: { caFile: 'ca.pem' } }, 'schemaRegistry.caFile', 'schemaRegistry.url beside it'],
    [
      {},
      { schemaRegistry: { url: 'http://one', token: 't', username: 'me' } },
      'schemaRegistry.token',
      'either it, or',
    ],
    [{ PARLEY_CLICKHOUSE_CLUSTER: 'analytics' }, undefined, 'clickhouse.cluster', 'clickhouse.url beside it'],
    [{ PARLEY_BI_PASSWORD: 'secret' }, undefined, 'bi.password', 'clickhouse.url beside it'],
    [{ PARLEY_CLICKHOUSE_CLUSTER: "o'clock" }, undefined, 'PARLEY_CLICKHOUSE_CLUSTER', 'the name of a cluster'],
    [{}, { schemaRegistry: { username: 'me' } }, 'schemaRegistry.username', 'schemaRegistry.url beside it'],
    [{ PARLEY_KAFKA_REPLICATION_FACTOR: '0' }, undefined, 'PARLEY_KAFKA_REPLICATION_FACTOR', '-1, or 1 or more'],
    [{ PARLEY_ASSISTANT_START_DATE: '1.1.2026' }, undefined, 'PARLEY_ASSISTANT_START_DATE', 'a date such as'],
    [{ PARLEY_ASSISTANT_START_DATE: '2100-01-01' }, undefined, 'assistant.startDate', 'no later than'],
    [
      { PARLEY_ASSISTANT_ALLOWED_LATENESS_HOURS: '2', PARLEY_ASSISTANT_SESSION_GAP_MINUTES: '121' },
      undefined,
      'assistant.sessionGapMinutes',
      'no more than assistant.allowedLatenessHours',
    ],
    [{ PARLEY_DOMAINS: 'conversation' }, undefined, 'PARLEY_DOMAINS.0', '"conversations"'],
  ])('refuses %j %j, and says where and what was expected', (environment, tree, where, expected) => {
    const fault = faultOf(environment as Record<string, string>, tree);
    expect(fault.code).toBe('PARLEY_CONFIGURATION');
    expect(fault.detail.where).toBe(where);
    expect(fault.detail.expected).toContain(expected);
    expect(fault.detail.received).toBeTruthy();
  });

  it('tells of all faults at once', () => {
    const fault = faultOf({ PARLEY_APP: 'a b', PARLEY_LOG_LEVEL: 'loud' });
    expect(fault.detail.where).toBe('PARLEY_APP, PARLEY_LOG_LEVEL');
  });

  it('leaves what Kubernetes sets beside a service called parley alone', () => {
    const set = {
      PARLEY_SERVICE_HOST: '10.0.0.1',
      PARLEY_SERVICE_PORT_HTTP: '80',
      PARLEY_PORT: 'tcp://10.0.0.1:80',
      PARLEY_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(readConfiguration(set).app).toBe('parley');
  });

  it('reads a password from a file, and never shows it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-configuration-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'password');
    writeFileSync(file, 'hunter2\n');
    const server = { PARLEY_CLICKHOUSE_URL: 'http://127.0.0.1:8123', PARLEY_CLICKHOUSE_PASSWORD_FILE: file };
    expect(readConfiguration(server).clickhouse.password).toBe('hunter2');
    const both = faultOf({ ...server, PARLEY_CLICKHOUSE_PASSWORD: 'hunter3' });
    expect(both.detail.received).toBe('both');
    const missing = faultOf({ ...server, PARLEY_CLICKHOUSE_PASSWORD_FILE: join(folder, 'none') });
    expect(missing.detail.received).toContain('ENOENT');
    const wrong = faultOf({}, { clickhouse: { url: 'http://x', password: 12345678 } });
    expect(`${wrong.message} ${JSON.stringify(wrong.detail)}`).not.toContain('12345678');
  });
});

describe('parley.yaml', () => {
  function written(text: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'parley-configuration-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'parley.yaml'), text);
    return join(folder, 'parley.yaml');
  }

  it('is nested as its keys, with lists as lists', () => {
    const file = written('app: shop\nkafka:\n  brokers: [one:9092, two:9092]\n  tls:\n    isEnabled: yes\nhttp:\n');
    expect(() => readConfiguration({}, readConfigurationFile(file))).toThrow(/fault/);
    const right = written('app: shop\nkafka:\n  brokers:\n    - one:9092\n    - two:9092\nhttp:\n');
    const configuration = readConfiguration({ PARLEY_HTTP_PORT: '0' }, readConfigurationFile(right));
    expect(configuration).toMatchObject({ app: 'shop', kafka: { brokers: ['one:9092', 'two:9092'] } });
    expect(configuration.http).toEqual({ host: '127.0.0.1', port: 0 });
  });

  it('may be empty, or not there; not when it is named', () => {
    expect(readConfiguration({}, readConfigurationFile(written('# nothing yet\n'))).app).toBe('parley');
    expect(() => readConfigurationFile('/nowhere/parley.yaml')).toThrow(/cannot be read/);
  });

  it('says where it is no YAML', () => {
    const file = written('app: [\n');
    try {
      readConfigurationFile(file);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'PARLEY_CONFIGURATION', detail: { where: file } });
      expect((error as ParleyError).detail.received).toMatch(/line \d/);
    }
  });
});

describe('docs/configuration.md', () => {
  it('has the table of the keys, no more and no less', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows).toEqual(configurationKeys.map(rowOf));
  });

  it('has the names that the contract fixes', () => {
    const names = new Map(configurationKeys.map(({ path, environment }) => [path, environment]));
    expect(names.get('app')).toBe('PARLEY_APP');
    expect(names.get('clickhouse.url')).toBe('PARLEY_CLICKHOUSE_URL');
    expect(names.get('clickhouse.username')).toBe('PARLEY_CLICKHOUSE_USERNAME');
    expect(names.get('clickhouse.password')).toBe('PARLEY_CLICKHOUSE_PASSWORD');
    expect(names.get('domains')).toBe('PARLEY_DOMAINS');
    expect(names.get('kafka.brokers')).toBe('PARLEY_KAFKA_BROKERS');
    expect(names.get('kafka.topicPrefix')).toBe('PARLEY_KAFKA_TOPIC_PREFIX');
    expect(names.get('schemaRegistry.url')).toBe('PARLEY_SCHEMA_REGISTRY_URL');
    expect(names.get('state.dir')).toBe('PARLEY_STATE_DIR');
    expect(names.get('http.host')).toBe('PARLEY_HTTP_HOST');
    expect(names.get('http.port')).toBe('PARLEY_HTTP_PORT');
  });
});

function rowOf({ path, environment, default: value, meaning }: (typeof configurationKeys)[number]): string {
  const text = Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : value;
  return `| \`${path}\` | \`${environment}\` | ${text === undefined || text === '' ? 'unset' : `\`${text}\``} | ${meaning} |`;
}

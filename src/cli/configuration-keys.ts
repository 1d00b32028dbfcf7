import { z } from 'zod';
import { domainNames } from '../domains.ts';
import { defaultOptions as assistantDefaults } from '../processors/assistant/options.ts';
import { defaultOptions } from '../processors/conversations/options.ts';
import { defaultLimits } from '../runtime/task.ts';
import { clusterName } from '../warehouse/cluster/rewrite.ts';
import { READER } from '../warehouse/embedded/server.ts';

/** How the text of an environment variable becomes a value. */
export type Kind = 'text' | 'integer' | 'boolean' | 'list' | 'json';

/** A key of the configuration, in the words of docs/configuration.md, which a test holds equal to this table. */
export interface ConfigurationKey {
  /** Its place in `parley.yaml`. */
  readonly path: string;
  readonly environment: string;
  readonly kind: Kind;
  readonly schema: z.ZodType;
  /** Undefined: unset. */
  readonly default: unknown;
  readonly meaning: string;
  /** Never printed; can also be read from the file that `<environment>_FILE` names. */
  readonly isSecret?: boolean;
}

const port = z.int().min(0).max(65_535);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: 'expected 1 to 63 letters, digits, dots, dashes and underscores',
});
const text = z.string().min(1);
const broker = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/,]+):\d{1,5}$/, { error: 'expected host:port' });
const topicPrefix = z.string().regex(/^[A-Za-z0-9._-]{0,100}$/, {
  error: 'expected at most 100 letters, digits, dots, dashes and underscores',
});
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const configurationKeys: readonly ConfigurationKey[] = [
  key('app', 'text', name, 'parley', 'Name of the deployment: consumer group, prefix of journals and tokens'),
  key('domains', 'list', z.array(z.enum(domainNames)).min(1), domainNames, 'Which domains run'),
  key('dataDir', 'text', z.string().min(1), undefined, 'Folder of an embedded warehouse; `--data-dir` wins over it'),
  key('log.level', 'text', z.enum(levels), 'warn', `Least level of log lines: ${levels.join(', ')}`),
  key('clickhouse.url', 'text', url(), undefined, 'A ClickHouse server to use; unset: one of its own is started'),
  key('clickhouse.username', 'text', z.string().min(1), undefined, 'User on that server'),
  { ...key('clickhouse.password', 'text', z.string(), undefined, 'Password of that user'), isSecret: true },
  key(
    'clickhouse.cluster',
    'text',
    z.string().regex(clusterName, { error: 'expected the name of a cluster in <remote_servers>' }),
    undefined,
    'Cluster that the warehouse is made on, as `migrate --cluster` would; unset: what it was made as',
  ),
  key('clickhouse.httpPort', 'integer', port, 8123, 'HTTP port of its own server, or the next free one; 0: any'),
  key('clickhouse.tcpPort', 'integer', port, 9000, 'Native port of its own server, or the next free one; 0: any'),
  key(
    'clickhouse.syncInserts',
    'boolean',
    z.boolean(),
    false,
    'Whether its own server has an insert on the disk before Parley takes it for done: against power cuts',
  ),
  key('bi.username', 'text', text, READER, 'User that BI tools, `parley doctor bi` and the dashboard read as'),
  { ...key('bi.password', 'text', z.string(), undefined, 'Password of that user'), isSecret: true },
  key(
    'kafka.brokers',
    'list',
    z.array(broker).min(1),
    undefined,
    'Brokers that are asked first, comma-separated host:port',
  ),
  key('kafka.topicPrefix', 'text', topicPrefix, '', 'Put before the name of every topic that producers write to'),
  key(
    'kafka.sasl.mechanism',
    'text',
    z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    undefined,
    'How to sign in: plain, scram-sha-256 or scram-sha-512; unset: not at all',
  ),
  key('kafka.sasl.username', 'text', text, undefined, 'User on the brokers'),
  { ...key('kafka.sasl.password', 'text', z.string(), undefined, 'Password of that user'), isSecret: true },
  key('kafka.tls.isEnabled', 'boolean', z.boolean(), false, 'Whether connections to the brokers are encrypted'),
  key('kafka.tls.caFile', 'text', text, undefined, 'PEM file of an authority that Node.js does not know'),
  key('kafka.tls.certFile', 'text', text, undefined, 'PEM file of a client certificate'),
  key('kafka.tls.keyFile', 'text', text, undefined, 'PEM file of its key'),
  key(
    'kafka.sessionTimeoutMs',
    'integer',
    z.int().min(6_000).max(1_800_000),
    30_000,
    'A member that is not heard of for so long loses its tasks; what the brokers allow',
  ),
  key(
    'kafka.replicationFactor',
    'integer',
    z
      .int()
      .min(-1)
      .max(15)
      .refine((copies) => copies !== 0, { error: 'expected -1, or 1 or more' }),
    -1,
    "Copies of the journals and internal topics that are made; -1: the brokers' own default",
  ),
  key('schemaRegistry.url', 'text', url(), undefined, 'A Confluent-compatible registry; unset: events are plain JSON'),
  key('schemaRegistry.username', 'text', text, undefined, 'User of the registry'),
  { ...key('schemaRegistry.password', 'text', z.string(), undefined, 'Password of that user'), isSecret: true },
  { ...key('schemaRegistry.token', 'text', text, undefined, 'Bearer token, in place of both'), isSecret: true },
  key('schemaRegistry.caFile', 'text', text, undefined, 'PEM file of an authority that Node.js does not know'),
  key(
    'schemaRegistry.plainJson',
    'text',
    z.enum(['accept', 'refuse']),
    'accept',
    'What is done with plain JSON, which names no schema: accept, or refuse to the dead letters',
  ),
  key(
    'seeds.dir',
    'text',
    text,
    undefined,
    'Folder of your own seeds, such as tool_categories.csv; unset: the shipped ones',
  ),
  key(
    'compat',
    'boolean',
    z.boolean(),
    false,
    "Whether the databases of the documents' own names are made, as `migrate --compat` would",
  ),
  key('state.dir', 'text', text, './data/state', 'Local state of `parley run`; a copy of what the journals have'),
  key('http.host', 'text', text, '127.0.0.1', 'Where dashboard, health and metrics are served; without a password'),
  key('http.port', 'integer', port, 8080, 'Its port; 0: any. Not written: `serve` and `demo` take the next free one'),
  key('run.workers', 'integer', z.int().min(1).max(256), 1, 'Processes of `parley run`; `--workers` wins over it'),
  key(
    'run.stopMs',
    'integer',
    z.int().min(0).max(600_000),
    10_000,
    'How long a clean stop may take to finish what is under way; the rest is left to the next owners',
  ),
  key(
    'batch.lingerMs',
    'integer',
    z.int().min(0).max(60_000),
    200,
    'Least milliseconds between two small batches of a task of `parley run`',
  ),
  key(
    'batch.eventsMax',
    'integer',
    z.int().min(1).max(200_000),
    defaultLimits.batchEventsMax,
    'Events in a batch, at most; the tasks of a process share it',
  ),
  key(
    'batch.bytesMax',
    'integer',
    z.int().min(1024).max(268_435_456),
    defaultLimits.batchBytesMax,
    'Bytes in a batch, at most (one event is always taken); the tasks of a process share it',
  ),
  key(
    'checkpoint.intervalMs',
    'integer',
    z.int().min(100).max(3_600_000),
    defaultLimits.checkpointIntervalMs,
    'Milliseconds between checkpoints of the state',
  ),
  key(
    'checkpoint.keysMax',
    'integer',
    z.int().min(1).max(10_000_000),
    defaultLimits.checkpointKeysMax,
    'Changed keys that bring a checkpoint about before its time; the tasks of a process share it',
  ),
  key('tests.dirs', 'list', z.array(text), [], 'Folders with data tests of your own, for `parley test`'),
  key(
    'tests.freshness',
    'boolean',
    z.boolean(),
    false,
    'Whether `parley test` also asks how fresh the topics are; right where events flow, wrong for files of another year',
  ),
  key(
    'conversations.sessionGapMinutes',
    'integer',
    z.int().min(1).max(10_080),
    defaultOptions.sessionGapMinutes,
    'A longer silence starts a new session',
  ),
  key(
    'conversations.allowedLatenessHours',
    'integer',
    z.int().min(0).max(8_760),
    defaultOptions.allowedLatenessHours,
    "How much older than its conversation's newest message a message may be and still be placed",
  ),
  key(
    'conversations.keptMessagesMax',
    'integer',
    z.int().min(2).max(100_000),
    defaultOptions.keptMessagesMax,
    'Recent messages kept for each conversation, at most',
  ),
  key(
    'conversations.keptChangesMax',
    'integer',
    z.int().min(2).max(100_000),
    defaultOptions.keptChangesMax,
    'Changes kept for each conversation, customer and clinic, at most',
  ),
  key(
    'conversations.storeText',
    'boolean',
    z.boolean(),
    defaultOptions.storeText,
    'Whether the text of messages goes to the warehouse',
  ),
  key(
    'conversations.textTags',
    'json',
    z.record(z.string().min(1), z.array(z.string().min(1))),
    defaultOptions.textTags,
    'Tag to the words that give it to a message, as JSON',
  ),
  key(
    'assistant.sessionGapMinutes',
    'integer',
    z.int().min(1).max(10_080),
    assistantDefaults.sessionGapMinutes,
    'A longer silence within a session starts a new activity period',
  ),
  key(
    'assistant.allowedLatenessHours',
    'integer',
    z.int().min(0).max(8_760),
    assistantDefaults.allowedLatenessHours,
    "How much older than its session's newest entry an entry may be and still be placed",
  ),
  key(
    'assistant.keptEntriesMax',
    'integer',
    z.int().min(2).max(100_000),
    assistantDefaults.keptEntriesMax,
    'Recent entries of a session that a late one can be placed before, at most',
  ),
  key(
    'assistant.openCallsMax',
    'integer',
    z.int().min(1).max(100_000),
    assistantDefaults.openCallsMax,
    'Tool calls without a result, and results without a call, that a session waits for, at most',
  ),
  key(
    'assistant.storeText',
    'boolean',
    z.boolean(),
    assistantDefaults.storeText,
    'Whether the content of entries goes to the warehouse',
  ),
  key(
    'assistant.taskPatterns',
    'json',
    z.record(z.string().min(1), z.array(z.string().min(1))),
    assistantDefaults.taskPatterns,
    'Task category to its words, as JSON; of several categories that a message has words of, the first',
  ),
  key(
    'assistant.startDate',
    'text',
    z.iso.date({ error: 'expected a date such as 2024-01-01' }),
    assistantDefaults.startDate,
    'First day, in UTC, whose entries count',
  ),
  key(
    'assistant.endDate',
    'text',
    z.iso.date({ error: 'expected a date such as 2099-12-31' }),
    assistantDefaults.endDate,
    'Last day, in UTC, whose entries count',
  ),
  key(
    'assistant.timeZone',
    'text',
    z.string().refine((zone) => isTimeZone(zone), { error: 'expected the name of a time zone such as Europe/Berlin' }),
    assistantDefaults.timeZone,
    'Zone of the days and hours that views of the domain show',
  ),
];

function key(path: string, kind: Kind, schema: z.ZodType, value: unknown, meaning: string): ConfigurationKey {
  return { path, environment: environmentOf(path), kind, schema, default: value, meaning };
}

/** `checkpoint.intervalMs` is `PARLEY_CHECKPOINT_INTERVAL_MS`. */
export function environmentOf(path: string): string {
  return `PARLEY_${path.replaceAll('.', '_').replaceAll(/([a-z])([A-Z])/g, '$1_$2')}`.toUpperCase();
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function url(): z.ZodType {
  return z.string().refine((text) => /^https?:\/\/[^\s/]/.test(text) && URL.canParse(text), {
    error: 'expected a URL such as http://127.0.0.1:8123',
  });
}

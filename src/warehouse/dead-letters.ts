import { type ClickHouseClient, type Parameters, queryRows } from './client.ts';

/** A refused record, without its bytes. Times are ISO 8601 in UTC. */
export interface DeadLetter {
  /** 16 hexadecimal digits, from where the record came: the same whenever it is read. */
  readonly id: string;
  readonly app: string;
  readonly stage: string;
  readonly topic: string;
  readonly shard: string;
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly size: number;
  readonly event_time: string | null;
  readonly dead_at: string;
  readonly replayed_at: string | null;
}

export interface DeadLetterFilter {
  readonly code?: string | undefined;
  readonly topic?: string | undefined;
  /** Only those that were not sent back. */
  readonly isPending?: boolean;
  /** Only those whose bytes can be read again: not those that are too large, nor lines of a format. */
  readonly isReturnable?: boolean;
  /** Refused before this time, milliseconds since 1970. */
  readonly before?: number;
  /** The beginning of an id. */
  readonly id?: string;
  readonly limit: number;
}

/** A dead letter with its record, byte for byte. */
export interface StoredDeadLetter extends DeadLetter {
  readonly bytes: Buffer;
  /** Of a Kafka record: its key and its header `__value_schema_id`, where it had them. */
  readonly key: Buffer | null;
  readonly schema: Buffer | null;
}

interface EncodedBytes {
  readonly bytes64: string;
  readonly key64: string | null;
  readonly schema64: string | null;
}

/** The newest first. */
export function listDeadLetters(client: ClickHouseClient, filter: DeadLetterFilter): Promise<DeadLetter[]> {
  return queryRows<DeadLetter>(client, selectSql(columns, filter), parametersOf(filter), times);
}

export async function countDeadLetters(client: ClickHouseClient, filter: DeadLetterFilter): Promise<number> {
  const sql = `SELECT count() AS number FROM orchestrator.dead_letters WHERE ${conditions(filter)}`;
  const rows = await queryRows<{ number: number }>(client, sql, parametersOf(filter));
  return rows[0]?.number ?? 0;
}

export async function readDeadLetters(client: ClickHouseClient, filter: DeadLetterFilter): Promise<StoredDeadLetter[]> {
  // JSON holds no bytes that are not UTF-8, so they come in base64.
  const encoded =
    'base64Encode(bytes) AS bytes64, base64Encode(record_key) AS key64, base64Encode(schema_header) AS schema64';
  const sql = selectSql(`${columns}, ${encoded}`, filter);
  const rows = await queryRows<DeadLetter & EncodedBytes>(client, sql, parametersOf(filter), times);
  return rows.map(({ bytes64, key64, schema64, ...letter }) => ({
    ...letter,
    bytes: Buffer.from(bytes64, 'base64'),
    key: key64 === null ? null : Buffer.from(key64, 'base64'),
    schema: schema64 === null ? null : Buffer.from(schema64, 'base64'),
  }));
}

/** Says of these that they were sent back now. Those of which it was said before are left as they are. */
export async function markReplayed(client: ClickHouseClient, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    // `letters.` tells the column from the value that replaces it: ClickHouse would take the latter.
    await client.command({
      query: `
        INSERT INTO orchestrator.landing_dead_letters
        SELECT * REPLACE (now64(3, 'UTC') AS replayed_at, row_version + 1 AS row_version)
        FROM orchestrator.landing_dead_letters AS letters FINAL
        WHERE sign = 1 AND letters.replayed_at IS NULL AND ${id} IN {ids:Array(String)}`,
      query_params: { ids: ids.slice(from, from + idsAtOnce) },
    });
  }
}

/** The ids travel in the URL of the request, which servers bound at a megabyte. */
const idsAtOnce = 2_000;
const times = { date_time_output_format: 'iso' } as const;
const id = 'lower(hex(sipHash64(app, stage, topic, shard, offset)))';
const columns = `${id} AS id, app, stage, topic, shard, offset, code, message, size, event_time, dead_at, replayed_at`;

function selectSql(what: string, filter: DeadLetterFilter): string {
  return `
    SELECT ${what} FROM orchestrator.dead_letters
    WHERE ${conditions(filter)}
    ORDER BY dead_at DESC, topic, shard, offset
    LIMIT {limit:UInt64}`;
}

function conditions(filter: DeadLetterFilter): string {
  const all = ['1'];
  if (filter.code !== undefined) all.push('code = {code:String}');
  if (filter.topic !== undefined) all.push('topic = {topic:String}');
  if (filter.isPending) all.push('replayed_at IS NULL');
  if (filter.isReturnable) all.push("code != 'EVENT_TOO_LARGE'", "position(topic, '+') = 0");
  if (filter.before !== undefined) all.push('dead_at < fromUnixTimestamp64Milli({before:Int64})');
  if (filter.id !== undefined) all.push(`startsWith(${id}, {id:String})`);
  return all.join(' AND ');
}

function parametersOf({ code = '', topic = '', before = 0, id: begin = '', limit }: DeadLetterFilter): Parameters {
  return { code, topic, before, id: begin, limit };
}

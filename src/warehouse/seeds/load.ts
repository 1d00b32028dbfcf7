import { createHash } from 'node:crypto';
import type { Domain } from '../../runtime/domain.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import { failureOf } from '../failure.ts';
import { insertSettings } from '../insert-settings.ts';
import { readSeed, type SeedRows, seedsInFolder, shippedSeeds } from './read.ts';
import { type SeedOrigin, seedTable } from './table.ts';

export type SeededDomain = Pick<Domain, 'name' | 'seeds' | 'variables'>;

export interface SeedOptions {
  readonly domains: readonly SeededDomain[];
  /** A folder of a person's own; a seed that is not in it is the shipped one. Default: the shipped ones. */
  readonly dir?: string | undefined;
  /** Whether a shipped seed also replaces one that a person has loaded (false). */
  readonly isReset?: boolean;
}

export interface LoadedSeed {
  readonly domain: string;
  readonly seed: string;
  readonly origin: SeedOrigin;
  readonly rows: number;
  /** False: the warehouse had these rows, or a person's own that were left as they are. */
  readonly isChanged: boolean;
}

interface Wanted extends SeedRows {
  readonly domain: string;
  readonly seed: string;
  readonly origin: SeedOrigin;
}

/**
 * Brings the seeds of the domains into the warehouse. A seed is replaced at once and whole, in one row of one insert:
 * who reads sees the old one or the new one. Nothing is written when nothing has changed, and nothing at all when a
 * file has a fault. Views read seeds as they are, so facts and aggregates follow without being touched.
 *
 * Fails with PARLEY_SEED_INVALID, PARLEY_SOURCE_NOT_FOUND, or as an insert does.
 */
export async function loadSeeds(client: ClickHouseClient, options: SeedOptions): Promise<LoadedSeed[]> {
  const wanted = wantedSeeds(options);
  const loaded: LoadedSeed[] = [];
  for (const one of wanted) {
    const { domain, seed, origin, header, rows } = one;
    const cells = rows.flat();
    const checksum = createHash('sha256')
      .update(JSON.stringify([header, cells]))
      .digest('hex');
    const [now] = await queryRows<{ checksum: string; origin: SeedOrigin }>(
      client,
      'SELECT checksum, origin FROM {database:Identifier}.landing_seeds FINAL WHERE seed = {seed:String} AND sign = 1',
      { database: domain, seed },
    );
    const isOwn = now?.origin === 'folder' && origin === 'shipped' && options.isReset !== true;
    const isChanged = !isOwn && (now?.checksum !== checksum || now.origin !== origin);
    if (isChanged) await insert(client, domain, { seed, header, cells, checksum, origin });
    loaded.push({ domain, seed, origin: isOwn ? 'folder' : origin, rows: rows.length, isChanged });
  }
  return loaded;
}

/** Seeds of migrated domains that were never loaded, as <domain>.<seed>: views read them as empty. Rejects with the client's errors. */
export async function missingSeeds(client: ClickHouseClient, domains: readonly SeededDomain[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { name: domain, seeds = [], variables } of domains) {
    const wanted = [...seeds.map(({ name }) => name), ...(variables === undefined ? [] : ['variables'])];
    if (wanted.length === 0) continue;
    const rows = await queryRows<{ seed: string }>(
      client,
      'SELECT seed FROM {database:Identifier}.landing_seeds FINAL WHERE sign = 1',
      { database: domain },
    );
    missing.push(
      ...wanted.filter((name) => !rows.some(({ seed }) => seed === name)).map((name) => `${domain}.${name}`),
    );
  }
  return missing;
}

/** All files are read, and so checked, before anything is written. */
function wantedSeeds({ domains, dir }: SeedOptions): Wanted[] {
  const known = domains.flatMap(({ seeds = [] }) => seeds.map(({ name }) => name));
  const own = dir === undefined ? [] : seedsInFolder(dir, known);
  return domains.flatMap(({ name: domain, seeds = [], variables }) => {
    const files = seeds.map((seed): Wanted => {
      const isOwn = dir !== undefined && own.includes(seed.name);
      const rows = readSeed(isOwn ? dir : shippedSeeds, seed);
      return { domain, seed: seed.name, origin: isOwn ? 'folder' : 'shipped', ...rows };
    });
    if (variables === undefined) return files;
    const header = ['name', 'value'];
    return [
      ...files,
      { domain, seed: 'variables', origin: 'configuration', header, rows: Object.entries(variables) } satisfies Wanted,
    ];
  });
}

type SeedValues = Readonly<Record<'seed' | 'checksum' | 'origin', string>> &
  Readonly<Record<'header' | 'cells', readonly string[]>>;

async function insert(client: ClickHouseClient, database: string, values: SeedValues): Promise<void> {
  const now = Date.now();
  const { name } = seedTable(database);
  try {
    await client.insert({
      table: `${database}.${name}`,
      format: 'JSONEachRow',
      values: [{ ...values, loaded_at: (now / 1000).toFixed(3), sign: 1, row_version: now }],
      clickhouse_settings: { ...insertSettings, insert_deduplication_token: `seed/${values.seed}/${now}` },
    });
  } catch (error) {
    throw failureOf(error).error;
  }
}

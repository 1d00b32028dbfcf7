import { located, messageOf } from '../errors.ts';
import type { Domain } from '../runtime/domain.ts';
import { keepCatalogue } from './catalogue/keep.ts';
import type { ClickHouseClient } from './client.ts';
import { connect } from './client.ts';
import { applyCompat } from './compat.ts';
import { type EmbeddedServer, startEmbeddedServer } from './embedded/server.ts';
import { greet, withoutCredentials } from './greeting.ts';
import { migrate } from './migrations.ts';
import { loadSeeds, type SeedOptions } from './seeds/load.ts';
import { checkSettings } from './settings.ts';

export interface WarehouseOptions {
  /** Where the embedded server keeps its data. */
  readonly dataDir: string;
  /** A server of one's own instead of the embedded one. */
  readonly url?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly httpPort?: number | undefined;
  readonly tcpPort?: number | undefined;
  /** Of the embedded server: whether an insert is on the disk before it is acknowledged (false). */
  readonly syncInserts?: boolean | undefined;
  /** Databases that must exist: names of domains. */
  readonly domains: readonly string[];
  /** Name of the ClickHouse cluster that they are made on; unset: what the warehouse was made as. */
  readonly cluster?: string | undefined;
  /** Whether the databases of the documents' own names are made (false). */
  readonly compat?: boolean;
  /** What is loaded once it is migrated; unset: nothing. */
  readonly seeds?: SeedOptions;
  /** Whether pending migrations are applied, and seeds loaded (true). */
  readonly isMigrating?: boolean;
  /** What the catalogue says of topics and stages; left out: it is not written. It is part of migrating. */
  readonly declared?: readonly Domain[];
  readonly log?: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
}

/** A warehouse that is ready to take batches: migrated, with the settings that counting once depends on. */
export interface Warehouse {
  /** Connected as the user that writes. */
  readonly client: ClickHouseClient;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Undefined when the server is not ours. */
  readonly server: EmbeddedServer | undefined;
  close(): Promise<void>;
}

/** Starts the embedded server, or connects to the configured one; migrates and checks it. */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const { url, dataDir, httpPort, tcpPort, syncInserts, log, domains, cluster, isMigrating = true, declared } = options;
  const server =
    url === undefined ? await startEmbeddedServer({ dataDir, httpPort, tcpPort, syncInserts, log }) : undefined;
  const account = server ?? {
    url: url ?? '',
    username: options.username ?? 'default',
    password: options.password ?? '',
  };
  const client = connect(account);
  let catalogue: Promise<unknown> | undefined;
  const close = async () => {
    await catalogue;
    await client.close();
    await server?.stop();
  };
  try {
    if (server === undefined) await greet(client, account.url);
    if (isMigrating) {
      await migrate(client, { domains, cluster });
      if (options.compat === true) await applyCompat(client, { domains });
      if (options.seeds !== undefined) await loadSeeds(client, options.seeds);
    }
    await checkSettings(client, ['orchestrator', ...domains]);
    // Beside the work and not before it: no event waits for what is only read by people.
    if (isMigrating && declared !== undefined) {
      catalogue = keepCatalogue(client, declared).catch((error: unknown) => {
        log?.('warn', `The catalogue could not be written: ${messageOf(error)}`);
      });
    }
  } catch (error) {
    await close();
    throw located(error, withoutCredentials(account.url));
  }
  return { client, url: account.url, username: account.username, password: account.password, server, close };
}

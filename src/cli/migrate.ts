import { ParleyError } from '../errors.ts';
import { settingsOf } from '../runtime/domain.ts';
import { keepCatalogue } from '../warehouse/catalogue/keep.ts';
import type { ClickHouseClient } from '../warehouse/client.ts';
import { connect } from '../warehouse/client.ts';
import { checkClusterName } from '../warehouse/cluster/rewrite.ts';
import { clusterScript } from '../warehouse/cluster/script.ts';
import { applyCompat } from '../warehouse/compat.ts';
import { findRunningServer } from '../warehouse/embedded/running.ts';
import { readMigrationFiles } from '../warehouse/migration-files.ts';
import { type AppliedMigration, type MigrateOptions, migrate, pendingMigrations } from '../warehouse/migrations.ts';
import { loadSeeds } from '../warehouse/seeds/load.ts';
import { writeSettings } from '../warehouse/watermark-table.ts';
import { print, printJson, table } from './output.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';

interface MigrateFlags {
  readonly dataDir?: string;
  readonly cluster?: string;
  readonly compat?: true;
  readonly print?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addMigrate({ program, handle }: Registry): void {
  const command = program
    .command('migrate')
    .description('bring the databases of the warehouse up to date')
    .option(dataDirFlags, dataDirMeaning)
    .option(
      '--cluster <name>',
      'make the objects on all servers of a ClickHouse cluster (or PARLEY_CLICKHOUSE_CLUSTER)',
    )
    .option('--compat', "also make the databases of the documents' own names: raw, seeds, staging, intermediate, marts")
    .option('--print', 'for a cluster: print the SQL, and ask no server')
    .option('--dry-run', 'say what would be applied, and apply nothing')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
A warehouse that was made for a cluster remembers it: --cluster is needed once, and for a replica that came later.
See docs/operators-cluster.md.

Examples:
  $ parley migrate --dry-run --data-dir ./data/demo
  $ parley migrate --cluster analytics --print
  $ parley migrate --compat --data-dir ./data/demo
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<MigrateFlags>();
    const options = optionsOf(session, flags);
    if (flags.print) {
      print(clusterScript(readMigrationFiles(options), options.cluster ?? '').trimEnd());
      return undefined;
    }
    await withWriter(session, flags.dataDir, async (client) => {
      if (flags.dryRun) {
        tellPending(await pending(client, options), flags);
        return;
      }
      const applied = await migrate(client, options);
      if (flags.compat || session.configuration.compat) {
        await applyCompat(client, { domains: options.domains ?? [], isForced: flags.compat === true });
      }
      await loadSeeds(client, session.seeds);
      await writeSettings(client, settingsOf(session.domains));
      await keepCatalogue(client, session.domains);
      tellApplied(applied, flags);
    });
    return undefined;
  });
}

function optionsOf(session: Session, flags: MigrateFlags): MigrateOptions {
  const { print: isPrinting, dryRun, json } = flags;
  const { domains, cluster: configured } = session.migrateOptions;
  const cluster = flags.cluster ?? configured;
  if (isPrinting && (cluster === undefined || dryRun || json)) {
    throw new ParleyError('PARLEY_USAGE', '--print gives the SQL for a cluster', {
      expected: '--cluster NAME --print, alone',
      received: cluster === undefined ? 'no --cluster' : '--dry-run or --json',
    });
  }
  if (cluster === undefined) return { domains };
  checkClusterName(cluster);
  if (!isPrinting && session.configuration.clickhouse.url === undefined) {
    throw new ParleyError('PARLEY_USAGE', 'The embedded server is no cluster', {
      expected: 'PARLEY_CLICKHOUSE_URL, or --print',
      received: `--cluster ${cluster} without clickhouse.url`,
    });
  }
  return { domains, cluster };
}

interface Pending {
  readonly domain: string;
  readonly name: string;
}

async function pending(client: ClickHouseClient, options: MigrateOptions): Promise<Pending[]> {
  return (await pendingMigrations(client, options)).map(({ domain, name }) => ({ domain, name }));
}

function tellPending(files: readonly Pending[], { json }: MigrateFlags): void {
  const rows = files.map(({ domain, name }) => [domain, name]);
  if (json) printJson(files);
  else if (rows.length === 0) print('Up to date: nothing would be applied.');
  else print(table([{ title: 'domain' }, { title: 'pending' }], rows));
}

function tellApplied(applied: readonly AppliedMigration[], { json }: MigrateFlags): void {
  const columns = [{ title: 'domain' }, { title: 'applied' }, { title: 'ms', align: 'right' as const }];
  const rows = applied.map(({ domain, name, elapsedMs }) => [domain, name, Math.round(elapsedMs)]);
  if (json) printJson(applied);
  else if (rows.length === 0) print('Up to date: nothing was applied.');
  else print(table(columns, rows));
}

/** Gives a client that may write: of the process that serves the folder, or of a server of our own. */
export async function withWriter<Answer>(
  session: Session,
  dataDirOption: string | undefined,
  work: (client: ClickHouseClient) => Promise<Answer>,
): Promise<Answer> {
  const isConfigured = session.configuration.clickhouse.url !== undefined;
  const dataDir = session.dataDir(dataDirOption, isConfigured ? '.' : undefined);
  const running = isConfigured ? undefined : await findRunningServer(dataDir);
  if (running !== undefined) {
    const client = connect(running);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }
  const warehouse = await session.openWarehouse(dataDir, { isMigrating: false });
  try {
    return await work(warehouse.client);
  } finally {
    await warehouse.close();
  }
}

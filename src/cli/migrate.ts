import type { ClickHouseClient } from '../warehouse/client.ts';
import { connect } from '../warehouse/client.ts';
import { findRunningServer } from '../warehouse/embedded/running.ts';
import { migrate, pendingMigrations } from '../warehouse/migrations.ts';
import { print, printJson, table } from './output.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';

interface MigrateFlags {
  readonly dataDir?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addMigrate({ program, handle }: Registry): void {
  const command = program
    .command('migrate')
    .description('bring the databases of the warehouse up to date')
    .option(dataDirFlags, dataDirMeaning)
    .option('--dry-run', 'say what would be applied, and apply nothing')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Example:
  $ parley migrate --dry-run --data-dir ./data/demo
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<MigrateFlags>();
    const domains = session.domains.map(({ name }) => name);
    await withWriter(session, flags.dataDir, async (client) => {
      if (flags.dryRun) {
        const pending = (await pendingMigrations(client, { domains })).map(({ domain, name }) => ({ domain, name }));
        if (flags.json) printJson(pending);
        else if (pending.length === 0) print('Up to date: nothing would be applied.');
        else
          print(
            table(
              [{ title: 'domain' }, { title: 'pending' }],
              pending.map(({ domain, name }) => [domain, name]),
            ),
          );
        return;
      }
      const applied = await migrate(client, { domains });
      if (flags.json) printJson(applied);
      else if (applied.length === 0) print('Up to date: nothing was applied.');
      else {
        const columns = [{ title: 'domain' }, { title: 'applied' }, { title: 'ms', align: 'right' as const }];
        print(
          table(
            columns,
            applied.map(({ domain, name, elapsedMs }) => [domain, name, Math.round(elapsedMs)]),
          ),
        );
      }
    });
    return undefined;
  });
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

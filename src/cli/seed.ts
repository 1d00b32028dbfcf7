import { resolve } from 'node:path';
import { type LoadedSeed, loadSeeds } from '../warehouse/seeds/load.ts';
import { withWriter } from './migrate.ts';
import { print, printJson, table } from './output.ts';
import { dataDirFlags, dataDirMeaning, type Registry } from './session.ts';

interface SeedFlags {
  readonly dataDir?: string;
  readonly dir?: string;
  readonly json?: true;
}

export function addSeed({ program, handle }: Registry): void {
  const command = program
    .command('seed')
    .description('load the small tables that people write, such as tool_categories.csv')
    .option(dataDirFlags, dataDirMeaning)
    .option('--dir <dir>', 'folder of your own files (or PARLEY_SEEDS_DIR; default: the files that Parley ships)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
A seed is checked whole before it is loaded, and replaced at once. Every view shows it from then on; no event is counted
again. What you have loaded stays until you load another: without --dir the shipped files take its place.

Examples:
  $ parley seed --dir ./seeds --data-dir ./data/mine
  $ parley seed --data-dir ./data/mine
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<SeedFlags>();
    const options = {
      ...session.seeds,
      ...(flags.dir === undefined ? {} : { dir: resolve(flags.dir) }),
      isReset: true,
    };
    await withWriter(session, flags.dataDir, async (client) => {
      tell(await loadSeeds(client, options), flags);
    });
    return undefined;
  });
}

function tell(loaded: readonly LoadedSeed[], { json }: SeedFlags): void {
  if (json) {
    printJson(loaded);
    return;
  }
  const columns = [
    { title: 'domain' },
    { title: 'seed' },
    { title: 'rows', align: 'right' as const },
    { title: 'from' },
    { title: 'loaded' },
  ];
  const rows = loaded.map(({ domain, seed, rows, origin, isChanged }) => [
    domain,
    seed,
    rows,
    origin,
    isChanged ? 'yes' : 'as it was',
  ]);
  print(rows.length === 0 ? 'No domain that runs has seeds.' : table(columns, rows));
}

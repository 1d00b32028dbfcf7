import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterScript } from '../src/warehouse/cluster/script.ts';
import { migrationsFolder, readMigrationFiles } from '../src/warehouse/migration-files.ts';

/** Writes `clickhouse/schema/cluster/`, a file for each domain, which a test holds against drift. It needs no server. */
const folder = join(migrationsFolder, 'schema', 'cluster');
mkdirSync(folder, { recursive: true });
const files = readMigrationFiles();
for (const domain of new Set(files.map((file) => file.domain))) {
  const own = files.filter((file) => file.domain === domain);
  writeFileSync(join(folder, `${domain}.sql`), clusterScript(own, 'parley'));
}

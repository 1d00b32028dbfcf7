import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allDomains } from '../src/domains.ts';
import { asyncApi } from '../src/events/asyncapi.ts';
import { avroSchemas } from '../src/events/avro-schema.ts';
import { jsonSchemas } from '../src/events/json-schema.ts';
import { keepCatalogue } from '../src/warehouse/catalogue/keep.ts';
import { cataloguePage } from '../src/warehouse/catalogue/page.ts';
import { readCatalogue } from '../src/warehouse/catalogue/read.ts';
import { connect } from '../src/warehouse/client.ts';
import { startEmbeddedServer } from '../src/warehouse/embedded/server.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { schemaSnapshot } from '../src/warehouse/schema-snapshot.ts';
import { producersPage } from './producers-page.ts';

/** Writes what tests hold against drift: `schemas/` and docs/producers.md from src/events, `clickhouse/schema/` and docs/catalogue.md from the migrations. */
const root = fileURLToPath(new URL('..', import.meta.url));

const domains = allDomains();
const topics = domains.flatMap((domain) => domain.topics);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
mkdirSync(join(root, 'schemas', 'avro'), { recursive: true });
for (const [file, text] of jsonSchemas(topics)) writeFileSync(join(root, 'schemas', file), text);
for (const [file, text] of avroSchemas(topics)) writeFileSync(join(root, 'schemas', 'avro', file), text);
writeFileSync(join(root, 'schemas', 'asyncapi.yaml'), asyncApi(domains, version));
const page = join(root, 'docs', 'producers.md');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
writeFileSync(page, producersPage(readFileSync(page, 'utf8'), { domains, schemas: jsonSchemas(topics), read }));

const dataDir = mkdtempSync(join(tmpdir(), 'parley-schemas-'));
const server = await startEmbeddedServer({ dataDir });
try {
  const client = connect(server);
  await migrate(client);
  mkdirSync(join(root, 'clickhouse', 'schema'), { recursive: true });
  for (const database of ['orchestrator', ...domains.map(({ name }) => name)]) {
    writeFileSync(join(root, 'clickhouse', 'schema', `${database}.sql`), await schemaSnapshot(client, database));
  }
  await keepCatalogue(client, domains);
  writeFileSync(join(root, 'docs', 'catalogue.md'), cataloguePage(await readCatalogue(client)));
  await client.close();
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonSchemas } from '../src/events/json-schema.ts';
import { conversationTopics } from '../src/processors/conversations/domain.ts';
import { connect } from '../src/warehouse/client.ts';
import { startEmbeddedServer } from '../src/warehouse/embedded/server.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { schemaSnapshot } from '../src/warehouse/schema-snapshot.ts';

/** Writes what tests hold against drift: `schemas/` from src/events, `clickhouse/schema/` from the migrations. */
const root = fileURLToPath(new URL('..', import.meta.url));

mkdirSync(join(root, 'schemas'), { recursive: true });
for (const [file, text] of jsonSchemas(conversationTopics)) writeFileSync(join(root, 'schemas', file), text);

const dataDir = mkdtempSync(join(tmpdir(), 'parley-schemas-'));
const server = await startEmbeddedServer({ dataDir });
try {
  const client = connect(server);
  await migrate(client);
  mkdirSync(join(root, 'clickhouse', 'schema'), { recursive: true });
  for (const database of ['orchestrator', 'conversations']) {
    writeFileSync(join(root, 'clickhouse', 'schema', `${database}.sql`), await schemaSnapshot(client, database));
  }
  await client.close();
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

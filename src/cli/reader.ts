import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, ParleyError } from '../errors.ts';
import { type ClickHouseClient, type Connection, connect } from '../warehouse/client.ts';
import { findRunningServer } from '../warehouse/embedded/running.ts';
import { READER, startEmbeddedServer } from '../warehouse/embedded/server.ts';
import type { Session } from './session.ts';

/** How long a query waits for another process that is just starting or ending the server of its folder. */
const patienceMs = 60_000;

/** `writer`: how to connect as the user that may write; of a configured server, as the one user that there is. */
type Ask<Answer> = (client: ClickHouseClient, writer: Connection) => Promise<Answer>;

/**
 * Asks the warehouse something, as the user that can only read: the configured server, the one that another process
 * runs on the folder, or one that is started for the question and stopped after it. `ask` is called again when the
 * server ended before it answered, so it must have printed nothing by then.
 */
export async function withReader<Answer>(
  session: Session,
  dataDirOption: string | undefined,
  ask: Ask<Answer>,
): Promise<Answer> {
  const { url, username, password } = session.configuration.clickhouse;
  if (url !== undefined) {
    const account = { url, ...(username ? { username } : {}), ...(password ? { password } : {}) };
    return asking(account, account, ask);
  }
  const dataDir = session.dataDir(dataDirOption);
  mustBeWarehouse(dataDir);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      const running = await findRunningServer(dataDir);
      if (running !== undefined) return await asking({ url: running.url, username: READER }, running, ask);
      return await askingOwn(session, dataDir, ask);
    } catch (error) {
      const isPassing = ['PARLEY_DATA_DIR_IN_USE', 'PARLEY_WAREHOUSE_UNREACHABLE'].includes(codeOf(error) ?? '');
      if (!isPassing || Date.now() > deadline || session.signal.aborted) throw error;
      await delay(200);
    }
  }
}

async function askingOwn<Answer>(session: Session, dataDir: string, ask: Ask<Answer>): Promise<Answer> {
  const { httpPort, tcpPort } = session.configuration.clickhouse;
  const log = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => {
    // That a port is taken matters to those who connect to it, and nobody does for one question.
    session.log[level === 'warn' ? 'debug' : level](message);
  };
  const server = await startEmbeddedServer({ dataDir, httpPort, tcpPort, log });
  try {
    return await asking({ url: server.url, username: READER }, server, ask);
  } finally {
    await server.stop();
  }
}

async function asking<Answer>(connection: Connection, writer: Connection, ask: Ask<Answer>): Promise<Answer> {
  const client = connect(connection);
  try {
    return await ask(client, writer);
  } finally {
    await client.close();
  }
}

/** A mistyped folder must not become an empty warehouse. */
export function mustBeWarehouse(dataDir: string): void {
  if (existsSync(join(dataDir, 'clickhouse'))) return;
  throw new ParleyError('PARLEY_SOURCE_NOT_FOUND', `There is no warehouse in ${dataDir}`, {
    expected: 'a folder that `parley demo`, `replay`, `serve` or `migrate` has made',
    where: dataDir,
  });
}

import { connect as connectTo } from 'node:net';
import { messageOf } from '../../errors.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import type { BiCheck, BiCheckOptions } from './checks.ts';

const name = 'Looker Studio';
const greetingMs = 5_000;
/** The first byte of what a MySQL server says to a new connection, after the four bytes that say its length. */
const mysqlProtocol = 0x0a;

/** Looker Studio has no driver of ClickHouse: it speaks MySQL, to a port that a server has to have opened. */
export async function checkLookerStudio(client: ClickHouseClient, options: BiCheckOptions): Promise<BiCheck> {
  const port = await mysqlPort(client);
  if (port === undefined) {
    const found = options.isEmbedded ? 'the embedded server has no MySQL port' : 'the server has no MySQL port';
    const action = 'Only for Looker Studio: set mysql_port on a server of your own. See docs/bi/looker-studio.md.';
    return { name, status: 'warn', found, action };
  }
  const { hostname } = new URL(options.url);
  try {
    await greeting(hostname.replace(/^\[|\]$/g, ''), port);
    return { name, status: 'ok', found: `MySQL protocol on port ${port}` };
  } catch (error) {
    const found = `port ${port} of ${hostname}: ${messageOf(error)}`;
    return { name, status: 'warn', found, action: 'Open the MySQL port to where Looker Studio connects from.' };
  }
}

async function mysqlPort(client: ClickHouseClient): Promise<number | undefined> {
  try {
    const [row] = await queryRows<{ port: number }>(client, `SELECT getServerPort('mysql_port') AS port`);
    return row?.port;
  } catch {
    // That is how the server says that there is none.
    return undefined;
  }
}

function greeting(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTo({ host, port });
    const end = (error?: Error) => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.setTimeout(greetingMs, () => end(new Error('it says nothing')));
    socket.once('error', end);
    socket.once('data', (bytes) => end(bytes[4] === mysqlProtocol ? undefined : new Error('it does not speak MySQL')));
  });
}

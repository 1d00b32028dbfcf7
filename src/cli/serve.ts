import type { HttpServer } from '../http/server.ts';
import { READER } from '../warehouse/embedded/server.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { addDashboardOptions, type DashboardFlags, serveDashboard } from './dashboard.ts';
import { exitFailed } from './failure.ts';
import { print, printJson } from './output.ts';
import { dataDirFlags, dataDirMeaning, type Registry } from './session.ts';

export function addServe({ program, handle }: Registry): void {
  const command = program
    .command('serve')
    .description('serve the dashboard and the ports of an embedded warehouse, for BI tools, until Ctrl-C')
    .option(dataDirFlags, dataDirMeaning)
    .option('--json', 'print the connection details as JSON');
  addDashboardOptions(command).addHelpText(
    'after',
    `
The user \`bi\` reads everything, changes nothing and needs no password. Ports are those configured, or the next free
ones (PARLEY_CLICKHOUSE_HTTP_PORT, PARLEY_CLICKHOUSE_TCP_PORT).

Example:
  $ parley serve --data-dir ./data/demo
`,
  );
  handle(command, async (session) => {
    const flags = command.opts<DashboardFlags & { dataDir?: string; json?: true }>();
    const dataDir = session.dataDir(flags.dataDir);
    const warehouse = await session.openWarehouse(dataDir);
    let dashboard: HttpServer | undefined;
    try {
      dashboard = await serveDashboard(session, warehouse, flags);
      const details = { ...connectionDetails(warehouse, dataDir), dashboard: dashboard?.url ?? null };
      if (flags.json) printJson(details);
      else print(describeConnection(details));
      return await untilStopped(warehouse, session.signal);
    } finally {
      await dashboard?.close();
      await warehouse.close();
    }
  });
}

export interface ConnectionDetails {
  readonly dataDir: string;
  /** Null when it is not served; left out when it was told of before. */
  readonly dashboard?: string | null;
  readonly url: string;
  readonly httpPort: number | null;
  readonly tcpPort: number | null;
  readonly user: string;
  readonly play: string;
}

export function connectionDetails({ url, server }: Warehouse, dataDir: string): ConnectionDetails {
  const { httpPort = null, tcpPort = null } = server ?? {};
  return { dataDir, url, httpPort, tcpPort, user: READER, play: `${url}/play?user=${READER}` };
}

export function describeConnection(details: ConnectionDetails): string {
  const lines = [`Serving ${details.dataDir}`];
  if (details.dashboard) lines.unshift(describeDashboard(details.dashboard));
  lines.push(`  HTTP    ${details.url}`);
  if (details.tcpPort !== null) lines.push(`  native  127.0.0.1:${details.tcpPort}`);
  lines.push(
    `  user    ${details.user} (no password; reads everything, changes nothing)`,
    `  play    ${details.play}`,
    'Press Ctrl-C to stop.',
  );
  return lines.join('\n');
}

export function describeDashboard(url: string): string {
  return `Dashboard: ${url}`;
}

/** Resolves with an exit code when the person stops it, and when the server has failed for good. */
export function untilStopped({ server }: Warehouse, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve(undefined);
    // A signal alone does not keep a process alive.
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve(undefined);
    });
    server?.onFailure((error) => {
      clearInterval(alive);
      process.exitCode = exitFailed;
      reject(error);
    });
  });
}

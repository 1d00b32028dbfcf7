import type { Command } from 'commander';
import { Dashboard } from '../dashboard/dashboard.ts';
import type { LivePort } from '../dashboard/live.ts';
import { pagesOf } from '../dashboard/pages/index.ts';
import { dashboardPlugin } from '../dashboard/plugin.ts';
import { ParleyError } from '../errors.ts';
import { type HttpOptions, type HttpServer, startHttpServer } from '../http/server.ts';
import type { Connection } from '../warehouse/client.ts';
import { DashboardReader } from '../warehouse/dashboard-reader.ts';
import { READER } from '../warehouse/embedded/server.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { Session } from './session.ts';

export const noDashboardFlag = '--no-dashboard';
export const noDashboardMeaning = 'serve no dashboard';

export interface DashboardFlags {
  readonly dashboard: boolean;
  readonly port?: string;
}

/** For commands that serve a dashboard beside an embedded warehouse. */
export function addDashboardOptions(command: Command): Command {
  return command
    .option('--port <port>', 'port of the dashboard (or PARLEY_HTTP_PORT; default: 8080, or the next free one)')
    .option(noDashboardFlag, noDashboardMeaning);
}

/** Serves the dashboard of a warehouse; undefined when it is not wanted. Fails with PARLEY_PORT_UNAVAILABLE. */
export async function serveDashboard(
  session: Session,
  warehouse: Warehouse,
  flags: DashboardFlags,
): Promise<HttpServer | undefined> {
  if (!flags.dashboard) return undefined;
  const { http } = session.configuration;
  const port = flags.port === undefined ? http.port : portOf(flags.port);
  const isChosen = flags.port !== undefined || session.isWritten('http.port');
  const connection = warehouse.server === undefined ? serverReader(session) : { url: warehouse.url, username: READER };
  return startHttpServer({
    host: http.host,
    port,
    isPortMovable: !isChosen,
    readiness: async () => ({ isReady: true, reasons: [] }),
    plugin: pluginOf(session, connection),
  });
}

/** The dashboard of the configured server, for a process that serves it beside health and metrics. */
export function dashboardOfServer(session: Session, live: LivePort): HttpOptions['plugin'] {
  const connection = serverReader(session);
  return connection === undefined ? undefined : pluginOf(session, connection, live);
}

function pluginOf(session: Session, connection: Connection | undefined, live?: LivePort): HttpOptions['plugin'] {
  if (connection === undefined) return undefined;
  const domains = pagesOf(session.domains.map(({ name }) => name));
  const dashboard = new Dashboard({ reader: new DashboardReader(connection), domains, live });
  return (server) => dashboardPlugin(server, { dashboard, host: session.configuration.http.host });
}

function serverReader({ configuration }: Session): Connection | undefined {
  const { url } = configuration.clickhouse;
  const { username, password } = configuration.bi;
  return url === undefined ? undefined : { url, username, password: password ?? '' };
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new ParleyError('PARLEY_USAGE', '--port is the number of a port', {
    expected: '0 (any) to 65535',
    received: text,
  });
}

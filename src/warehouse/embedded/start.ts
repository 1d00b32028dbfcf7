import { setTimeout as delay } from 'node:timers/promises';
import { type Engine, startEngine } from './engine.ts';
import type { ServerFolder } from './folder.ts';
import { inUse } from './lease.ts';
import { revokeLostInserts } from './lost-inserts.ts';
import { choosePort, HOST } from './ports.ts';
import { isServed, lockHolder } from './predecessor.ts';
import { engineFailed, waitUntilReady } from './ready.ts';

/** `debug` and `info` for what is normal, `warn` for what healed, `error` for what did not. */
export type ServerLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

export interface FirstStart {
  readonly library: string;
  readonly folder: ServerFolder;
  readonly password: string;
  readonly httpPort: number;
  readonly tcpPort: number;
  readonly log: ServerLog;
  readonly readyTimeoutMs: number;
}

export interface Started {
  readonly engine: Engine;
  readonly httpPort: number;
  readonly tcpPort: number;
  readonly url: string;
  readonly version: string;
}

const portTriesMax = 5;
/** How long the engine of a killed parent may take to go: it waits 5 s for its open connections. */
const predecessorMs = 20_000;

/** Chooses ports and starts the engine on them, once more when another process was quicker to take one. */
export async function startFirst(options: FirstStart): Promise<Started> {
  const { folder, library, log, password } = options;
  const deadline = Date.now() + predecessorMs;
  for (let tries = 1; ; ) {
    if (isServed(folder)) {
      // Its parent is dead, or the lease would not be ours, so it is about to end.
      if (Date.now() > deadline) throw inUse(folder.lease, lockHolder(folder));
      await delay(20);
      continue;
    }
    tellRevoked(log, revokeLostInserts(folder));
    const httpPort = await choosePort(options.httpPort);
    const tcpPort = await choosePort(options.tcpPort, [httpPort]);
    const url = `http://${HOST}:${httpPort}`;
    const engine = startEngine({ library, folder, httpPort, tcpPort });
    const version = await waitUntilReady(engine, { url, password, timeoutMs: options.readyTimeoutMs });
    if (version !== undefined) {
      sayOtherPort(log, 'HTTP', options.httpPort, httpPort);
      sayOtherPort(log, 'native', options.tcpPort, tcpPort);
      return { engine, httpPort, tcpPort, url, version };
    }
    const printed = engine.lastPrinted().join('\n');
    if (/another server instance|cannot lock file/i.test(printed)) {
      // The engine's own lock of its folder, held by one that could not be seen.
      if (Date.now() > deadline) throw inUse(folder.lease, lockHolder(folder));
      await delay(200);
    } else if (/address already in use/i.test(printed) && tries < portTriesMax) {
      tries++;
    } else {
      throw engineFailed(engine, `ClickHouse ${await engine.ended} before it answered.`);
    }
  }
}

export function tellRevoked(log: ServerLog, inserts: number): void {
  if (inserts > 0)
    log('info', `ClickHouse had noted ${inserts} inserts that it lost when it ended: they can be repeated.`);
}

function sayOtherPort(log: ServerLog, what: string, wanted: number, port: number): void {
  if (wanted !== 0 && wanted !== port) log('warn', `ClickHouse: ${what} port ${wanted} is taken; using ${port}.`);
}

import { folderError, type ParleyError } from '../../errors.ts';
import { fileFunction, READER, serverConfiguration, usersConfiguration, WRITER } from './configuration.ts';
import { ensurePassword, makeServerFolder, serverFolder, writeIntoData, writePrivate } from './folder.ts';
import { publishLease, releaseLease, takeLease } from './lease.ts';
import { findLibrary } from './library.ts';
import { type ServerLog, startFirst } from './start.ts';
import { Supervisor } from './supervisor.ts';

export { READER, WRITER };

export interface EmbeddedServerOptions {
  readonly dataDir: string;
  /** Preferred ports (8123 and 9000); the next free one when taken; 0 for any. */
  readonly httpPort?: number | undefined;
  readonly tcpPort?: number | undefined;
  readonly log?: ServerLog | undefined;
  /** Whether a server that crashed is started again (true). */
  readonly restart?: boolean;
  /**
   * Whether an insert is on the disk before it is acknowledged (false). Without it an acknowledged row outlives every
   * death of a process, but not a power cut in the next seconds; with it an insert takes 1.7 times as long.
   */
  readonly syncInserts?: boolean | undefined;
  /** How long a start may take before it counts as failed (120,000: loading many parts takes its time). */
  readonly readyTimeoutMs?: number;
}

export interface EmbeddedServer {
  /** `http://127.0.0.1:PORT`, the same after every restart. */
  readonly url: string;
  readonly httpPort: number;
  readonly tcpPort: number;
  readonly username: string;
  readonly password: string;
  /** Of ClickHouse. */
  readonly version: string;
  /** Of the ClickHouse process; another one after a restart. */
  readonly pid: number;
  /** Called when it answers again after a crash. */
  onRestart(callback: () => void): void;
  /** Called when it crashed and will not be started again. */
  onFailure(callback: (error: ParleyError) => void): void;
  /** Ends it cleanly. Close clients first: idle connections keep it waiting for up to 5 s. */
  stop(): Promise<void>;
}

/**
 * Starts a ClickHouse server as a child process, on the loopback interface, with its data in `<dataDir>/clickhouse`.
 * It ends with this process, however that ends.
 *
 * Fails with PARLEY_ENGINE_MISSING, PARLEY_DATA_DIR_IN_USE, PARLEY_DISK_FULL, PARLEY_STATE_UNAVAILABLE or
 * PARLEY_ENGINE_START.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const { dataDir, httpPort = 8123, tcpPort = 9000, restart = true, readyTimeoutMs = 120_000 } = options;
  const log: ServerLog = options.log ?? (() => undefined);
  const library = findLibrary();
  const folder = serverFolder(dataDir);
  try {
    takeLease(folder.lease);
  } catch (error) {
    throw folderError(error, dataDir);
  }
  try {
    makeServerFolder(folder);
    const password = ensurePassword(folder);
    writePrivate(folder.config, serverConfiguration(folder, password, options.syncInserts ?? false));
    writePrivate(folder.users, usersConfiguration(password));
    writeIntoData(folder, fileFunction.path, fileFunction.sql);
    const started = await startFirst({ library, folder, password, httpPort, tcpPort, log, readyTimeoutMs });
    const { engine, ...address } = started;
    publishLease(folder.lease, address);
    log('info', `ClickHouse ${address.version} is ready at ${address.url}, native port ${address.tcpPort}.`);
    const supervisor = new Supervisor(engine, { library, folder, password, log, restart, readyTimeoutMs, ...address });
    return {
      ...address,
      username: WRITER,
      password,
      get pid() {
        return supervisor.pid;
      },
      onRestart: (callback) => supervisor.onRestart(callback),
      onFailure: (callback) => supervisor.onFailure(callback),
      stop: async () => {
        await supervisor.stop();
        releaseLease(folder.lease);
      },
    };
  } catch (error) {
    releaseLease(folder.lease);
    throw folderError(error, dataDir);
  }
}

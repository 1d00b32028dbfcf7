import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { allDomains } from '../domains.ts';
import { ParleyError } from '../errors.ts';
import type { Domain } from '../runtime/domain.ts';
import { openWarehouse, type Warehouse, type WarehouseOptions } from '../warehouse/open.ts';
import type { SeedOptions } from '../warehouse/seeds/load.ts';
import { type Configuration, readConfiguration, writtenKeys } from './configuration.ts';
import { readConfigurationFile } from './configuration-file.ts';
import { createLogger } from './logging.ts';

/** What every command has: the configuration, the log, and the wish of the person to stop. Made when first asked for. */
export class Session {
  /** Aborted by Ctrl-C, by SIGTERM, and when the reader of standard output has gone away. */
  readonly signal: AbortSignal;
  readonly #command: Command;
  #configuration: Configuration | undefined;
  #written: ReadonlySet<string> = new Set();
  #log: Logger | undefined;

  constructor(command: Command, signal: AbortSignal) {
    this.#command = command;
    this.signal = signal;
  }

  get configuration(): Configuration {
    if (this.#configuration === undefined) {
      const { logLevel, config } = this.#command.optsWithGlobals<{ logLevel?: string; config?: string }>();
      const environment = logLevel === undefined ? process.env : { ...process.env, PARLEY_LOG_LEVEL: logLevel };
      const file = readConfigurationFile(config ?? (process.env.PARLEY_CONFIG || undefined));
      this.#configuration = readConfiguration(environment, file);
      this.#written = writtenKeys(environment, file);
    }
    return this.#configuration;
  }

  /** Whether a key is written, and not only its default. */
  isWritten(path: string): boolean {
    return this.configuration !== undefined && this.#written.has(path);
  }

  get log(): Logger {
    this.#log ??= createLogger(this.configuration.log.level);
    return this.#log;
  }

  get domains(): Domain[] {
    return allDomains(this.configuration);
  }

  /** What the warehouse is migrated with. */
  get migrateOptions(): Pick<WarehouseOptions, 'domains' | 'cluster'> {
    return { domains: this.domains.map(({ name }) => name), cluster: this.configuration.clickhouse.cluster };
  }

  /** The seeds of the running domains: the shipped ones, or those of the configured folder. */
  get seeds(): SeedOptions {
    return { domains: this.domains, dir: this.configuration.seeds.dir };
  }

  /** The data folder, absolute. Fails with PARLEY_USAGE when none is named and there is no `fallback`. */
  dataDir(option: string | undefined, fallback?: string): string {
    const dir = option ?? this.configuration.dataDir ?? fallback;
    if (dir !== undefined && dir !== '') return resolve(dir);
    throw new ParleyError('PARLEY_USAGE', 'The data folder is not named', {
      expected: '--data-dir DIR, or PARLEY_DATA_DIR in the environment',
      received: 'neither',
    });
  }

  /** The warehouse that batches go to: the configured one, or the embedded one of the folder. */
  openWarehouse(dataDir: string, options: { isMigrating?: boolean } = {}): Promise<Warehouse> {
    const { url, username, password, httpPort, tcpPort, syncInserts } = this.configuration.clickhouse;
    return openWarehouse({
      dataDir,
      url,
      username,
      password,
      httpPort,
      tcpPort,
      syncInserts,
      ...this.migrateOptions,
      declared: this.domains,
      seeds: this.seeds,
      compat: this.configuration.compat,
      log: (level, message) => this.log[level](message),
      ...options,
    });
  }
}

/** Runs a command; a number is its exit code, nothing means done. */
export type Handler = (session: Session, command: Command) => Promise<number | undefined>;

/** Given to each command's file, which adds its commands with it. */
export interface Registry {
  readonly program: Command;
  /** Says what a command does. Its arguments and options are read from the command in the handler. */
  handle(command: Command, handler: Handler): void;
}

export const dataDirFlags = '--data-dir <dir>';
export const dataDirMeaning = 'folder of the embedded warehouse (or PARLEY_DATA_DIR)';

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { putProcessBehind } from '../../priorities.ts';
import type { ServerFolder } from './folder.ts';
import { HOST } from './ports.ts';

const linesKept = 20;
const printedMax = 16_000;

/** One life of the ClickHouse process. */
export interface Engine {
  readonly pid: number;
  /** Resolves when the process is gone, saying how it ended. Never rejects. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** The last lines that this process printed: why it could not start. */
  lastPrinted(): string[];
  /** The last lines of the engine's log, and of what it printed. */
  lastLines(): string[];
  /** Asks it to end, by closing its standard input, and ends it for good after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

export interface EngineOptions {
  readonly library: string;
  readonly folder: ServerFolder;
  readonly httpPort: number;
  readonly tcpPort: number;
}

/**
 * Starts the process, behind this one in its claim to the cores. It has a session of its own, so that a Ctrl-C in the
 * terminal reaches Parley alone, which then delivers what it has and closes the pipe. The time zone is UTC, whatever the
 * machine's, for days to be the same days everywhere.
 */
export function startEngine(options: EngineOptions): Engine {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const child = spawn(process.execPath, [...entry(), options.library, ...serverArguments(options)], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    cwd: options.folder.root,
    env: { ...environment, TZ: 'UTC' },
  });
  // It merges whenever there is something to merge, in more threads than there are cores.
  if (child.pid !== undefined) putProcessBehind(child.pid);
  // Writing to it never happens, but its death shows as an error of the pipe too.
  child.stdin.on('error', () => undefined);
  const printed = keepLines(child);
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ending ??= how;
      resolve(ending);
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => end(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => ending !== undefined,
    lastPrinted: printed,
    lastLines: () => [...lastLinesOf(options.folder.log), ...printed()],
    stop: async (timeoutMs) => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function serverArguments({ folder, httpPort, tcpPort }: EngineOptions): string[] {
  return [
    ...['--config-file', folder.config, '--path', folder.data, '--log-level', 'information'],
    ...['--listen_host', HOST, '--http_port', String(httpPort), '--tcp_port', String(tcpPort)],
    // The last statement reads standard input, and so keeps the server up until it ends.
    '--query',
    'SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT * FROM input FORMAT Null',
    ...['--structure', 'x String', '--table', 'input', '--input-format', 'LineAsString'],
  ];
}

/** This file's sibling: compiled, or, when run from the sources, TypeScript that Node 20 needs tsx for. */
function entry(): string[] {
  const isSource = import.meta.url.endsWith('.ts');
  const path = fileURLToPath(new URL(isSource ? './child.ts' : './child.js', import.meta.url));
  if (!isSource) return [path];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href, path];
}

function keepLines(child: ChildProcess): () => string[] {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-printedMax);
  });
  return () => text.split('\n').filter(Boolean).slice(-linesKept);
}

function lastLinesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-linesKept);
  } catch {
    return [];
  }
}

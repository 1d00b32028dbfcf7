import { basename, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { messageOf, ParleyError } from '../../errors.ts';

export interface FileWatchOptions {
  /** How the names of files in folders end; a file that is named itself may be called anything. */
  readonly endings: readonly string[];
  /** How long nothing must change before `next` gives what did. Default 300 ms. */
  readonly quietMs?: number;
  /** After so long it gives what changed, however much goes on. Default 2 s. */
  readonly waitMsMax?: number;
}

/** Follows files and folders, also those that come later, and says which files are new or have changed. */
export class FileWatch {
  readonly #watcher: FSWatcher;
  readonly #options: FileWatchOptions;
  readonly #changed = new Set<string>();
  #firstAt = 0;
  #lastAt = 0;
  #failure: ParleyError | undefined;
  #wake: () => void = () => undefined;

  /** Resolves when every change from now on will be seen. Errors: PARLEY_SOURCE_UNREADABLE. */
  static async start(paths: readonly string[], options: FileWatchOptions): Promise<FileWatch> {
    const roots = new Set(paths.map((path) => resolve(path)));
    const watcher = watch([...roots], {
      ignoreInitial: true,
      // Of both, discoverFiles leaves out the same.
      ignored: (path, stats) =>
        !roots.has(resolve(path)) &&
        (basename(path).startsWith('.') ||
          (stats?.isFile() === true && !options.endings.some((ending) => path.endsWith(ending)))),
    });
    const started = new FileWatch(watcher, options);
    await new Promise<void>((done) => {
      watcher.once('ready', done);
      watcher.once('error', () => done());
    });
    if (started.#failure === undefined) return started;
    await watcher.close();
    throw started.#failure;
  }

  private constructor(watcher: FSWatcher, options: FileWatchOptions) {
    this.#watcher = watcher;
    this.#options = options;
    watcher.on('add', (path) => this.touch([path]));
    watcher.on('change', (path) => this.touch([path]));
    watcher.on('error', (cause) => {
      this.#failure ??= new ParleyError('PARLEY_SOURCE_UNREADABLE', 'The files cannot be followed', {
        received: messageOf(cause),
        cause,
      });
      this.#wake();
    });
  }

  /** Gives the paths with the next ones. */
  touch(paths: readonly string[]): void {
    this.#lastAt = performance.now();
    if (this.#changed.size === 0) this.#firstAt = this.#lastAt;
    for (const path of paths) this.#changed.add(path);
    this.#wake();
  }

  /** The files that changed since it was last asked, when they are quiet; none when the signal ended the wait. */
  async next(signal: AbortSignal): Promise<readonly string[]> {
    const { quietMs = 300, waitMsMax = 2_000 } = this.#options;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (signal.aborted) return [];
      const now = performance.now();
      const dueAt = Math.min(this.#lastAt + quietMs, this.#firstAt + waitMsMax);
      if (this.#changed.size > 0 && now >= dueAt) {
        const paths = [...this.#changed].sort();
        this.#changed.clear();
        return paths;
      }
      await this.#change(signal, this.#changed.size > 0 ? dueAt - now : idleMs);
    }
  }

  async close(): Promise<void> {
    await this.#watcher.close();
  }

  /** Something has changed, the time is up, or the signal came. */
  #change(signal: AbortSignal, timeoutMs: number): Promise<void> {
    return new Promise((done) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#wake = () => undefined;
        done();
      };
      const timer = setTimeout(wake, timeoutMs);
      signal.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }
}

/** Only so that the process has something to stay for. */
const idleMs = 3_600_000;

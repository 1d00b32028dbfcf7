import { clearLine, cursorTo } from 'node:readline';
import cliProgress from 'cli-progress';
import { bytes, count } from './output.ts';

const plainLineMs = 2_000;

/** How far long work is: a bar on a terminal, else a plain line at most every two seconds. All on standard error. */
export interface Progress {
  /** `done` and `total` in any unit; `note` is what a person wants to know of it. */
  update(done: number, total: number, note: string): void;
  /** Leaves the last state on the screen. */
  stop(): void;
}

export interface ProgressOptions {
  readonly isQuiet?: boolean;
  /** There is no total: a bar would say nothing. */
  readonly isOpenEnded?: boolean;
}

export function createProgress(title: string, options: ProgressOptions = {}): Progress {
  if (options.isQuiet) return { update: () => undefined, stop: () => undefined };
  return process.stderr.isTTY && !options.isOpenEnded ? bar(title) : plainLines(title, options.isOpenEnded ?? false);
}

/** The note of a replay. */
export function replayNote(progress: { events: number; rejected: number; bytesDone: number }, sinceMs: number): string {
  const seconds = (performance.now() - sinceMs) / 1000;
  const rate = seconds > 0.5 ? `, ${count(Math.round(progress.events / seconds))}/s` : '';
  const rejected = progress.rejected > 0 ? `, ${count(progress.rejected)} refused` : '';
  return `${count(progress.events)} events${rejected}${rate}, ${bytes(progress.bytesDone)} read`;
}

function bar(title: string): Progress {
  const format = `${title} {bar} {percentage}% {note}`;
  const single = new cliProgress.SingleBar({
    format,
    stream: process.stderr,
    barsize: 24,
    hideCursor: true,
    fps: 10,
    gracefulExit: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  let isStarted = false;
  return {
    update(done, total, note) {
      if (!isStarted) single.start(Math.max(total, 1), Math.min(done, total), { note });
      isStarted = true;
      single.setTotal(Math.max(total, 1));
      single.update(Math.min(done, Math.max(total, 1)), { note });
    },
    stop() {
      if (isStarted) single.stop();
    },
  };
}

function plainLines(title: string, isOpenEnded: boolean): Progress {
  let last = performance.now();
  let pending: string | undefined;
  const line = (done: number, total: number, note: string) => {
    if (isOpenEnded) return `${title} ${note}\n`;
    return `${title} ${total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 100}% ${note}\n`;
  };
  return {
    update(done, total, note) {
      const text = line(done, total, note);
      if (performance.now() - last < plainLineMs) {
        pending = text;
        return;
      }
      last = performance.now();
      pending = undefined;
      process.stderr.write(text);
    },
    stop() {
      if (pending !== undefined) process.stderr.write(pending);
      pending = undefined;
    },
  };
}

/** Writes a line to standard error so that a bar on the same screen does not run into it. */
export function writeAside(text: string): void {
  if (process.stderr.isTTY) {
    cursorTo(process.stderr, 0);
    clearLine(process.stderr, 0);
  }
  process.stderr.write(text);
}

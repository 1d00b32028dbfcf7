import { existsSync } from 'node:fs';
import { codeOf, ParleyError } from '../errors.ts';
import { findInput } from '../runtime/replay.ts';
import { FileWatch } from '../source/files/watch.ts';
import { describeFailure, exitDone, exitFailed } from './failure.ts';
import { asJson, describeImport, type ImportRequest, type ImportSummary, importOnce } from './import-once.ts';
import { print } from './output.ts';

export interface FollowRequest extends ImportRequest {
  readonly isJson: boolean;
}

/** What can happen to a file between the news of it and its reading. The next news is of the file as it is then. */
const passing = new Set(['PARLEY_SOURCE_CHANGED', 'PARLEY_SOURCE_NOT_FOUND', 'PARLEY_SOURCE_UNREADABLE']);
/** After a file could not be read. */
const pauseMs = 1_000;

/**
 * Counts what is there, then what is added, until the session is stopped. Each round is an import of its own of the files
 * that changed, so that what holds for one that is run again holds here: exactly once, and a line that is not whole waits.
 * The exit code: 0 when a person stopped it.
 */
export async function followImport(request: FollowRequest): Promise<number> {
  const { session, warehouse, paths, format, isJson } = request;
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  session.signal.addEventListener('abort', stop);
  if (session.signal.aborted) stop();
  let failure: unknown;
  warehouse.server?.onFailure((error) => {
    failure = error;
    stop();
  });
  // Before the files are read: what is added meanwhile is read once more, and counted once.
  const watch = await FileWatch.start(paths, { endings: format.endings });
  try {
    const filled = await withFiles(request);
    if (filled.length > 0) tell(await importOnce({ ...request, paths: filled, title: 'Counting' }), isJson);
    if (!isJson && !stopping.signal.aborted) print('Following the files. Press Ctrl-C to stop.');
    for (;;) {
      const changed = await watch.next(stopping.signal);
      if (changed.length === 0) break;
      await takeRound(request, watch, changed);
    }
    if (failure !== undefined) throw failure;
    return session.signal.aborted ? exitDone : exitFailed;
  } finally {
    session.signal.removeEventListener('abort', stop);
    await watch.close();
  }
}

/** Folders may be empty yet. */
async function withFiles({ paths, domain, format }: FollowRequest): Promise<string[]> {
  const filled: string[] = [];
  for (const path of paths) {
    try {
      await findInput({ paths: [path], domains: [domain], format });
      filled.push(path);
    } catch (error) {
      if (codeOf(error) !== 'PARLEY_SOURCE_EMPTY') throw error;
    }
  }
  return filled;
}

async function takeRound(request: FollowRequest, watch: FileWatch, changed: readonly string[]): Promise<void> {
  const paths = changed.filter((path) => existsSync(path));
  if (paths.length === 0) return;
  try {
    const summary = await importOnce({ ...request, paths, title: undefined });
    const { entries, rejected, faults } = summary;
    if (entries > 0 || rejected > 0 || faults.length > 0) tell(summary, request.isJson);
  } catch (error) {
    if (!(error instanceof ParleyError) || !passing.has(error.code)) throw error;
    if (paths.length > 1) {
      // One of them must not keep the others from being counted.
      for (const path of paths) await takeRound(request, watch, [path]);
      return;
    }
    process.stderr.write(describeFailure(error, false));
    // It was cut while it was read: what it holds now has to be read from the start, and there may be no more news of it.
    if (error.code === 'PARLEY_SOURCE_CHANGED') setTimeout(() => watch.touch(paths), pauseMs).unref();
  }
}

function tell(summary: ImportSummary, isJson: boolean): void {
  for (const fault of summary.faults) process.stderr.write(describeFailure(fault, false));
  print(isJson ? JSON.stringify(asJson(summary)) : describeImport(summary));
}

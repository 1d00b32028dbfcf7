import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { EventUnpacker, type ParsedLines } from './event-unpacker.ts';
import type { ParseAnswer, ParseRequest } from './parse-server.ts';

/** Makes events of the lines of a block elsewhere, while this thread does something else. */
export interface BlockParser {
  /** Undefined when the lines have to be read here, after all. Never fails. */
  parse(topic: string, bytes: Buffer): Promise<ParsedLines | undefined>;
}

/** What lives in the thread is gone with its block, so it needs little room; a program may have given itself much more. */
const semiSpaceMiB = 4;
const defaultSemiSpaceMiB = 16;

/**
 * A thread that parses, started by the first block. Until it runs, and once it has failed, blocks are read here: it is
 * only ever a help.
 */
export class ParseThread implements BlockParser {
  readonly #program: URL;
  readonly #onFailure: (error: unknown) => void;
  readonly #unpacker = new EventUnpacker();
  readonly #waiting: ((lines: ParsedLines | undefined) => void)[] = [];
  #worker: Worker | undefined;
  #isReady = false;
  #isEnded = false;

  /** `program`: a module that calls `serveParsing`. `onFailure` is told when the thread ends before it is closed. */
  constructor(program: URL, onFailure: (error: unknown) => void) {
    this.#program = program;
    this.#onFailure = onFailure;
  }

  async parse(topic: string, bytes: Buffer): Promise<ParsedLines | undefined> {
    if (this.#isEnded) return undefined;
    this.#worker ??= this.#start();
    if (!this.#isReady) return undefined;
    const worker = this.#worker;
    // The block stays here as well: its lines may be refused, and then their bytes are asked for.
    const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    worker.ref();
    worker.postMessage({ topic, bytes: copy } satisfies ParseRequest, [copy]);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async close(): Promise<void> {
    if (this.#stop()) await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = startWorker(this.#program);
    worker.unref();
    worker.once('online', () => {
      this.#isReady = true;
    });
    worker.on('message', ({ events }: ParseAnswer) => {
      this.#waiting.shift()?.(events && this.#unpacker.unpack(events));
      if (this.#waiting.length === 0) worker.unref();
    });
    worker.once('error', (error) => this.#end(error));
    worker.once('exit', (code) => this.#end(new Error(`it ended with ${code}`)));
    return worker;
  }

  #end(error: unknown): void {
    if (this.#stop()) this.#onFailure(error);
  }

  /** Nobody waits for it any more. False when that was so already. */
  #stop(): boolean {
    if (this.#isEnded) return false;
    this.#isEnded = true;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    return true;
  }
}

/**
 * The engine reads the sizes of its young generation from the command line for each thread that starts, whatever the
 * thread itself is given: they are set for the time of its start.
 */
function startWorker(program: URL): Worker {
  const own = (name: string) => process.execArgv.findLast((flag) => flag.startsWith(`--${name}=`))?.split('=')[1];
  const names = ['min-semi-space-size', 'max-semi-space-size'];
  for (const name of names) setFlagsFromString(`--${name}=${semiSpaceMiB}`);
  try {
    return new Worker(program);
  } finally {
    for (const name of names) setFlagsFromString(`--${name}=${own(name) ?? defaultSemiSpaceMiB}`);
  }
}

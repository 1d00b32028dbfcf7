import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { codeOf, messageOf, ParleyError } from '../errors.ts';
import type { EventGenerator } from './generator.ts';

export interface WriteOptions {
  /** A folder, which gets a file for each topic; or a stream, for the lines of one topic. */
  readonly to: string | Writable;
  /** Writes each event when its time has come, by this clock; without it, as fast as it can. */
  readonly clock?: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: Generated) => void;
}

export interface Generated {
  readonly messages: number;
  readonly events: number;
  readonly bytes: number;
  /** When the last event happens, milliseconds since 1970. */
  readonly until: number;
}

const chunkMessages = 1_000;
/** Of each file: so much may wait for the disk while the next events are made. */
const bufferedBytes = 4 * 1024 * 1024;

/**
 * Writes what the generator makes. Ends early, without an error, when the signal says so or when nobody reads the
 * stream any more.
 *
 * Errors: PARLEY_DISK_FULL, PARLEY_SOURCE_UNREADABLE (a folder that cannot be written).
 */
export async function writeGenerated(generator: EventGenerator, write: WriteOptions): Promise<Generated> {
  const outputs = new Outputs(write.to, generator.topics);
  const { signal, clock } = write;
  let bytes = 0;
  const done = () => ({ messages: generator.messages, events: generator.events, bytes, until: generator.time });
  try {
    const texts = new Map<string, string>();
    const emit = (topic: string, line: string) => texts.set(topic, `${texts.get(topic) ?? ''}${line}\n`);
    for (let isGoing = true; isGoing && !signal?.aborted && outputs.isOpen; ) {
      isGoing = generator.run(clock === undefined ? chunkMessages : 1, emit);
      if (clock !== undefined) await until(generator.time, clock, signal);
      for (const [topic, text] of texts) bytes += await outputs.write(topic, text);
      texts.clear();
      write.onProgress?.(done());
    }
    await outputs.end();
    return done();
  } catch (error) {
    if (codeOf(error) === 'EPIPE') return done();
    throw failure(error, write.to);
  }
}

class Outputs {
  readonly #streams = new Map<string, Writable>();
  readonly #isOwn: boolean;
  #failure: unknown;

  constructor(to: string | Writable, topics: readonly string[]) {
    this.#isOwn = typeof to === 'string';
    if (typeof to === 'string') mkdirSync(to, { recursive: true });
    for (const topic of topics) {
      const stream: Writable =
        typeof to === 'string' ? createWriteStream(join(to, `${topic}.ndjson`), { highWaterMark: bufferedBytes }) : to;
      stream.on('error', (error) => {
        this.#failure = error;
      });
      this.#streams.set(topic, stream);
    }
  }

  get isOpen(): boolean {
    return [...this.#streams.values()].every((stream) => !stream.destroyed);
  }

  /** Waits while the stream has enough. */
  async write(topic: string, text: string): Promise<number> {
    this.#throwFailure();
    const stream = this.#streams.get(topic)!;
    const bytes = Buffer.from(text);
    if (!stream.write(bytes)) await drained(stream);
    this.#throwFailure();
    return bytes.length;
  }

  async end(): Promise<void> {
    this.#throwFailure();
    if (!this.#isOwn) return;
    for (const stream of this.#streams.values()) {
      stream.end();
      await finished(stream);
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Resolves when the stream takes more, and when it never will again. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

async function until(time: number, clock: () => number, signal: AbortSignal | undefined): Promise<void> {
  for (let left = time - clock(); left > 0 && !signal?.aborted; left = time - clock()) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 250)));
  }
}

function failure(error: unknown, to: string | Writable): unknown {
  if (error instanceof ParleyError) return error;
  const isFull = codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
  const where = typeof to === 'string' ? to : 'standard output';
  return new ParleyError(isFull ? 'PARLEY_DISK_FULL' : 'PARLEY_SOURCE_UNREADABLE', messageOf(error), {
    where,
    cause: error,
  });
}

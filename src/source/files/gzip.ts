import { createGunzip, type Gunzip } from 'node:zlib';
import { codeOf } from '../../errors.ts';
import { type Content, PlainContent, unreadable } from './plain-content.ts';

/** Compressed bytes given to zlib at a time. zlib expands them at most a thousandfold, which bounds the memory. */
const sliceBytes = 32_768;
const fineSliceBytes = 16;
const readBytes = 262_144;

/**
 * The content of a gzip file, of one or many members. When the file is damaged, all that can be had before the fault is
 * given first; then `fill` fails with PARLEY_SOURCE_UNREADABLE.
 *
 * zlib throws away what it made of the slice in which it meets a fault. So the file is then read once more,
 * in the same slices up to there, and in very small ones from there.
 */
export class GzipContent implements Content {
  readonly canReopen = false;
  readonly #path: string;
  #file: PlainContent;
  #gunzip: Gunzip;
  /** Compressed bytes read from the file and not yet given to zlib. */
  #input: Buffer = Buffer.alloc(0);
  #givenBytes = 0;
  /** Uncompressed bytes not yet fetched. */
  #output: Buffer[] = [];
  #madeBytes = 0;
  #skipBytes = 0;
  #fineFrom = Number.POSITIVE_INFINITY;
  #isEnded = false;
  #fault: unknown;
  #settle: ((error?: unknown) => void) | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#file = new PlainContent(path, 0);
    this.#gunzip = this.#start();
  }

  get diskBytes(): number {
    return this.#givenBytes;
  }

  async fill(buffer: Buffer, start: number, end: number): Promise<number> {
    let at = start;
    while (at < end) {
      const chunk = this.#output[0];
      if (chunk !== undefined) {
        const copied = chunk.copy(buffer, at, 0, end - at);
        at += copied;
        if (copied === chunk.length) this.#output.shift();
        else this.#output[0] = chunk.subarray(copied);
      } else if (this.#fault !== undefined) {
        if (at > start) break;
        throw unreadable(this.#path, this.#givenBytes, this.#fault);
      } else if (this.#isEnded) {
        break;
      } else {
        await this.#feed();
      }
    }
    return at - start;
  }

  close(): void {
    this.#isEnded = true;
    this.#gunzip.destroy();
    this.#settle?.();
  }

  #start(): Gunzip {
    const gunzip = createGunzip({ chunkSize: 65_536 });
    gunzip.on('data', (chunk: Buffer) => {
      this.#madeBytes += chunk.length;
      const repeated = Math.min(this.#skipBytes, chunk.length);
      this.#skipBytes -= repeated;
      if (repeated < chunk.length) this.#output.push(chunk.subarray(repeated));
    });
    gunzip.on('error', (error) => this.#settle?.(error));
    // Padding after the last member ends the stream before the file does, and then zlib answers no write any more.
    gunzip.on('end', () => {
      if (this.#gunzip !== gunzip) return;
      this.#isEnded = true;
      this.#settle?.();
    });
    return gunzip;
  }

  async #feed(): Promise<void> {
    try {
      if (this.#input.length === 0) {
        const input = Buffer.allocUnsafe(readBytes);
        this.#input = input.subarray(0, await this.#file.fill(input, 0, readBytes));
      }
      const isFine = this.#givenBytes >= this.#fineFrom;
      const slice = this.#input.subarray(0, isFine ? fineSliceBytes : sliceBytes);
      if (slice.length === 0) {
        // zlib takes an empty file for an empty content, but no gzip file is empty.
        if (this.#givenBytes === 0) throw new Error('the file is empty, which no gzip file is');
        await this.#until((settled) => this.#gunzip.end(settled));
        await this.#drained();
        this.#isEnded = true;
        return;
      }
      await this.#until((settled) => this.#gunzip.write(slice, settled));
      this.#input = this.#input.subarray(slice.length);
      this.#givenBytes += slice.length;
    } catch (error) {
      if (codeOf(error) === 'Z_DATA_ERROR' && this.#fineFrom === Number.POSITIVE_INFINITY) this.#restartFinely();
      else this.#fault = error;
    }
  }

  /** `end` calls back when the input is taken; what zlib makes of it comes with the stream's own end. */
  async #drained(): Promise<void> {
    if (!this.#isEnded && !this.#gunzip.readableEnded) await this.#until(() => {});
  }

  #until(act: (settled: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = (error) => {
        this.#settle = undefined;
        if (error) reject(error as Error);
        else resolve();
      };
      const settle = this.#settle;
      act((error) => settle(error));
    });
  }

  #restartFinely(): void {
    this.#fineFrom = this.#givenBytes;
    this.#skipBytes = this.#madeBytes;
    this.#madeBytes = 0;
    this.#givenBytes = 0;
    this.#input = Buffer.alloc(0);
    this.#gunzip.destroy();
    this.#file = new PlainContent(this.#path, 0);
    this.#gunzip = this.#start();
  }
}

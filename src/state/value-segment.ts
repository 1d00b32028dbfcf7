import { close, fdatasync, fstat, ftruncate, open, read, readSync, write } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { corrupt } from './level-errors.ts';

const [openFile, writeFile] = [promisify(open), promisify(write)];
const [closeFile, syncFile, statFile, truncateFile] = [
  promisify(close),
  promisify(fdatasync),
  promisify(fstat),
  promisify(ftruncate),
];

/** One file of a value log. It is appended to, read, and in the end deleted; never changed. */
export class ValueSegment {
  readonly number: number;
  readonly path: string;
  /** Bytes of records in it, whether or not they are on the disk yet. */
  bytes: number;
  /** Bytes of those that a key still leads to. */
  liveBytes: number;
  readonly #handle: number;
  #readers = 0;
  #isRetired = false;

  private constructor(number: number, path: string, handle: number, bytes: number, liveBytes: number) {
    this.number = number;
    this.path = path;
    this.#handle = handle;
    this.bytes = bytes;
    this.liveBytes = liveBytes;
  }

  static async create(number: number, path: string): Promise<ValueSegment> {
    return new ValueSegment(number, path, await openFile(path, 'w+'), 0, 0);
  }

  /**
   * What lies after `bytes` was never acknowledged: a crash cut it off, and it is cut off here too. Fails with
   * PARLEY_STATE_CORRUPT when the file has less.
   */
  static async open(number: number, path: string, bytes: number, liveBytes: number): Promise<ValueSegment> {
    const handle = await openFile(path, 'r+').catch((error: unknown) => {
      throw corrupt(path, `${bytes} bytes of values`, 'a file that cannot be opened', error);
    });
    const segment = new ValueSegment(number, path, handle, bytes, liveBytes);
    try {
      const { size } = await statFile(handle);
      if (size < bytes) throw corrupt(path, `${bytes} bytes of values`, `${size}`);
      if (size > bytes) await truncateFile(handle, bytes);
      return segment;
    } catch (error) {
      await segment.close();
      throw error;
    }
  }

  /** Appends the bytes. One call at a time. */
  async append(bytes: Buffer): Promise<void> {
    const start = this.bytes;
    this.bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      at += (await writeFile(this.#handle, bytes, at, bytes.length - at, start + at)).bytesWritten;
    }
  }

  async sync(): Promise<void> {
    await syncFile(this.#handle);
  }

  /** The bytes from `start` on; fails with PARLEY_STATE_CORRUPT when there are fewer. */
  async read(start: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    this.#readers++;
    try {
      for (let at = 0; at < length; ) {
        at += this.#checked(await readAt(this.#handle, bytes, at, start + at), start + length, start + at);
      }
    } finally {
      this.#readers--;
      if (this.#isRetired && this.#readers === 0) await closeFile(this.#handle);
    }
    return bytes;
  }

  /** The same at once, for what the system is taken to have in memory. */
  readNow(start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      at += this.#checked(readSync(this.#handle, bytes, at, length - at, start + at), start + length, start + at);
    }
    return bytes;
  }

  #checked(bytesRead: number, expected: number, reached: number): number {
    if (bytesRead > 0) return bytesRead;
    throw corrupt(this.path, `${expected} bytes of values`, `${reached}`);
  }

  async close(): Promise<void> {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#readers === 0) await closeFile(this.#handle);
  }

  /** Deletes the file. Reads that are under way get what they asked for. */
  async delete(): Promise<void> {
    await unlink(this.path);
    await this.close();
  }
}

/** As `promisify(read)` at half its cost: there is one for each state that comes back. */
function readAt(handle: number, bytes: Buffer, at: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(handle, bytes, at, bytes.length - at, position, (error, bytesRead) => {
      if (error === null) resolve(bytesRead);
      else reject(error);
    });
  });
}

import { type FileHandle, open } from 'node:fs/promises';
import { codeOf, messageOf, ParleyError } from '../../errors.ts';

/** The uncompressed bytes of a file, in order. */
export interface Content {
  /** Puts the next bytes into `buffer` between `start` and `end` and returns how many; 0 at the end. */
  fill(buffer: Buffer, start: number, end: number): Promise<number>;
  /** Bytes of the file on the disk that have been read, for progress. */
  readonly diskBytes: number;
  /** Going on later at the same place costs no more than opening the file. */
  readonly canReopen: boolean;
  close(): void;
}

/**
 * A plain file. It is opened for each read, so that any number of files can be merged with few descriptors; at
 * 256 KiB a read that costs little. The inode must stay the same: a path may be given to another file meanwhile.
 */
export class PlainContent implements Content {
  readonly canReopen = true;
  readonly #path: string;
  #at: number;
  #identity: string | undefined;

  constructor(path: string, offset: number) {
    this.#path = path;
    this.#at = offset;
  }

  get diskBytes(): number {
    return this.#at;
  }

  async fill(buffer: Buffer, start: number, end: number): Promise<number> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.#path, 'r');
      const [{ dev, ino }, { bytesRead }] = await Promise.all([
        handle.stat(),
        handle.read(buffer, start, end - start, this.#at),
      ]);
      const identity = `${dev}/${ino}`;
      this.#identity ??= identity;
      if (this.#identity !== identity) {
        throw new ParleyError('PARLEY_SOURCE_CHANGED', `${this.#path} was replaced by another file while it was read`, {
          where: `${this.#path} at byte ${this.#at}`,
        });
      }
      this.#at += bytesRead;
      return bytesRead;
    } catch (cause) {
      throw cause instanceof ParleyError ? cause : unreadable(this.#path, this.#at, cause);
    } finally {
      // Nobody waits for it: it is open for reading alone.
      handle?.close().catch(() => undefined);
    }
  }

  close(): void {}
}

/** The error of a file that cannot be read on. */
export function unreadable(path: string, at: number, cause: unknown): ParleyError {
  const reason = codeOf(cause) ?? 'unknown fault';
  return new ParleyError('PARLEY_SOURCE_UNREADABLE', `${path} cannot be read on: ${messageOf(cause)} (${reason})`, {
    where: `${path} at byte ${at} of the file`,
    cause,
  });
}

/** Slower than anything that comes from memory, quicker than most disks: milliseconds. */
const promptMs = 0.05;
/** What is copied from memory in a millisecond, at the least. */
const bytesAMs = 1_000_000;
/** Reads given to other threads after a slow one. */
const elsewhereMin = 32;
const elsewhereMax = 1_024;

/**
 * Where a file is best read. What the system has in memory is there in three microseconds, and to have another thread
 * fetch it costs six times that; what has to come from a disk is waited for by other threads, several reads at a time.
 * Nothing tells before which it will be, but it is mostly as with the read before. After a slow one a number of reads are
 * done elsewhere, then one is tried again: twice as many each time that this one is slow, too.
 */
export class ReadPace {
  #elsewhere = 0;
  #pause = 0;

  /** Whether the next read is to be done at once. To be asked once for each read; `took` says how that was. */
  isPrompt(): boolean {
    if (this.#elsewhere === 0) return true;
    this.#elsewhere--;
    return false;
  }

  /** How long a read took that was done at once, milliseconds. */
  took(ms: number, bytes: number): void {
    this.#pause =
      ms < promptMs + bytes / bytesAMs ? 0 : Math.min(elsewhereMax, Math.max(elsewhereMin, 2 * this.#pause));
    this.#elsewhere = this.#pause;
  }
}

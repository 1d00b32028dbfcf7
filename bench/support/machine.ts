import { arch, cpus, totalmem } from 'node:os';

/** What a figure was measured on. */
export function machine() {
  return {
    processor: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    architecture: arch(),
    node: process.version,
  };
}

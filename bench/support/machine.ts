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

/** The same in a line. */
export function machineLine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${arch()}`;
}

import { createRequire } from 'node:module';
import { messageOf, ParleyError } from '../../errors.ts';

const packages = createRequire(import.meta.url);

/**
 * The path of the ClickHouse library that npm installed. chdb's own resolver knows where its platform package is,
 * nested or hoisted, and does not load it.
 *
 * Fails with PARLEY_ENGINE_MISSING on a platform without one, or when the optional packages were left out.
 */
export function findLibrary(): string {
  try {
    packages.resolve('ffi-rs');
    const { libchdbPath } = packages('chdb/libchdb') as { libchdbPath(): string };
    return libchdbPath();
  } catch (cause) {
    throw new ParleyError('PARLEY_ENGINE_MISSING', 'The embedded ClickHouse is not installed.', {
      expected:
        'the optional packages chdb and ffi-rs, which exist for Linux with glibc and for macOS, on x64 and arm64; ' +
        '`npm install --include=optional` installs them',
      received: `${process.platform} ${process.arch}: ${messageOf(cause).split('\n')[0]}`,
      cause,
    });
  }
}

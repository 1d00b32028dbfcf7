import { messageOf, ParleyError } from '../errors.ts';
import type { StateSpace } from '../runtime/domain.ts';

/**
 * How a state is written: `<version> <day> <text>`, the first two in base 36. The version is that of the space that
 * wrote it; the day (since 1970, UTC) is that of the batch that last put it, by the batch's journalled time and not by
 * the clock of the write, so that a batch processed again gives the same record.
 */
export interface StateRecord {
  readonly version: number;
  readonly day: number;
  readonly text: string;
}

export const dayMs = 86_400_000;

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / dayMs);
}

export function encodeRecord(space: StateSpace<unknown>, day: number, state: unknown): string {
  // Joined, it is one text; added up, it would be a tree of its parts, which is more to keep and to walk through.
  return [space.version.toString(36), day.toString(36), space.encode(state)].join(' ');
}

export function splitRecord(record: string, key: string): StateRecord {
  const first = record.indexOf(' ');
  const second = record.indexOf(' ', first + 1);
  const version = Number.parseInt(record.slice(0, first), 36);
  const day = Number.parseInt(record.slice(first + 1, second), 36);
  if (first > 0 && second > first && version >= 0 && Number.isSafeInteger(day)) {
    return { version, day, text: record.slice(second + 1) };
  }
  throw new ParleyError('PARLEY_STATE_CORRUPT', 'A state has no header', {
    expected: '`<version> <day> <text>`',
    received: JSON.stringify(record.slice(0, 40)),
    where: `key ${JSON.stringify(key)}`,
  });
}

/** The state; fails with PARLEY_STATE_VERSION when newer code wrote it, and PARLEY_STATE_CORRUPT when it is unreadable. */
export function decodeRecord(space: StateSpace<unknown>, { version, text }: StateRecord, key: string): unknown {
  const where = `${space.name}, key ${JSON.stringify(key)}`;
  if (version > space.version) {
    throw new ParleyError('PARLEY_STATE_VERSION', 'A state was written by newer code', {
      expected: `version ${space.version} or an older one`,
      received: `version ${version}`,
      where,
    });
  }
  try {
    return space.decode(text, version, key);
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    const received = `${messageOf(error)}: ${text.slice(0, 100)}`;
    throw new ParleyError('PARLEY_STATE_CORRUPT', 'A state cannot be read', { received, where, cause: error });
  }
}

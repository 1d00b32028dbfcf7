import type { Checkpoint } from '../store.ts';

/**
 * What a local store remembers of the journal that it goes with, in the `extra` of its checkpoint, so that its owner
 * reads only what is newer when it comes back.
 */
export interface Bookkeeping {
  /** The journal's identity: a topic that was deleted and made again is another journal. */
  readonly journal: string;
  /** From here on the journal has everything that the store does not: newer states, the last position, open plans. */
  readonly from: number;
  /** The plan of the newest checkpoint that the journal has before `from`. */
  readonly covered: number;
  /** Milliseconds since 1970: deletions in the journal from `from` on are no older. */
  readonly at: number;
}

export type Start =
  | { readonly isWhole: true; readonly from: number; readonly reason: string }
  | { readonly isWhole: false; readonly from: number; readonly covered: number; readonly reached: number };

export interface Found {
  readonly identity: string;
  readonly beginning: number;
  readonly end: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long the topic keeps the deletion of a key, milliseconds; undefined when the broker does not say. */
  readonly tombstoneLifeMs: number | undefined;
}

/** Whether a store can go on from where it is, and if not, why. */
export function chooseStart(checkpoint: Checkpoint | undefined, found: Found): Start {
  const whole = (reason: string): Start => ({ isWhole: true, from: found.beginning, reason });
  if (checkpoint === undefined) return whole('there is no local state');
  const known = bookkeepingOf(checkpoint);
  if (known === undefined) return whole('the local state does not say which journal it belongs to');
  if (known.journal !== found.identity) return whole('the local state belongs to another journal');
  if (known.from < found.beginning || known.from > found.end) {
    return whole(`the journal does not have offset ${known.from}, where the local state stopped`);
  }
  return { isWhole: false, from: known.from, covered: known.covered, reached: checkpoint.plan };
}

/**
 * Whether the journal may have dropped the deletion of a key that this store still has. A tenth of its life is left to
 * clocks that differ.
 */
export function isTooOld(checkpoint: Checkpoint | undefined, { now, tombstoneLifeMs }: Found): boolean {
  const known = checkpoint && bookkeepingOf(checkpoint);
  if (known === undefined || tombstoneLifeMs === undefined) return true;
  const ageMs = now - known.at;
  return ageMs > tombstoneLifeMs * 0.9 || ageMs < -tombstoneLifeMs * 0.1;
}

export function withBookkeeping({ plan, positions }: Checkpoint, bookkeeping: Bookkeeping): Checkpoint {
  return { plan, positions, extra: { journal: bookkeeping } };
}

function bookkeepingOf({ extra }: Checkpoint): Bookkeeping | undefined {
  const known = (extra as { journal?: Partial<Bookkeeping> } | undefined)?.journal;
  const isSane =
    typeof known?.journal === 'string' &&
    [known.from, known.covered, known.at].every((part) => Number.isSafeInteger(part));
  return isSane ? (known as Bookkeeping) : undefined;
}

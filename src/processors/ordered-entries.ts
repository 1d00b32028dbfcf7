import { difference } from './difference.ts';
import { NEVER } from './gaps.ts';
import { isFull, isKnown, remember, shortId } from './known-ids.ts';
import {
  isPacked,
  lastPackedId,
  newPack,
  type Pack,
  type PackedForm,
  packEntries,
  unpackEntries,
} from './packed-entries.ts';
import { startsSession } from './sessions.ts';
import { fold, isKeptAt, place, type Timeline, type TimelineEntry, TOO_LATE } from './timeline.ts';

/**
 * The entries of a key in the order of time, what each owes to those before it, and the stretches that gaps part them
 * into; corrected when one comes late.
 *
 * - *closed*: what was settled is packed into text; only `tail`, the pass after it, is needed for an entry that follows
 *   by time. Nearly all do, and cost one step each, however long the key's history is.
 * - *open*: a late entry came. All kept entries are in `entries`, the pass runs again from `base`, what was folded away,
 *   and what comes out differently is written. Settling closes it again.
 *
 * Which entry is a repeat, which too late, depends on the order of events alone, never on when this was settled.
 */
export interface OrderedEntries<Entry extends TimelineEntry, About, Pass extends PassEnd, Stretch> {
  /** The pass at the horizon, behind which nothing can be placed; null when nothing was folded away. */
  base: Pass | null;
  /** The pass after the last settled entry. Its `lastId` is empty while the pack has that entry. */
  tail: Pass;
  /** The settled entries that are kept, while closed. */
  pack: Pack<About>;
  /** While closed: those that came since, by time. While open: all that are kept. */
  entries: Entry[];
  /** While open: the stretches as written that a kept entry is in, by start. */
  stretches: readonly Stretch[];
  isOpen: boolean;
  /** Short ids of the entries that came last, whatever became of them. */
  known: number[];
  /** The gap that ends a stretch by which the rows of the kept entries were derived. */
  gapMs: number;
}

/** Everything about earlier entries that the next one needs; at least where they end. */
export interface PassEnd {
  /** Time and id of the last entry; NEVER before the first. */
  last: number;
  lastId: string;
}

/** What a domain says of its entries: what is derived for them, and how they are packed. */
export interface EntryKind<Entry extends TimelineEntry, About, Pass extends PassEnd, Stretch> {
  readonly form: PackedForm<Entry, About>;
  newPass(): Pass;
  copyPass(pass: Pass): Pass;
  /** Takes the next entry by time: sets what is derived for it, and moves the pass past it. */
  advance(pass: Pass, entry: Entry, gapMs: number): void;
  /** Whether `advance` has had it. */
  isPlaced(entry: Entry): boolean;
  isSameDerived(left: Entry, right: Entry): boolean;
  /** The stretch that the pass is in. */
  stretchOf(pass: Pass): Stretch;
  startOf(stretch: Stretch): number;
  isSameStretch(left: Stretch, right: Stretch): boolean;
}

export interface EntryRules {
  readonly gapMs: number;
  readonly latenessMs: number;
  readonly entriesMax: number;
}

/** What settling comes to. */
export interface Settled<Entry, Stretch> {
  /** An entry that is new (`old` is null), or whose derived values changed. */
  onEntry(entry: Entry, old: Entry | null): void;
  onStretch(sign: 1 | -1, stretch: Stretch): void;
}

/** The entry's id came before: nothing comes of it. */
export const DUPLICATE = -2;
export { TOO_LATE } from './timeline.ts';

/** Never added to. */
const nothing: readonly never[] = [];

/** Keeps the entries of keys of one kind in order. Holds rules alone: every state is the caller's. */
export class EntryOrder<Entry extends TimelineEntry, About, Pass extends PassEnd, Stretch> {
  readonly #kind: EntryKind<Entry, About, Pass, Stretch>;
  readonly #rules: EntryRules;

  constructor(kind: EntryKind<Entry, About, Pass, Stretch>, rules: EntryRules) {
    this.#kind = kind;
    this.#rules = rules;
  }

  empty(): OrderedEntries<Entry, About, Pass, Stretch> {
    return {
      base: null,
      tail: this.#kind.newPass(),
      pack: newPack(),
      entries: nothing as unknown as Entry[],
      stretches: nothing,
      isOpen: false,
      known: [],
      gapMs: this.#rules.gapMs,
    };
  }

  /** Whether an entry of this id has been taken, among those that are remembered or kept. To be asked before `take`. */
  isRepeat(state: OrderedEntries<Entry, About, Pass, Stretch>, id: string): boolean {
    return isKnown(state.known, shortId(id)) || (isFull(state.known) && this.#isKept(state, id));
  }

  /** Takes an entry of a new id: how many entries follow it by time, or TOO_LATE (it has no place). */
  take(state: OrderedEntries<Entry, About, Pass, Stretch>, entry: Entry): number {
    remember(state.known, shortId(entry.id));
    if (!state.isOpen) {
      if (isLast(state, entry)) {
        // Made when it is needed: an empty array takes room for sixteen with the first item that it gets.
        if (state.entries.length === 0) state.entries = [entry];
        else state.entries.push(entry);
        return 0;
      }
      this.#open(state);
    }
    const index = place(timelineOf(state), entry, this.#rules);
    return index === TOO_LATE ? TOO_LATE : state.entries.length - 1 - index;
  }

  /** Tells what changed since the last call, and forgets what no late entry can need. */
  settle(state: OrderedEntries<Entry, About, Pass, Stretch>, settled: Settled<Entry, Stretch>): void {
    const { startOf, isSameStretch, stretchOf } = this.#kind;
    if (!state.isOpen && this.#mustOpen(state)) this.#open(state);
    const before = state.isOpen ? state.stretches : state.tail.last === NEVER ? nothing : [stretchOf(state.tail)];
    const after = state.isOpen ? this.#settleAll(state, settled) : this.#settleNew(state, settled);
    difference(before, after, startOf, isSameStretch, (sign, stretch) => settled.onStretch(sign, stretch));
  }

  /** Forgets the entries kept for late ones: for a key that has been idle for long. Their rows stay as written. */
  compact(state: OrderedEntries<Entry, About, Pass, Stretch>): void {
    this.#open(state);
    this.#foldAway(state, state.gapMs, 0);
    this.#close(state);
  }

  /** Closed: steps on from the tail, and packs what came. Returns the stretches from the last written one on. */
  #settleNew(state: OrderedEntries<Entry, About, Pass, Stretch>, { onEntry }: Settled<Entry, Stretch>): Stretch[] {
    const { tail, entries } = state;
    const { gapMs, latenessMs } = this.#rules;
    const latest = entries.at(-1)?.time ?? tail.last;
    if (tail.last !== NEVER && tail.last < latest - latenessMs) {
      state.base = this.#kind.copyPass(tail);
      state.base.lastId = lastIdOf(state);
      state.pack.clear();
    }
    const stretches: Stretch[] = [];
    for (const entry of entries) {
      if (tail.last !== NEVER && startsSession(tail.last, entry.time, gapMs))
        stretches.push(this.#kind.stretchOf(tail));
      this.#kind.advance(tail, entry, gapMs);
      onEntry(entry, null);
    }
    if (tail.last !== NEVER) stretches.push(this.#kind.stretchOf(tail));
    this.#close(state);
    return stretches;
  }

  /** Open: runs the pass over all kept entries, tells what came out new or different, and closes. */
  #settleAll(state: OrderedEntries<Entry, About, Pass, Stretch>, { onEntry }: Settled<Entry, Stretch>): Stretch[] {
    const { gapMs, entriesMax } = this.#rules;
    const stretches = this.#runPass(state, gapMs, onEntry);
    state.gapMs = gapMs;
    this.#foldAway(state, gapMs, entriesMax);
    this.#close(state);
    return stretches;
  }

  /** Unpacks the kept entries and derives again what their rows have, by the rule by which they were written. */
  #open(state: OrderedEntries<Entry, About, Pass, Stretch>): void {
    if (state.isOpen) return;
    const fresh = state.entries;
    state.entries = unpackEntries(state.pack, this.#kind.form);
    state.stretches = this.#runPass(state, state.gapMs, () => undefined);
    state.entries.push(...fresh);
    state.isOpen = true;
  }

  #close(state: OrderedEntries<Entry, About, Pass, Stretch>): void {
    const { entries, pack } = state;
    if (state.isOpen) pack.clear();
    packEntries(pack, entries, this.#kind.form);
    state.entries = nothing as unknown as Entry[];
    // The pack has it; a second copy of every last id is what the collector would move most.
    if (pack.count > 0) state.tail.lastId = '';
    state.stretches = nothing;
    state.isOpen = false;
  }

  #runPass(
    state: OrderedEntries<Entry, About, Pass, Stretch>,
    gapMs: number,
    visit: (entry: Entry, old: Entry | null) => void,
  ): Stretch[] {
    const { advance, stretchOf, isPlaced, isSameDerived } = this.#kind;
    const pass = state.base === null ? this.#kind.newPass() : this.#kind.copyPass(state.base);
    const stretches: Stretch[] = [];
    for (const entry of state.entries) {
      const old = isPlaced(entry) ? { ...entry } : null;
      if (pass.last !== NEVER && startsSession(pass.last, entry.time, gapMs)) stretches.push(stretchOf(pass));
      advance(pass, entry, gapMs);
      if (old === null || !isSameDerived(old, entry)) visit(entry, old);
    }
    if (pass.last !== NEVER) stretches.push(stretchOf(pass));
    state.tail = pass;
    return stretches;
  }

  /** Folds away what no allowed late entry can precede, and what is more than may be kept. */
  #foldAway(state: OrderedEntries<Entry, About, Pass, Stretch>, gapMs: number, entriesMax: number): void {
    fold(timelineOf(state), { latenessMs: this.#rules.latenessMs, entriesMax }, (entry) => {
      state.base ??= this.#kind.newPass();
      this.#kind.advance(state.base, entry, gapMs);
    });
  }

  /**
   * Whether the rows have to move to another rule, or twice as much is kept as is needed: a long history then pays for
   * unpacking once in `entriesMax` entries, and not with every one.
   */
  #mustOpen({ pack, entries, gapMs }: OrderedEntries<Entry, About, Pass, Stretch>): boolean {
    const { entriesMax, latenessMs } = this.#rules;
    if (gapMs !== this.#rules.gapMs) return true;
    if (pack.count + entries.length > 2 * entriesMax) return true;
    return pack.count > 0 && pack.firstTime < (entries.at(-1)?.time ?? 0) - 2 * latenessMs;
  }

  /**
   * Whether an entry that came so long ago that its id was forgotten is kept still: one dated ahead of all that followed.
   * Only one that would be kept had everything been folded by now counts, whenever the last fold was.
   */
  #isKept(state: OrderedEntries<Entry, About, Pass, Stretch>, id: string): boolean {
    if (!state.isOpen) {
      if (!isPacked(state.pack, id) && !state.entries.some((entry) => entry.id === id)) return false;
      this.#open(state);
    }
    const index = state.entries.findIndex((entry) => entry.id === id);
    return index >= 0 && isKeptAt(timelineOf(state), index, this.#rules);
  }
}

/** While open: the kept entries as `place` and `fold` see them. */
function timelineOf<Entry extends TimelineEntry, About, Pass extends PassEnd, Stretch>({
  base,
  entries,
}: OrderedEntries<Entry, About, Pass, Stretch>): Timeline<Entry> {
  const horizon = base === null ? null : { id: base.lastId, time: base.last };
  return { latest: entries.at(-1)?.time ?? horizon?.time ?? NEVER, horizon, entries };
}

/** Whether it follows everything known, by (time, id). */
function isLast<Entry extends TimelineEntry, About, Pass extends PassEnd, Stretch>(
  state: OrderedEntries<Entry, About, Pass, Stretch>,
  { id, time }: Entry,
): boolean {
  const last = state.entries.at(-1);
  const lastTime = last?.time ?? state.tail.last;
  return time > lastTime || (time === lastTime && id > (last?.id ?? lastIdOf(state)));
}

/** While closed: the id of the last settled entry. */
function lastIdOf<Entry extends TimelineEntry, About, Pass extends PassEnd, Stretch>({
  pack,
  tail,
}: OrderedEntries<Entry, About, Pass, Stretch>): string {
  return pack.count > 0 ? lastPackedId(pack) : tail.lastId;
}

/**
 * Slowly changing dimensions, type 2: from the changes of a key, in any order of arrival, the versions that held.
 *
 * - A change that alters no tracked attribute makes no version, but is kept: a later splice before it may make it one.
 * - Of changes at the same instant the one that arrived last holds; the others held for no time at all.
 * - A delete closes the version; a return opens a new one.
 * - A fact seen before the first change stretches the first version back to it, so that it joins (inferred member).
 */

/** 2299-12-31 00:00 UTC: `valid_to` of a version that still holds. The last full day that DateTime64 can hold. */
export const FAR_FUTURE = Date.UTC(2299, 11, 31);

export interface Change<Attributes> {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Null for a delete. */
  readonly attributes: Attributes | null;
}

export interface Version<Attributes> {
  readonly attributes: Attributes;
  readonly validFrom: number;
  readonly validTo: number;
  readonly isCurrent: boolean;
  /** 1, 2, 3 … */
  readonly number: number;
}

export interface History<Attributes> {
  /** By time; at most one for each instant. */
  readonly changes: Change<Attributes>[];
  /** Versions that were dropped from the front when the history grew past its bound; their rows stay. */
  dropped: number;
}

export function emptyHistory<Attributes>(): History<Attributes> {
  return { changes: [], dropped: 0 };
}

/** Splices a change in. False when `changesMax` later ones are known: the history no longer reaches back to it. */
export function splice<Attributes>(
  history: History<Attributes>,
  change: Change<Attributes>,
  changesMax: number,
): boolean {
  const { changes } = history;
  let index = changes.length;
  while (index > 0 && changes[index - 1]!.at > change.at) index--;
  if (index > 0 && changes[index - 1]!.at === change.at) {
    changes[index - 1] = change;
    return true;
  }
  if (changes.length - index >= changesMax) return false;
  changes.splice(index, 0, change);
  return true;
}

/** Forgets the oldest changes past the bound. Call it when the rows of all versions are out: they stay as they are. */
export function trim<Attributes>(
  history: History<Attributes>,
  changesMax: number,
  isSame: (left: Attributes, right: Attributes) => boolean,
): void {
  const { changes } = history;
  while (changes.length > changesMax) {
    const [first, second] = changes as [Change<Attributes>, Change<Attributes>];
    if (first.attributes !== null && second.attributes !== null && isSame(first.attributes, second.attributes)) {
      changes.splice(1, 1);
      continue;
    }
    if (first.attributes !== null) history.dropped++;
    changes.shift();
  }
}

/** The versions that hold, by time. `firstSeen`: the earliest fact that named the key, if any. */
export function versionsOf<Attributes>(
  history: History<Attributes>,
  isSame: (left: Attributes, right: Attributes) => boolean,
  firstSeen: number | null = null,
): Version<Attributes>[] {
  const versions: Version<Attributes>[] = [];
  const { changes } = history;
  let open: Attributes | null = null;
  let openFrom = 0;
  const close = (at: number) => {
    if (open === null) return;
    versions.push({
      attributes: open,
      validFrom: openFrom,
      validTo: at,
      isCurrent: at === FAR_FUTURE,
      number: history.dropped + versions.length + 1,
    });
  };
  for (const [index, change] of changes.entries()) {
    const next = change.attributes;
    if (open === null ? next === null : next !== null && isSame(open, next)) continue;
    close(change.at);
    open = next;
    const stretched = index === 0 && history.dropped === 0 && firstSeen !== null && firstSeen < change.at;
    openFrom = stretched ? firstSeen : change.at;
  }
  close(FAR_FUTURE);
  return versions;
}

/** The attributes at a time: those of the version that held then, or of the first one when none held yet. */
export function attributesAt<Attributes>(history: History<Attributes>, time: number): Attributes | null {
  let found: Attributes | null = null;
  for (const change of history.changes) {
    if (change.at > time && found !== null) break;
    found = change.attributes ?? found;
  }
  return found;
}

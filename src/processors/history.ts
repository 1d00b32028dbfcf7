/**
 * Slowly changing dimensions, type 2: from the changes of a key, in any order of arrival, the versions that held.
 *
 * - A change that alters no tracked attribute makes no version, but is kept: a later splice before it may make it one.
 * - Of changes at the same instant the one that arrived last holds; the others held for no time at all.
 * - A delete closes the version; a return opens a new one.
 * - A fact seen before the first change stretches the first version back to it, so that it joins (inferred member).
 * - Of more than `changesMax` changes the oldest go into a *base*, and what it closed stays as it is from then on.
 *   Both `splice` and `forget` look at the order of arrival alone: the split into batches changes nothing.
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

/** The columns that every dimension has for a version: when it held, and its number. */
export function datesOf({ validFrom, validTo, isCurrent, number }: Version<unknown>) {
  return { valid_from: validFrom, valid_to: validTo, is_current: isCurrent, version: number };
}

/** The same for the only version of a key that is known from facts alone, the first of them at `firstSeen`. */
export function inferredDates(firstSeen: number) {
  return { valid_from: firstSeen, valid_to: FAR_FUTURE, is_current: true, version: 1, is_inferred: true };
}

/** What the forgotten changes came to: the version that was open after the last of them. */
export interface Base<Attributes> {
  /** What held last; null when nothing ever did. */
  readonly attributes: Attributes | null;
  /** Since when it holds, never stretched any more; null when it was deleted by then. */
  readonly from: number | null;
  /** Versions that were closed before it. */
  readonly closed: number;
}

export interface History<Attributes> {
  /** By time; at most one for each instant. */
  readonly changes: Change<Attributes>[];
  /** Null while no change was forgotten. */
  base: Base<Attributes> | null;
  /** Versions closed by what was forgotten since rows were last written; to be emptied when their rows are out. */
  closed: Version<Attributes>[];
}

type IsSame<Attributes> = (left: Attributes, right: Attributes) => boolean;

export function emptyHistory<Attributes>(): History<Attributes> {
  return { changes: [], base: null, closed: [] };
}

/**
 * Splices a change in. False when `changesMax` later ones are known: the history no longer reaches back to it. That is
 * asked first, so that the answer is the same whether or not a change of the same instant was forgotten by now.
 */
export function splice<Attributes>(
  history: History<Attributes>,
  change: Change<Attributes>,
  changesMax: number,
): boolean {
  const { changes } = history;
  let index = changes.length;
  while (index > 0 && changes[index - 1]!.at > change.at) index--;
  if (changes.length - index >= changesMax) return false;
  if (index > 0 && changes[index - 1]!.at === change.at) changes[index - 1] = change;
  else changes.splice(index, 0, change);
  return true;
}

/**
 * Takes the oldest changes past the bound into the base. To be called after every splice. `firstSeen` as for
 * `versionsOf`. `onForget`: what was known to hold before a time, and will not be known any more.
 */
export function forget<Attributes>(
  history: History<Attributes>,
  changesMax: number,
  isSame: IsSame<Attributes>,
  firstSeen: number | null = null,
  onForget: (attributes: Attributes, before: number) => void = () => undefined,
): void {
  const { changes } = history;
  while (changes.length > changesMax) {
    const change = changes.shift()!;
    const isFirst = history.base === null;
    const { attributes, from, closed } = history.base ?? { attributes: null, from: null, closed: 0 };
    const isOpen = from !== null;
    if (isOpen && !isNews(attributes, change.attributes, isSame)) continue;
    if (isOpen) history.closed.push(versionOf(attributes!, from, change.at, closed + 1));
    const closedNow = isOpen ? closed + 1 : closed;
    if (change.attributes === null) {
      history.base = { attributes, from: null, closed: closedNow };
    } else {
      if (attributes !== null) onForget(attributes, change.at);
      const isStretched = isFirst && firstSeen !== null && firstSeen < change.at;
      history.base = { attributes: change.attributes, from: isStretched ? firstSeen : change.at, closed: closedNow };
    }
  }
}

/** The versions that hold, by time, and those in `closed`. `firstSeen`: the earliest fact that named the key, if any. */
export function versionsOf<Attributes>(
  history: History<Attributes>,
  isSame: IsSame<Attributes>,
  firstSeen: number | null = null,
): Version<Attributes>[] {
  const { changes, base } = history;
  const versions = [...history.closed];
  let number = base?.closed ?? 0;
  let openFrom = base?.from ?? 0;
  let open = base === null || base.from === null ? null : base.attributes;
  for (const [index, change] of changes.entries()) {
    const next = change.attributes;
    if (!isNews(open, next, isSame)) continue;
    if (open !== null) versions.push(versionOf(open, openFrom, change.at, ++number));
    open = next;
    const isStretched = index === 0 && base === null && firstSeen !== null && firstSeen < change.at;
    openFrom = isStretched ? firstSeen : change.at;
  }
  if (open !== null) versions.push(versionOf(open, openFrom, FAR_FUTURE, ++number));
  return versions;
}

/** The attributes at a time: those of the version that held then or last, or of the first one known. */
export function attributesAt<Attributes>({ changes, base }: History<Attributes>, time: number): Attributes | null {
  let found = base?.attributes ?? null;
  for (const change of changes) {
    if (change.at > time && found !== null) break;
    found = change.attributes ?? found;
  }
  return found;
}

/** Whether nothing ever held, as far as the history tells. */
export function isBlank<Attributes>({ changes, base }: History<Attributes>): boolean {
  return (base === null || base.attributes === null) && changes.every(({ attributes }) => attributes === null);
}

function isNews<Attributes>(open: Attributes | null, next: Attributes | null, isSame: IsSame<Attributes>): boolean {
  return open === null ? next !== null : next === null || !isSame(open, next);
}

function versionOf<Attributes>(attributes: Attributes, validFrom: number, validTo: number, number: number) {
  return { attributes, validFrom, validTo, isCurrent: validTo === FAR_FUTURE, number };
}

/** What a batch writes is the difference between the rows that were true and those that are. */

/**
 * Compares two lists in the order of their keys and reports what is only in the old one and what is only in the new
 * one; an item of the same key and other content is in both reports.
 */
export function difference<Item>(
  before: readonly Item[],
  after: readonly Item[],
  keyOf: (item: Item) => number,
  isSame: (left: Item, right: Item) => boolean,
  report: (sign: 1 | -1, item: Item) => void,
): void {
  let left = 0;
  let right = 0;
  while (left < before.length || right < after.length) {
    const old = before[left];
    const now = after[right];
    const order = old === undefined ? 1 : now === undefined ? -1 : keyOf(old) - keyOf(now);
    if (order === 0) {
      if (old !== now && !isSame(old!, now!)) {
        report(-1, old!);
        report(1, now!);
      }
      left++;
      right++;
    } else if (order < 0) {
      report(-1, old!);
      left++;
    } else {
      report(1, now!);
      right++;
    }
  }
}

/** Whether two rows of plain values are equal, column by column. */
export function isSameRow<Row extends object>(left: Row, right: Row): boolean {
  for (const column in left) if (left[column] !== right[column]) return false;
  return true;
}

export function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

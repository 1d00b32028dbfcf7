import { logRecords } from './level-log.ts';
import { varintAt } from './varint.ts';

/**
 * Reads which tables a LevelDB manifest names (db/version_edit.cc): a log of edits, each of which adds and removes
 * files. A crash may leave a table that was being written and that no manifest names; LevelDB deletes it.
 */
export function liveTables(manifest: Buffer): Set<number> {
  const live = new Set<number>();
  for (const edit of logRecords(manifest)) applyEdit(edit, live);
  return live;
}

function applyEdit(edit: Buffer, live: Set<number>): void {
  let at = 0;
  const number = (): number => {
    const [value, next] = varintAt(edit, at);
    at = next;
    return value;
  };
  const skipText = (): void => {
    const length = number();
    at += length;
  };
  while (at < edit.length) {
    const tag = number();
    if (tag === 1) skipText();
    else if (tag === 2 || tag === 3 || tag === 4 || tag === 9) number();
    else if (tag === 5) {
      number();
      skipText();
    } else if (tag === 6) {
      number();
      live.delete(number());
    } else if (tag === 7) {
      number();
      live.add(number());
      number();
      skipText();
      skipText();
    } else throw new RangeError(`tag ${tag} of an edit`);
  }
}

/**
 * The task of a message: the first category, in the configured order, that has one of its words.
 *
 * Words match whole: not within a longer word, so that an address is no `add` and a prefix no `fix`; letters, digits and
 * the underscore make words. Case is of no matter; a space stands for any run of white space. The last word of a pattern
 * may be inflected as English verbs and nouns simply are: -s, -es, -d, -ed, -ing (`created`, `creating`, `fixes`).
 */
export const OTHER = 'other';

export type Categorise = (text: string) => string;

/** A node of the tree of all words: what comes next, and the category of a word that ends here. */
interface Node {
  readonly next: Map<number, Node>;
  rank: number;
}

const NONE = Number.POSITIVE_INFINITY;
const SPACE = 32;

/** One walk over the text for all words of all categories, because messages are long and categories many. */
export function createCategoriser(patterns: Readonly<Record<string, readonly string[]>>): Categorise {
  const categories = Object.keys(patterns);
  const root: Node = { next: new Map(), rank: NONE };
  for (const [rank, category] of categories.entries()) {
    for (const pattern of patterns[category]!) {
      for (const form of formsOf(pattern.toLowerCase().trim().replaceAll(/\s+/g, ' '))) plant(root, form, rank);
    }
  }
  return (text) => {
    const rank = leastRank(root, text.toLowerCase());
    return rank === NONE ? OTHER : categories[rank]!;
  };
}

/** The pattern and its simple inflections. */
function formsOf(pattern: string): string[] {
  if (!/\p{L}$/u.test(pattern)) return pattern === '' ? [] : [pattern];
  const stem = pattern.endsWith('e') ? pattern.slice(0, -1) : pattern;
  return [pattern, `${pattern}s`, `${pattern}es`, `${pattern}d`, `${stem}ed`, `${stem}ing`];
}

function plant(root: Node, word: string, rank: number): void {
  let node = root;
  for (let index = 0; index < word.length; index++) {
    const unit = word.charCodeAt(index);
    let next = node.next.get(unit);
    if (next === undefined) {
      next = { next: new Map(), rank: NONE };
      node.next.set(unit, next);
    }
    node = next;
  }
  node.rank = Math.min(node.rank, rank);
}

function leastRank(root: Node, text: string): number {
  let least = NONE;
  let index = 0;
  let isInWord = false;
  while (index < text.length) {
    const unit = text.charCodeAt(index);
    if (!isInWord || !isWordUnit(unit)) {
      const start = root.next.get(unit);
      if (start !== undefined) {
        least = Math.min(least, rankFrom(start, text, index + 1));
        if (least === 0) return 0;
      }
    }
    isInWord = isWordUnit(unit);
    index++;
  }
  return least;
}

/** The least rank of the words that begin at the character before `index` and end where a word ends. */
function rankFrom(start: Node, text: string, index: number): number {
  let node: Node | undefined = start;
  let least = NONE;
  while (true) {
    if (node.rank < least && endsWord(text, index)) least = node.rank;
    if (index >= text.length) return least;
    const unit = text.charCodeAt(index);
    if (isSpace(unit)) {
      node = node.next.get(SPACE);
      while (index < text.length && isSpace(text.charCodeAt(index))) index++;
    } else {
      node = node.next.get(unit);
      index++;
    }
    if (node === undefined) return least;
  }
}

/** Whether a word that may end before `index` does: what follows is no part of a word, or the pattern itself ended in none. */
function endsWord(text: string, index: number): boolean {
  return index >= text.length || !isWordUnit(text.charCodeAt(index)) || !isWordUnit(text.charCodeAt(index - 1));
}

function isSpace(unit: number): boolean {
  return unit === SPACE || (unit >= 9 && unit <= 13) || unit === 0xa0;
}

const letter = /[\p{L}\p{N}\p{M}]/u;

/** Letters, digits, underscore. Halves of surrogate pairs are none: what they make is mostly a picture. */
function isWordUnit(unit: number): boolean {
  if (unit < 128)
    return (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57) || unit === 95 || (unit >= 65 && unit <= 90);
  return letter.test(String.fromCharCode(unit));
}

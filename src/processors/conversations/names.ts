/**
 * Words that a stored state repeats (a customer, a clinic, a channel), each written once and meant by its place. States
 * are written often, and LevelDB writes each many times more: their length is what checkpoints cost.
 */
export class Names {
  readonly list: string[];

  constructor(list: string[] = []) {
    this.list = list;
  }

  /** The place of a word, which is new or not. */
  place(name: string): number {
    const known = this.list.indexOf(name);
    return known >= 0 ? known : this.list.push(name) - 1;
  }

  /** The word at a place; fails when the text that was read has none. */
  at(place: number): string {
    const name = this.list[place];
    if (name === undefined) throw new Error(`${this.list.length} names, none at ${place}`);
    return name;
  }
}

/** A binary heap of things whose order may change while they are in it. */
export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #isBefore: (a: Item, b: Item) => boolean;

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  /** What would come first without the first. */
  get second(): Item | undefined {
    const [, left, right] = this.#items;
    return left !== undefined && right !== undefined && this.#isBefore(right, left) ? right : left;
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(item, items[parent] as Item)) break;
      items[at] = items[parent] as Item;
      at = parent;
    }
    items[at] = item;
  }

  removeFirst(): void {
    const last = this.#items.pop() as Item;
    if (this.#items.length === 0) return;
    this.#items[0] = last;
    this.firstChanged();
  }

  /** To be called when the order of the first item may have become later. */
  firstChanged(): void {
    const items = this.#items;
    const item = items[0] as Item;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#isBefore(items[child + 1] as Item, items[child] as Item)) child++;
      if (!this.#isBefore(items[child] as Item, item)) break;
      items[at] = items[child] as Item;
      at = child;
    }
    items[at] = item;
  }
}

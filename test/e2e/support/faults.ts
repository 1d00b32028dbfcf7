/** What was done to a deployment that went on all the same, by kind. */
export class Faults {
  readonly #counts = new Map<string, number>();

  add(kind: string, count = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get byKind(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  describe(): string {
    return [...this.#counts].map(([kind, count]) => `${count} x ${kind}`).join(', ');
  }
}

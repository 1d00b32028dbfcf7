/** Lines that arrive later than they were written, soonest first (a binary heap). */
export class HeldBack {
  readonly #lines: { readonly at: number; readonly line: string }[] = [];

  get size(): number {
    return this.#lines.length;
  }

  add(at: number, line: string): void {
    const lines = this.#lines;
    let place = lines.push({ at, line }) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (lines[parent]!.at <= lines[place]!.at) return;
      this.#swap(parent, place);
      place = parent;
    }
  }

  /** The next line that has arrived by `time`; undefined when none has. */
  take(time: number): string | undefined {
    const lines = this.#lines;
    if (lines.length === 0 || lines[0]!.at > time) return undefined;
    this.#swap(0, lines.length - 1);
    const { line } = lines.pop()!;
    for (let place = 0; ; ) {
      const left = 2 * place + 1;
      if (left >= lines.length) return line;
      const right = left + 1;
      const least = right < lines.length && lines[right]!.at < lines[left]!.at ? right : left;
      if (lines[place]!.at <= lines[least]!.at) return line;
      this.#swap(place, least);
      place = least;
    }
  }

  #swap(left: number, right: number): void {
    const kept = this.#lines[left]!;
    this.#lines[left] = this.#lines[right]!;
    this.#lines[right] = kept;
  }
}

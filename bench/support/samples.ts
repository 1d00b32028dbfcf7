/** CPU seconds of some processes as time goes by, to be asked afterwards for the stretch that counts. */
export class CpuSamples<Name extends string> {
  readonly #sources: Readonly<Record<Name, () => number | undefined>>;
  readonly #samples: { readonly at: number; readonly cpu: Record<Name, number> }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(sources: Readonly<Record<Name, () => number | undefined>>) {
    this.#sources = sources;
    this.#take();
    this.#timer = setInterval(() => this.#take(), 100);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#take();
  }

  /** Between two moments, milliseconds since 1970. */
  between(from: number, to: number): Record<Name, number> {
    const [before, after] = [this.#at(from), this.#at(to)];
    return this.#each((name) => after[name] - before[name]);
  }

  #at(moment: number): Record<Name, number> {
    return (this.#samples.find(({ at }) => at >= moment) ?? this.#samples.at(-1)!).cpu;
  }

  /** A process that is gone keeps what it had. */
  #take(): void {
    const last = this.#samples.at(-1)?.cpu;
    const cpu = this.#each((name) => Math.max(this.#sources[name]() ?? 0, last?.[name] ?? 0));
    this.#samples.push({ at: Date.now(), cpu });
  }

  #each(of: (name: Name) => number): Record<Name, number> {
    const names = Object.keys(this.#sources) as Name[];
    return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, number>;
  }
}

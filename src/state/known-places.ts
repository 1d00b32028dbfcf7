import type { Place } from './value-log.ts';

/** More keys than these were read and not written since: then writing looks all of them up again. */
const keysMax = 100_000;

/**
 * Where the values of the keys are that were read and not written since; undefined for a key that has none. A checkpoint
 * has to say which values it replaces, and nearly all of its keys were read shortly before: without this it would ask
 * LevelDB for every one of them a second time.
 */
export class KnownPlaces {
  readonly #places = new Map<string, Place | undefined>();
  #generation = 0;

  /** Grows with every write: what was looked up before one may no longer hold after it. */
  get generation(): number {
    return this.#generation;
  }

  /** Takes in what was looked up since the generation was as given. */
  remember(keys: readonly string[], places: readonly (Place | undefined)[], generation: number): void {
    if (generation !== this.#generation) return;
    if (this.#places.size + keys.length > keysMax) this.#places.clear();
    for (let index = 0; index < keys.length; index++) this.#places.set(keys[index]!, places[index]);
  }

  /** The places of the keys: `lookUp` is asked for those that are not known. */
  async complete(
    keys: readonly string[],
    lookUp: (keys: string[]) => Promise<(Place | undefined)[]>,
  ): Promise<(Place | undefined)[]> {
    const places = new Array<Place | undefined>(keys.length);
    const unknown: number[] = [];
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      const place = this.#places.get(key);
      if (place !== undefined) places[index] = place;
      else if (!this.#places.has(key)) unknown.push(index);
    }
    const found = await lookUp(unknown.map((index) => keys[index]!));
    for (const [place, index] of unknown.entries()) places[index] = found[place];
    return places;
  }

  /** The keys were written, or their values moved. To be called when that is done: a read may have come in between. */
  forget(keys: Iterable<string>): void {
    this.#generation++;
    for (const key of keys) this.#places.delete(key);
  }
}

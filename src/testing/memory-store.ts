import { ParleyError } from '../errors.ts';
import { compareKeys } from '../state/key-order.ts';
import type { Changes, Checkpoint, Restoration, StateStore } from '../state/store.ts';
import { fenced, type Life, pause, writeSlowly } from './life.ts';

/** What a task's store has on its "disk": it outlives the owners that write it. */
export class StoreDisk {
  readonly task: string;
  readonly values = new Map<string, string>();
  checkpoint: string | undefined;
  owner = 0;

  constructor(task: string) {
    this.task = task;
  }
}

/** A store in memory: texts only, each write whole or not at all, and none by an owner that was replaced. */
export class MemoryStore implements StateStore {
  readonly #disk: StoreDisk;
  readonly #life: Life;
  readonly #random: () => number;
  #owner: number;

  constructor(disk: StoreDisk, life: Life, random: () => number = () => 0) {
    this.#disk = disk;
    this.#life = life;
    this.#random = random;
    this.#owner = ++disk.owner;
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    this.#check();
    const { checkpoint } = this.#disk;
    return checkpoint === undefined ? undefined : (JSON.parse(checkpoint) as Checkpoint);
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    await pause(this.#random);
    this.#check();
    return keys.map((key) => this.#disk.values.get(key));
  }

  async write(changes: Changes, checkpoint: Checkpoint): Promise<void> {
    const text = JSON.stringify(checkpoint);
    const texts = [...changes];
    await writeSlowly(this.#random, this.#life, () => {
      this.#check();
      const disk = this.#disk;
      const reached = disk.checkpoint === undefined ? 0 : (JSON.parse(disk.checkpoint) as Checkpoint).plan;
      const wrong = texts.find(([key]) => key < '\u0001');
      if (checkpoint.plan < reached || wrong !== undefined) {
        throw new ParleyError('PARLEY_INTERNAL', 'Not a checkpoint that can follow', {
          expected: `plan ${reached} or a later one, and keys of state`,
          received: `plan ${checkpoint.plan}${wrong === undefined ? '' : `, key ${JSON.stringify(wrong[0])}`}`,
          where: disk.task,
        });
      }
      for (const [key, value] of texts) {
        if (value === undefined) disk.values.delete(key);
        else disk.values.set(key, value);
      }
      disk.checkpoint = text;
    });
  }

  async restore({ isWhole, changes, checkpoint }: Restoration): Promise<void> {
    this.#check();
    const disk = this.#disk;
    if (!isWhole && disk.checkpoint === undefined) {
      throw new ParleyError('PARLEY_INTERNAL', 'Only a store with a checkpoint can be restored in part', {
        where: disk.task,
      });
    }
    disk.checkpoint = undefined;
    if (isWhole) disk.values.clear();
    for await (const portion of changes) {
      await writeSlowly(this.#random, this.#life, () => {
        this.#check();
        for (const [key, value] of portion) {
          if (value === undefined) disk.values.delete(key);
          else disk.values.set(key, value);
        }
      });
    }
    disk.checkpoint = JSON.stringify(checkpoint());
  }

  async scan(after: string, limit: number, until?: string): Promise<[key: string, value: string][]> {
    this.#check();
    return [...this.#disk.values]
      .filter(([key]) => compareKeys(key, after) > 0 && (until === undefined || compareKeys(key, until) <= 0))
      .sort(([left], [right]) => compareKeys(left, right))
      .slice(0, limit);
  }

  async close(): Promise<void> {
    this.#owner = 0;
  }

  #check(): void {
    this.#life.check();
    if (this.#owner === 0) {
      throw new ParleyError('PARLEY_INTERNAL', 'The store is closed', { where: this.#disk.task });
    }
    if (this.#owner !== this.#disk.owner) throw fenced(this.#disk.task);
  }
}

import { recover } from '../../../src/runtime/recovery.ts';
import type { Journal } from '../../../src/state/journal.ts';
import type { StateStore } from '../../../src/state/store.ts';
import { changesBetween, forwardsOf, planAt } from './model.ts';

/** Takes plans as a task does: commits with the next plan, checkpoints (journal first) while plans go on. */
export class MadeUpTask {
  readonly #journal: Journal;
  readonly #store: StateStore;
  committed = 0;
  #planned = 0;
  #checkpointed = 0;
  #writing: Promise<void> | undefined;
  /** Called between the journal's write and the store's, step 6. */
  onJournalled: () => Promise<void> = async () => undefined;

  constructor(journal: Journal, store: StateStore) {
    this.#journal = journal;
    this.#store = store;
  }

  async open(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    const state = await this.#journal.fence(this.#store);
    const recovery = recover('made-up', state, await this.#store.checkpoint());
    this.#checkpointed = recovery.checkpoint?.plan ?? 0;
    this.committed = state.committed;
    this.#planned = recovery.pending?.number ?? state.committed;
  }

  async step(): Promise<void> {
    if (this.#planned === this.committed) {
      await this.#journal.append({ plan: planAt(this.#planned + 1) });
      this.#planned++;
      return;
    }
    const commit = this.#planned;
    await this.#journal.append({ commit, forwards: forwardsOf(commit), plan: planAt(commit + 1) });
    this.committed = commit;
    this.#planned++;
  }

  /** Not awaited by steps, as in a task. */
  checkpoint(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async run(count: number, checkpointEvery: number): Promise<void> {
    for (let step = 0; step < count; step++) {
      await this.step();
      if (this.committed % checkpointEvery === 0) this.checkpoint().catch(() => undefined);
    }
    await this.#writing;
  }

  async #write(): Promise<void> {
    const checkpoint = { plan: this.committed, positions: { s: { topic: 't', offset: this.committed * 10 } } };
    const changes = changesBetween(this.#checkpointed, checkpoint.plan);
    await this.#journal.checkpoint(checkpoint, changes);
    await this.onJournalled();
    await this.#store.write(changes, this.#journal.stamp!(checkpoint));
    this.#checkpointed = checkpoint.plan;
  }
}

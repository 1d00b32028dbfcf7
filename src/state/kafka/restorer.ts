import type { Change, Checkpoint, Restoration, StateStore } from '../store.ts';

/**
 * Hands changes that are pushed to a store that pulls them. One portion is on its way at a time, so memory holds that
 * one, the one being written and the one being fetched.
 *
 *     begin ──push*──▶ end          a store that fails makes the next push fail
 */
export class Restorer {
  readonly #done: Promise<void>;
  #offered: readonly Change[] | undefined;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #checkpoint: Checkpoint | undefined;
  #wakeStore: () => void = () => undefined;
  #wakePusher: () => void = () => undefined;

  constructor(store: StateStore, isWhole: boolean) {
    const restoration: Restoration = {
      isWhole,
      changes: this.#portions(),
      checkpoint: () => this.#checkpoint!,
    };
    this.#done = store.restore(restoration).catch((error: unknown) => {
      this.#failure = { error };
      this.#wakePusher();
    });
  }

  async push(portion: readonly Change[]): Promise<void> {
    while (this.#offered !== undefined && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wakePusher = resolve;
      });
    }
    this.#throwFailure();
    this.#offered = portion;
    this.#wakeStore();
  }

  /** All portions are there: what the store has with them. */
  async end(checkpoint: Checkpoint): Promise<void> {
    this.#checkpoint = checkpoint;
    this.#isEnded = true;
    this.#wakeStore();
    await this.#done;
    this.#throwFailure();
  }

  /** Reading failed: the store is left without a checkpoint. */
  async cancel(error: unknown): Promise<void> {
    this.#failure ??= { error };
    this.#wakeStore();
    await this.#done;
  }

  async *#portions(): AsyncGenerator<readonly Change[]> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const portion = this.#offered;
      if (portion !== undefined) {
        this.#offered = undefined;
        this.#wakePusher();
        yield portion;
      } else if (this.#isEnded) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wakeStore = resolve;
        });
      }
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

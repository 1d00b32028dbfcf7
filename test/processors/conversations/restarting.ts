import { conversationsDomain } from '../../../src/processors/conversations/domain.ts';
import type { ConversationsOptions } from '../../../src/processors/conversations/options.ts';
import type { Context, StateSpace } from '../../../src/runtime/domain.ts';
import { MemoryWarehouse } from '../../../src/testing/index.ts';
import type { Sent } from './events.ts';

/** The stage `conversation` alone, with conversation c1 read from its stored form before each batch and stored after. */
export class Restarting {
  readonly warehouse = new MemoryWarehouse();
  #text: string | undefined;
  #batch = 0;

  /** `text`: its stored form, when it has one. */
  constructor(text?: string) {
    this.#text = text;
  }

  /** One batch for conversation c1 under these options, its state read before and stored after; or its expiry. */
  run(options: Partial<ConversationsOptions>, events: readonly Sent[], idleMs?: number): void {
    const stage = conversationsDomain(options).stages[0]!;
    const space = stage.spaces[0]! as StateSpace<unknown>;
    let state = this.#text === undefined ? undefined : space.decode(this.#text, 1, 'c1');
    const context = {
      now: 0,
      get: (wanted: object) => (wanted === space ? state : undefined),
      put: (wanted: object, _: string, next: unknown) => {
        if (wanted === space) state = next;
      },
      emit: (table: { name: string }, sign: number, row: Record<string, unknown>) => {
        this.#batch++;
        const rows = { table, rows: [row], signs: [sign] } as unknown as Parameters<MemoryWarehouse['insert']>[2];
        this.warehouse.insert(String(this.#batch), this.#batch, rows);
      },
      forward: () => undefined,
      count: () => undefined,
      reject: () => undefined,
    } as unknown as Context;
    for (const { topic, value } of events) {
      const time = Date.parse(String(value.message_timestamp ?? value.changed_at));
      stage.processor.process({ topic, key: 'c1', time, value }, context);
    }
    if (idleMs !== undefined) state = space.expire!('c1', state, idleMs);
    else space.settle!('c1', state, context);
    this.#text = space.encode(state);
  }

  get sessions(): unknown[][] {
    return this.warehouse
      .rows('landing_sessions')
      .map((row) => [row.started_at, row.ended_at, row.message_count])
      .sort(([left], [right]) => Number(left) - Number(right));
  }

  /** What is over from an aggregate: rows without those that were taken back. */
  get messages(): number {
    return this.warehouse.signedRows('landing_messages').reduce((sum, { sign }) => sum + sign, 0);
  }
}

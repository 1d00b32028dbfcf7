import { expect, test } from 'vitest';
import { conversationsDomain } from '../../../src/processors/conversations/domain.ts';
import type { ConversationsOptions } from '../../../src/processors/conversations/options.ts';
import type { Context, StateSpace } from '../../../src/runtime/domain.ts';
import { MemoryWarehouse } from '../../../src/testing/index.ts';
import { message, ms, type Sent } from './events.ts';

/**
 * Options changed over existing state. The cause of the defect: kept messages were derived again by the new gap, so that
 * rows were taken back that had never been written.
 */
class Restarting {
  readonly warehouse = new MemoryWarehouse();
  #text: string | undefined;
  #batch = 0;

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
      const time = Date.parse(String(value.message_timestamp));
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

const day = ['09:00', '09:20', '10:05', '10:15', '12:00'];
const hour = { sessionGapMinutes: 60 };
const quarter = { sessionGapMinutes: 15 };

test('a longer gap joins the kept sessions with the next message, whatever its time', () => {
  for (const next of ['12:50', '09:40']) {
    const run = new Restarting();
    for (const clock of day) run.run({}, [message(clock, 'in')]);
    expect(run.sessions).toHaveLength(3);
    run.run(hour, [message(next, 'out')]);
    const [last, count] = next === '12:50' ? [next, 2] : ['12:00', 1];
    expect(run.sessions).toEqual([
      [ms('09:00'), ms('10:15'), 6 - count],
      [ms('12:00'), ms(last), count],
    ]);
    expect(run.messages).toBe(6);
  }
});

test('a shorter gap parts them, and back', () => {
  const run = new Restarting();
  run.run(
    {},
    day.map((clock) => message(clock, 'in')),
  );
  run.run(quarter, [message('12:10', 'out')]);
  expect(run.sessions.map(([start]) => start)).toEqual(['09:00', '09:20', '10:05', '12:00'].map(ms));
  run.run({}, [message('12:11', 'out')]);
  expect(run.sessions.map(([start]) => start)).toEqual(['09:00', '10:05', '12:00'].map(ms));
  expect(run.messages).toBe(7);
});

test('what is not kept any more stays as it was written', () => {
  const run = new Restarting();
  run.run(
    {},
    day.map((clock) => message(clock, 'in')),
  );
  run.run(hour, [], 9 * 86_400_000);
  run.run(hour, [message('12:45', 'out')]);
  expect(run.sessions).toEqual([
    [ms('09:00'), ms('09:20'), 2],
    [ms('10:05'), ms('10:15'), 2],
    [ms('12:00'), ms('12:45'), 2],
  ]);
  expect(run.messages).toBe(6);
});

test('after 400 idle days a conversation starts anew: no gap, and ids that came before are not known', () => {
  const run = new Restarting();
  const first = message('1 09:00', 'in');
  run.run({}, [first, message('1 09:20', 'out')]);
  run.run({}, [], 400 * 86_400_000);
  run.run({}, [message('3 09:00', 'in'), first]);
  const rows = run.warehouse.rows('landing_messages').filter((row) => row.message_timestamp === ms('3 09:00'));
  expect(rows).toMatchObject([{ previous_message_timestamp: null, is_too_late: false }]);
  expect(run.messages).toBe(4);
});

test('another lateness and another bound take nothing back', () => {
  const run = new Restarting();
  run.run(
    {},
    day.map((clock) => message(clock, 'in')),
  );
  run.run({ allowedLatenessHours: 1, keptMessagesMax: 2 }, [message('12:30', 'out'), message('12:10', 'in')]);
  run.run({ allowedLatenessHours: 48, keptMessagesMax: 1000 }, [message('12:20', 'out'), message('09:10', 'in')]);
  expect(run.sessions.at(-1)).toEqual([ms('12:00'), ms('12:30'), 4]);
  expect(run.messages).toBe(9);
  expect(run.warehouse.rows('landing_messages').filter((row) => row.is_too_late)).toHaveLength(1);
});

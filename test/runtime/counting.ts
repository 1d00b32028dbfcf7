import { z } from 'zod';
import type { Domain, LandingTable, StateSpace, StreamEvent } from '../../src/runtime/domain.ts';

/** The smallest domain with everything that the engine has to carry: two stages, state, corrections, forwards, expiry. */
export const landingCounts = {
  database: 'counting',
  name: 'landing_counts',
  columns: { key: 'String', count: 'UInt32', last_batch_at: "DateTime64(3, 'UTC')" },
} as const satisfies LandingTable;

export const landingTotals = {
  database: 'counting',
  name: 'landing_totals',
  columns: { key: 'String', total: 'UInt32' },
} as const satisfies LandingTable;

interface Count {
  count: number;
  written: number;
  at: number;
  writtenAt: number;
}

export const countSpace: StateSpace<Count> = {
  prefix: 'c',
  name: 'count',
  version: 1,
  encode: ({ count, at }) => JSON.stringify([count, at]),
  decode(text) {
    const [count, at] = JSON.parse(text) as [number, number];
    return { count, written: count, at, writtenAt: at };
  },
  settle(key, state, context) {
    if (state.written > 0) {
      context.emit(landingCounts, -1, { key, count: state.written, last_batch_at: state.writtenAt });
    }
    context.emit(landingCounts, 1, { key, count: state.count, last_batch_at: state.at });
    context.forward('counting.counted', 'all', 0, { by: state.count - state.written });
    state.written = state.count;
    state.writtenAt = state.at;
  },
  expire: (_key, state, idleMs) => (idleMs >= 10 * 86_400_000 ? undefined : state),
};

interface Total {
  total: number;
  written: number;
}

export const totalSpace: StateSpace<Total> = {
  prefix: 't',
  name: 'total',
  version: 1,
  encode: ({ total }) => String(total),
  decode: (text) => ({ total: Number(text), written: Number(text) }),
  settle(key, state, context) {
    if (state.written > 0) context.emit(landingTotals, -1, { key, total: state.written });
    context.emit(landingTotals, 1, { key, total: state.total });
    state.written = state.total;
  },
};

export function countingDomain(): Domain {
  return {
    name: 'counting',
    topics: [
      {
        name: 'counting.events',
        description: '',
        key: 'key',
        time: 'at',
        schema: z.object({ key: z.string(), at: z.string(), fail: z.boolean().optional() }),
      },
    ],
    stages: [
      {
        name: 'count',
        topics: ['counting.events'],
        spaces: [countSpace as StateSpace<unknown>],
        processor: {
          reads: (event, read) => read(countSpace, event.key),
          process(event, context) {
            if ((event as StreamEvent<{ fail?: boolean }>).value.fail) {
              context.reject('CHANGE_TOO_LATE', 'asked to');
              return;
            }
            const state = context.get(countSpace, event.key) ?? { count: 0, written: 0, at: 0, writtenAt: 0 };
            state.count++;
            state.at = context.now;
            context.put(countSpace, event.key, state);
          },
        },
      },
      {
        name: 'total',
        topics: ['counting.counted'],
        spaces: [totalSpace as StateSpace<unknown>],
        processor: {
          reads: (event, read) => read(totalSpace, event.key),
          process(event, context) {
            const state = context.get(totalSpace, event.key) ?? { total: 0, written: 0 };
            state.total += (event.value as { by: number }).by;
            context.put(totalSpace, event.key, state);
          },
        },
      },
    ],
    tables: [landingCounts, landingTotals],
  };
}

export function event(key: string, more: object = {}): object {
  return { key, at: '2025-12-31T23:00:00Z', ...more };
}

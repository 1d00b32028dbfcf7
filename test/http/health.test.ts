import { expect, test } from 'vitest';
import { joinReadiness, readinessOf } from '../../src/http/health.ts';
import type { TaskStatus } from '../../src/runtime/group/keeper.ts';

const now = 1_000_000;
const open: TaskStatus = {
  id: { stage: 'conversations.clinic', partition: 3 },
  state: 'open',
  waitingSince: undefined,
  isDelivering: true,
};
const well = { isMember: true, tasks: [open], warehouseFailure: undefined, now };

test('ready is: in the group, every task open, ClickHouse there, no batch stuck', () => {
  expect(readinessOf(well)).toEqual({ isReady: true, reasons: [] });
  // More members than tasks: nothing to do is ready, too. A task on its way out is no reason to wait.
  expect(readinessOf({ ...well, tasks: [] }).isReady).toBe(true);
  expect(readinessOf({ ...well, tasks: [{ ...open, state: 'closing' }] }).isReady).toBe(true);
  expect(readinessOf({ ...well, tasks: [{ ...open, waitingSince: now - 59_000 }] }).isReady).toBe(true);
});

test.each([
  [{ isMember: false }, 'not in the group yet'],
  [{ warehouseFailure: 'refused' }, 'ClickHouse does not answer: refused'],
  [{ tasks: [{ ...open, state: 'restoring' as const }] }, 'conversations.clinic/3 is restoring'],
  [
    { tasks: [{ ...open, state: 'waiting' as const, failure: 'PARLEY_DISK_FULL: full' }] },
    'conversations.clinic/3 waits to be opened again (PARLEY_DISK_FULL: full)',
  ],
  [
    { tasks: [{ ...open, waitingSince: now - 61_000 }] },
    'conversations.clinic/3 has a batch that ClickHouse has not taken for 61 s',
  ],
])('%j is not ready, and says why', (more, reason) => {
  expect(readinessOf({ ...well, ...more })).toEqual({ isReady: false, reasons: [reason] });
});

test('several processes are ready when all are', () => {
  const ready = { isReady: true, reasons: [] };
  expect(joinReadiness(new Map([['worker 1', ready]]))).toEqual(ready);
  const parts = new Map([
    ['worker 1', ready],
    ['worker 2', { isReady: false, reasons: ['not in the group yet'] }],
    ['worker 3', undefined],
  ]);
  expect(joinReadiness(parts)).toEqual({
    isReady: false,
    reasons: ['worker 2: not in the group yet', 'worker 3 does not answer'],
  });
});

import { ClickHouseError } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { failureOf } from '../../../src/warehouse/failure.ts';

/** The server's words when a shard was killed in the middle of an insert through a Distributed table (26.7.2). */
const lostShard =
  'Attempt to read after eof: while receiving packet from 127.0.0.1:37615, local address: 127.0.0.1:58364: Insertion status:\nWrote 1 blocks and 8 rows on shard 1 replica 0';

test.each([
  [lostShard, 'busy', 'PARLEY_WAREHOUSE_BUSY'],
  // A stream of ours that is too short would be so every time.
  ['Attempt to read after eof', 'refused', 'PARLEY_WAREHOUSE_REFUSED'],
])('%s', (message, kind, code) => {
  const error = new ClickHouseError({ code: '32', type: 'ATTEMPT_TO_READ_AFTER_EOF', message });
  expect(failureOf(error)).toMatchObject({ kind, error: { code } });
});

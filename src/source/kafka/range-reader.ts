import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../runtime/log.ts';
import { protocolCodes, protocolError } from './broker-access.ts';
import { type Patience, patiently } from './failure.ts';
import { fetchFrom } from './fetch.ts';
import { inputGone } from './gone.ts';
import type { Cluster } from './internals.ts';
import { listOffsets } from './offsets.ts';
import { committedBatches } from './record-batch.ts';
import { RecordQueue } from './record-queue.ts';
import type { Shard } from './shard.ts';

export interface RangeReaderOptions {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const bytesMax = 4 * 1024 * 1024;
/** A new leader may know less than the one before for a moment; a log that stays too short has lost records. */
const shortMaxMs = 10_000;

/**
 * Everything of `[from, to)` that is committed, read without the group. Fails with PARLEY_INPUT_GONE when the beginning
 * or the end of it is not there.
 */
export async function readRange(
  options: RangeReaderOptions,
  shard: Shard,
  from: number,
  to: number,
): Promise<RecordQueue> {
  const where = `topic ${shard.kafkaTopic}, partition ${shard.partition}`;
  const patience: Patience = { ...options, where };
  const queue = new RecordQueue(from, where);
  let progressAt = performance.now();
  for (let empties = 0; queue.end < to; ) {
    const fetched = await patiently(patience, () => fetchOnce(options.cluster, shard, queue.end, where));
    const { batches, nextOffset } = await committedBatches(fetched.log, fetched.aborted, queue.end, where);
    if (nextOffset > queue.end) {
      progressAt = performance.now();
      empties = 0;
      queue.push(batches, nextOffset);
    } else if (fetched.end < to) {
      // Undecided or lost. What was journalled had been decided.
      if (performance.now() - progressAt > shortMaxMs) throw inputGone(where, to, fetched.beginning, fetched.end);
      await sleep(100);
    } else if (++empties === 3) {
      // Compaction left nothing up to the end.
      queue.push([], to);
    }
  }
  return queue;
}

async function fetchOnce(cluster: Cluster, shard: Shard, offset: number, where: string) {
  const { kafkaTopic, partition } = shard;
  const known = cluster.findTopicPartitionMetadata(kafkaTopic).find(({ partitionId }) => partitionId === partition);
  if (known === undefined || known.leader === null || known.leader < 0)
    throw protocolError(protocolCodes.leaderNotAvailable);
  const limits = { waitMs: 100, bytesMax };
  const [answer] = await fetchFrom(cluster, known.leader, [{ kafkaTopic, partition, offset, bytesMax }], limits);
  if (answer === undefined) throw protocolError(protocolCodes.leaderNotAvailable);
  if (answer.errorCode === protocolCodes.offsetOutOfRange) {
    const { beginning, end } = await listOffsets(cluster, shard);
    if (offset < beginning || offset > end) throw inputGone(where, offset, beginning, end);
  }
  if (answer.errorCode !== 0) throw protocolError(answer.errorCode);
  return answer;
}

import { protocolError } from './broker-access.ts';
import { type Cluster, fetchRequest, type ProtocolRequest } from './internals.ts';
import { type AbortedTransaction, int64 } from './record-batch.ts';

/** A partition to fetch, and from where. */
export interface FetchTarget {
  readonly kafkaTopic: string;
  readonly partition: number;
  readonly offset: number;
  /** At most; the first batch of a response comes whole. */
  readonly bytesMax: number;
}

export interface FetchLimits {
  /** How long the broker may wait for `bytesMin`. */
  readonly waitMs: number;
  /** Less than that is not worth an answer yet; default 1. */
  readonly bytesMin?: number;
  readonly bytesMax: number;
}

/** What the broker had for one partition. */
export interface FetchedPartition {
  readonly kafkaTopic: string;
  readonly partition: number;
  /** Of Kafka's protocol; 0 when all is well. */
  readonly errorCode: number;
  /** After the last record that all replicas in sync have, decided or not. -1 with an error. */
  readonly highWatermark: number;
  /** The first offset that is not yet readable as committed (the "last stable offset"). -1 with an error. */
  readonly end: number;
  /** The first offset that is still there. -1 with an error. */
  readonly beginning: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, a view of the response. */
  readonly log: Buffer;
}

/** One Fetch request to the broker that leads all of `targets`. Rejects with what kafkajs says of connections. */
export async function fetchFrom(
  cluster: Cluster,
  leader: number,
  targets: readonly FetchTarget[],
  limits: FetchLimits,
): Promise<readonly FetchedPartition[]> {
  const broker = await cluster.findBroker({ nodeId: leader });
  const request = fetchRequest({
    maxWaitTime: limits.waitMs,
    minBytes: limits.bytesMin ?? 1,
    maxBytes: limits.bytesMax,
    // One entry per partition: the broker fills a response in this order, which the caller changes from time to time.
    topics: targets.map(({ kafkaTopic, partition, offset, bytesMax }) => ({
      topic: kafkaTopic,
      partitions: [{ partition, fetchOffset: String(offset), maxBytes: bytesMax }],
    })),
  });
  try {
    return await broker.connectionPool.send({ request, response, logResponseError: false });
  } catch (error) {
    // As kafkajs does by itself for requests of its own: the next one connects anew.
    if ((error as Error).name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

interface FetchResponse {
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

const response: ProtocolRequest<readonly FetchedPartition[]>['response'] = {
  decode: async (payload) => readResponse(payload),
  parse: async (decoded) => {
    const { errorCode, partitions } = decoded as FetchResponse;
    if (errorCode !== 0) throw protocolError(errorCode);
    return partitions;
  },
};

/** throttle int32, error int16, session int32, topics [name, partitions [..., records]] */
function readResponse(payload: Buffer): FetchResponse {
  const partitions: FetchedPartition[] = [];
  let at = 10;
  let topics = payload.readInt32BE(at);
  at += 4;
  for (; topics > 0; topics--) {
    const nameEnd = at + 2 + payload.readInt16BE(at);
    const kafkaTopic = payload.toString('utf8', at + 2, nameEnd);
    let count = payload.readInt32BE(nameEnd);
    at = nameEnd + 4;
    for (; count > 0; count--) {
      const partition = payload.readInt32BE(at);
      const errorCode = payload.readInt16BE(at + 4);
      const highWatermark = int64(payload, at + 6);
      const end = int64(payload, at + 14);
      const beginning = int64(payload, at + 22);
      const aborted: AbortedTransaction[] = [];
      let left = payload.readInt32BE(at + 30);
      at += 34;
      for (; left > 0; left--, at += 16) {
        aborted.push({ producerId: int64(payload, at), firstOffset: int64(payload, at + 8) });
      }
      at += 4; // The replica that the broker would rather be asked.
      const logBytes = Math.max(0, payload.readInt32BE(at));
      const log = payload.subarray(at + 4, at + 4 + logBytes);
      at += 4 + logBytes;
      partitions.push({ kafkaTopic, partition, errorCode, highWatermark, end, beginning, aborted, log });
    }
  }
  return { clientSideThrottleTime: payload.readInt32BE(0), errorCode: payload.readInt16BE(4), partitions };
}

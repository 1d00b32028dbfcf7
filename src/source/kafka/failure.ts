import { setTimeout as sleep } from 'node:timers/promises';
import { chainOf, messageOf, ParleyError } from '../../errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Cluster } from './broker-access.ts';

/** What kafkajs throws, as far as it is looked at. */
interface KafkaFault {
  readonly name?: string;
  readonly type?: string;
  readonly host?: string;
  readonly port?: number;
}

const refusals = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'GROUP_MAX_SIZE_REACHED',
  'UNSUPPORTED_VERSION',
]);

/** PARLEY_KAFKA_REFUSED for what the brokers will refuse again; undefined for what may pass. */
export function refusal(error: unknown, where: string): ParleyError | undefined {
  for (const at of chainOf(error) as Iterable<KafkaFault>) {
    const isRefused = (at.type !== undefined && refusals.has(at.type)) || at.name === 'KafkaJSSASLAuthenticationError';
    if (!isRefused) continue;
    return new ParleyError('PARLEY_KAFKA_REFUSED', 'Kafka refuses this client', {
      received: messageOf(at),
      where,
      cause: error,
    });
  }
  return undefined;
}

/** An error of kafkajs, with a code: PARLEY_KAFKA_REFUSED or PARLEY_KAFKA_UNREACHABLE. One of ours stays as it is. */
export function kafkaError(error: unknown, where: string): ParleyError {
  if (error instanceof ParleyError) return error;
  const refused = refusal(error, where);
  if (refused !== undefined) return refused;
  const received = messageOf(error);
  return new ParleyError('PARLEY_KAFKA_UNREACHABLE', 'Kafka does not answer', { received, where, cause: error });
}

/** All tasks of a process fail together, and one answer does for all. */
const refreshing = new WeakMap<Cluster, Promise<void>>();

/** Forgets a connection that was closed, and learns anew who leads what. Fails while no broker can be reached. */
export function refresh(cluster: Cluster, error?: unknown): Promise<void> {
  const { name, host, port } = (error ?? {}) as KafkaFault;
  if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined) {
    cluster.removeBroker({ host, port });
  }
  const known = refreshing.get(cluster);
  if (known !== undefined) return known;
  const asked = learn(cluster).finally(() => refreshing.delete(cluster));
  refreshing.set(cluster, asked);
  return asked;
}

async function learn(cluster: Cluster): Promise<void> {
  await cluster.connect();
  await cluster.refreshMetadata();
}

/** Before the next try after `failures` of them: 100 ms, doubled up to 3 s. Rejects when the signal is aborted. */
export function backOff(failures: number, signal: AbortSignal): Promise<void> {
  return sleep(Math.min(100 * 2 ** Math.min(failures - 1, 5), 3_000), undefined, { signal });
}

export interface Patience {
  readonly cluster: Cluster;
  readonly where: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds that brokers may be away. Default two minutes: a broker that restarts checks its log first. */
  readonly patienceMs?: number;
}

/**
 * Repeats what only failed for brokers that were away or changed places. Fails with PARLEY_KAFKA_REFUSED,
 * PARLEY_KAFKA_UNREACHABLE when patience ends, or with the first error of ours.
 */
export async function patiently<Result>(patience: Patience, attempt: () => Promise<Result>): Promise<Result> {
  const { cluster, where, log, signal, patienceMs = 120_000 } = patience;
  const until = performance.now() + patienceMs;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const coded = kafkaError(error, where);
      if (coded.code !== 'PARLEY_KAFKA_UNREACHABLE' || performance.now() > until || signal.aborted) throw coded;
      if (failures === 1) log.info({ where, error: messageOf(error) }, 'Kafka does not answer; trying again');
      await backOff(failures, signal).catch(() => undefined);
      if (signal.aborted) throw coded;
      await refresh(cluster, error).catch(() => undefined);
    }
  }
}

import { ParleyError } from '../errors.ts';
import { forwardPartitionsOf, inputsOf, partitionsOf, stageTopicsOf } from '../runtime/group/stage-topics.ts';
import type { Log } from '../runtime/log.ts';
import type { StageTopics } from '../source/kafka/shard.ts';
import { checkTopology } from '../source/kafka/topology.ts';
import { ensureTopics } from '../state/kafka/topics.ts';
import { pendingMigrations } from '../warehouse/migrations.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type Kafka, withAdmin } from './brokers.ts';
import { patiently } from './patience.ts';
import type { Session } from './session.ts';

/** The topics of a group, as they are. */
export interface Topology {
  readonly stages: readonly StageTopics[];
  /** Partitions of each stage. */
  readonly partitions: ReadonlyMap<string, number>;
  /** Partitions of each internal topic, by its name in the domain. */
  readonly forwardPartitions: Readonly<Record<string, number>>;
}

export function stageTopics({ configuration, domains }: Session): StageTopics[] {
  return stageTopicsOf(domains, configuration.app, configuration.kafka.topicPrefix);
}

/** Waits for the input topics, and makes the journals and internal topics that are missing. Undefined: stopped. */
export async function prepareTopics(
  session: Session,
  kafka: Kafka,
  patience: { signal: AbortSignal; log: Log },
): Promise<Topology | undefined> {
  const { app, kafka: settings } = session.configuration;
  const stages = stageTopics(session);
  return patiently(
    () =>
      withAdmin(kafka, async (admin) => {
        const partitions = partitionsOf(await checkTopology(admin, inputsOf(stages)));
        const forwardPartitions = forwardPartitionsOf(stages, partitions);
        const made = await ensureTopics(admin, {
          app,
          stages: [...partitions].map(([name, count]) => ({ name, partitions: count })),
          forwards: Object.entries(forwardPartitions).map(([topic, count]) => ({ topic, partitions: count })),
          replicationFactor: settings.replicationFactor,
        });
        if (made.length > 0) patience.log.info({ topics: made }, `${made.length} topics were made`);
        return { stages, partitions, forwardPartitions };
      }),
    patience,
  );
}

/** The warehouse that all members share: there, checked and up to date. Waits for it; undefined: stopped. */
export async function openSharedWarehouse(
  session: Session,
  patience: { signal: AbortSignal; log: Log },
): Promise<Warehouse | undefined> {
  if (session.configuration.clickhouse.url === undefined) {
    throw new ParleyError('PARLEY_CONFIGURATION', 'The ClickHouse server that all members share is not named', {
      expected: 'clickhouse.url in parley.yaml, or PARLEY_CLICKHOUSE_URL',
      received: 'neither',
      where: 'clickhouse.url',
    });
  }
  return patiently(async () => {
    const warehouse = await session.openWarehouse('.', { isMigrating: false });
    try {
      const pending = await pendingMigrations(warehouse.client, session.migrateOptions);
      if (pending.length === 0) return warehouse;
      throw new ParleyError('PARLEY_MIGRATION_NEEDED', 'The warehouse is older than this program', {
        expected: 'no migrations that wait',
        received: pending.map(({ domain, name }) => `${domain}/${name}`).join(', '),
        where: warehouse.url,
      });
    } catch (error) {
      await warehouse.close();
      throw error;
    }
  }, patience);
}

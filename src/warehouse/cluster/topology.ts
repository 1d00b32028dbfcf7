import { ParleyError } from '../../errors.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';

/** A cluster as ClickHouse's configuration has it. */
export interface Topology {
  readonly cluster: string;
  /** In their order, which is that of the slots that the sharding key falls into. */
  readonly shards: readonly Shard[];
}

export interface Shard {
  readonly weight: number;
  readonly replicas: number;
  /** Whether an insert goes to one replica, which the others copy: what Replicated tables need. */
  readonly isInternallyReplicated: boolean;
}

interface ReplicaRow {
  readonly shard_num: number;
  readonly shard_weight: number;
  /** Older servers do not say. */
  readonly internal_replication?: number;
}

interface MacroRow {
  readonly shard: string;
  readonly replica: string;
}

/** Fails with PARLEY_CLUSTER_UNFIT when the server knows no cluster of this name. */
export async function readTopology(client: ClickHouseClient, cluster: string): Promise<Topology> {
  const replicas = await queryRows<ReplicaRow>(
    client,
    'SELECT * FROM system.clusters WHERE cluster = {cluster:String} ORDER BY shard_num',
    { cluster },
  );
  if (replicas.length === 0) {
    const known = await queryRows<{ cluster: string }>(
      client,
      'SELECT DISTINCT cluster FROM system.clusters ORDER BY 1',
    );
    throw new ParleyError('PARLEY_CLUSTER_UNFIT', `The server knows no cluster \`${cluster}\``, {
      expected: `one of: ${known.map((row) => row.cluster).join(', ') || '(none is configured)'}`,
      received: cluster,
      where: 'system.clusters',
    });
  }
  const shards = new Map<number, Shard>();
  for (const row of replicas) {
    const before = shards.get(row.shard_num);
    shards.set(row.shard_num, {
      weight: row.shard_weight,
      replicas: (before?.replicas ?? 0) + 1,
      isInternallyReplicated: row.internal_replication !== 0,
    });
  }
  return { cluster, shards: [...shards.values()] };
}

/**
 * What decides which rows lie on which shard, as a text to be kept: were it to change, a correction would go to
 * another shard than the row that it replaces, and a repeated insert would be cut otherwise than before.
 */
export function shardingOf({ shards }: Topology): string {
  return `shards with weights ${shards.map(({ weight }) => weight).join(', ')}`;
}

/**
 * Asks every server of the cluster for its macros. Fails with PARLEY_CLUSTER_UNFIT when two would share a path in Keeper
 * that should not, or would not where they should.
 */
export async function checkTopology(client: ClickHouseClient, { cluster, shards }: Topology): Promise<void> {
  const unfit = (message: string, expected: string, received: string) =>
    new ParleyError('PARLEY_CLUSTER_UNFIT', message, { expected, received, where: `cluster ${cluster}` });
  if (!shards.every(({ isInternallyReplicated }) => isInternallyReplicated)) {
    const message = 'ClickHouse would send an insert to every replica by itself';
    throw unfit(message, '<internal_replication>true</internal_replication> in every shard', 'false');
  }
  const macros = await queryRows<MacroRow>(
    client,
    `SELECT anyIf(substitution, macro = 'shard') AS shard, anyIf(substitution, macro = 'replica') AS replica
     FROM clusterAllReplicas('${cluster}', system.macros) GROUP BY hostName(), tcpPort()`,
  );
  const servers = shards.reduce((sum, { replicas }) => sum + replicas, 0);
  const told = macros.map(({ shard, replica }) => `${shard || '(none)'}/${replica || '(none)'}`);
  const isUnique = new Set(told).size === servers && macros.every(({ shard, replica }) => shard && replica);
  const shardNames = new Set(macros.map(({ shard }) => shard)).size;
  if (!isUnique || shardNames !== shards.length) {
    const expected = `macros {shard} and {replica} on each of ${servers} servers, ${shards.length} shards, no pair twice`;
    throw unfit('The macros of the servers do not tell shards and replicas apart', expected, told.sort().join(', '));
  }
}

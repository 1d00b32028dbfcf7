import { liveColumns } from './contract.ts';

/** A partition of a stage, as the process that has it knows it. Undefined: it does not know. */
export interface LivePartition {
  readonly stage: string;
  readonly partition: number;
  readonly topic: string;
  readonly shard: string;
  readonly state: string;
  readonly position?: number | undefined;
  readonly lag?: number | undefined;
  /** Records restored from the journal so far, and to be restored. */
  readonly restored?: { readonly records: number; readonly total: number } | undefined;
  readonly waitingSeconds?: number | undefined;
  readonly failure?: string | undefined;
}

/** Given by a process that does the work: what it knows, asked whenever somebody looks. */
export interface LivePort {
  partitions(): Promise<readonly LivePartition[]>;
}

export interface LiveTable {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** The tables of a port, by `<domain>/<query>`: they stand before the queries of the same names. */
export function liveTables(port: LivePort | undefined): ReadonlyMap<string, () => Promise<LiveTable>> {
  const tables = new Map<string, () => Promise<LiveTable>>();
  if (port !== undefined) tables.set('orchestrator/partitions', async () => tableOf(await port.partitions()));
  return tables;
}

function tableOf(partitions: readonly LivePartition[]): LiveTable {
  const rows = partitions.map((one) => [
    one.stage,
    one.partition,
    one.topic,
    one.shard,
    one.state,
    one.position ?? null,
    one.lag ?? null,
    percentOf(one.restored),
    one.waitingSeconds ?? null,
    one.failure ?? null,
  ]);
  return { columns: liveColumns.partitions, rows };
}

function percentOf(restored: LivePartition['restored']): number | null {
  if (restored === undefined) return null;
  // The total is an estimate, which the records may pass.
  return restored.total <= 0 ? 100 : Math.min(100, Math.round((1000 * restored.records) / restored.total) / 10);
}

import { ParleyError } from '../../errors.ts';
import type { Statement } from '../sql-statements.ts';
import { masked, type Span, shapeOf, type TableShape } from './statement-shape.ts';

/**
 * The cluster form of the migrations: the same objects, under the same names, on every server of a ClickHouse cluster.
 *
 * - A table becomes two: `<table>_local`, Replicated within its shard, which holds the rows, and a Distributed one under
 *   the table's own name, which Parley inserts into and views read.
 * - A landing table is sharded by a hash of its sorting key. Rows that replace each other have the same sorting key, so
 *   they meet on one shard, and FINAL is right there; which rows of an insert go where depends on nothing but the rows,
 *   so a repeated insert is cut as it was before, and each shard knows its part by the token.
 * - A reference table, which operators fill and Parley only reads, is whole on every server. So is a snapshot, which a view
 *   computes again by the clock: each server does, and the newest rows hold.
 * - A view that feeds a table stays within the server: from the local landing table to the local store. What the views
 *   in front of the stores do, adding up, is the same over shards.
 * - A view that is read asks the Distributed tables, and joins with GLOBAL: the right side is gathered once, from all shards.
 *
 * docs/decisions/0008-clickhouse-cluster.md says why.
 */

/** Parts of a replicated table live under this path in Keeper; the server fills in the names in braces. */
const keeperPath = '/clickhouse/tables/{shard}/{database}/{table}';
/** Of a table that every server of the cluster has whole, whatever its shard. */
const keeperPathOfAll = '/clickhouse/tables/all/{database}/{table}';
const localSuffix = '_local';
/** A plan may wait over a long weekend for its next owner; the number of blocks bounds what Keeper holds. */
const windowSeconds = 604_800;

/** Names that need no care in quoting: they stand in SQL, in paths and in configuration files. */
export const clusterName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Fails with PARLEY_USAGE for a name that no cluster can have. */
export function checkClusterName(cluster: string): void {
  if (clusterName.test(cluster)) return;
  throw new ParleyError('PARLEY_USAGE', 'This cannot be the name of a cluster', {
    expected: 'letters, digits, _, - and ., as in <remote_servers> of the ClickHouse configuration',
    received: cluster,
    where: '--cluster',
  });
}

/**
 * A statement of a migration as statements for a cluster. Pure: the same text gives the same.
 *
 * Fails with PARLEY_MIGRATION_SHAPE for a statement that it does not know: `where` is the file and the line.
 */
export function clusterStatements(statement: Statement, cluster: string, file: string): string[] {
  const { text, line } = statement;
  const shape = shapeOf(text);
  switch (shape?.kind) {
    case 'database':
    case 'dictionary':
      return [onCluster(text, shape.nameEnd, cluster)];
    case 'view':
      return [onCluster(globalJoins(text), shape.nameEnd, cluster)];
    case 'materialized view': {
      // From the end, so that the positions before it stay true.
      const renamed = [...shape.names].reverse().reduce((sql, { end }) => insert(sql, end, localSuffix), text);
      return [onCluster(renamed, shape.nameEnd, cluster)];
    }
    case 'columns': {
      const local = insert(onCluster(text, shape.nameEnd, cluster), shape.nameEnd, localSuffix);
      return [...(shape.isOfTable ? [local] : []), onCluster(text, shape.nameEnd, cluster)];
    }
    case 'table':
      if (/^(reference|snapshot)_/.test(shape.table.name)) return [referenceTable(text, shape.table, cluster)];
      return [localTable(text, shape.table, cluster), distributedTable(shape.table, cluster, `${file}:${line}`)];
    default:
      throw unknownShape(text, `${file}:${line}`);
  }
}

/** A table that every server of the cluster has whole: for Parley's own record, which has to be read before all else. */
export function everywhereTable(text: string, cluster: string): string {
  const mask = masked(text);
  const [head] = /^CREATE TABLE IF NOT EXISTS \w+\.\w+/.exec(mask) ?? [];
  const engine = /\bENGINE = (\w*MergeTree)(?:\(([^()]*)\))?/.exec(mask);
  if (head === undefined || engine === null) throw unknownShape(text, 'the record of migrations');
  const span = { start: engine.index, end: engine.index + engine[0].length };
  // A replica's name may be used again in another shard.
  const replicated = replicatedEngine(engine[1] ?? '', engine[2] ?? '', keeperPathOfAll, '{shard}-{replica}');
  return onCluster(replace(text, span, replicated), head.length, cluster);
}

export function databaseOnCluster(text: string, cluster: string): string {
  const shape = shapeOf(text);
  if (shape?.kind !== 'database') throw unknownShape(text, 'the record of migrations');
  return onCluster(text, shape.nameEnd, cluster);
}

/** Whole on every server, under its own name. */
function referenceTable(text: string, table: TableShape, cluster: string): string {
  const { engine, engineArguments, engineSpan, windowSpan, nameEnd } = table;
  let sql = replace(text, windowSpan, replicatedWindow(table));
  sql = replace(sql, engineSpan, replicatedEngine(engine, engineArguments, keeperPathOfAll, '{shard}-{replica}'));
  return onCluster(sql, nameEnd, cluster);
}

function replicatedWindow({ windowBlocks }: TableShape): string {
  return `replicated_deduplication_window = ${windowBlocks}, replicated_deduplication_window_seconds = ${windowSeconds}`;
}

function localTable(text: string, table: TableShape, cluster: string): string {
  const { engine, engineArguments, engineSpan, windowSpan, nameEnd } = table;
  let sql = replace(text, windowSpan, replicatedWindow(table));
  sql = replace(sql, engineSpan, replicatedEngine(engine, engineArguments, keeperPath, '{replica}'));
  sql = onCluster(sql, nameEnd, cluster);
  return insert(sql, nameEnd, localSuffix);
}

function replicatedEngine(engine: string, engineArguments: string, path: string, replica: string): string {
  const more = engineArguments === '' ? '' : `, ${engineArguments}`;
  return `ENGINE = Replicated${engine}('${path}', '${replica}'${more})`;
}

/** Nothing inserts into a store but the feed beside it: without a sharding key ClickHouse refuses what would. */
function distributedTable(table: TableShape, cluster: string, where: string): string {
  const { database, name, orderBy, comment } = table;
  const isLanding = name.startsWith('landing_');
  if (isLanding && !/^\w+(,\s*\w+)*$/.test(orderBy)) {
    throw new ParleyError(
      'PARLEY_MIGRATION_SHAPE',
      'A landing table needs a sorting key of columns, to be sharded by',
      {
        expected: 'ORDER BY (column, …)',
        received: `ORDER BY ${orderBy}`,
        where,
      },
    );
  }
  const key = isLanding ? `, cityHash64(${orderBy})` : '';
  return [
    `CREATE TABLE IF NOT EXISTS ${database}.${name}${clause(cluster)} AS ${database}.${name}${localSuffix}`,
    `ENGINE = Distributed('${cluster}', '${database}', '${name}${localSuffix}'${key})`,
    `COMMENT ${comment}`,
  ].join('\n');
}

function globalJoins(text: string): string {
  const joins = /(?:\b(?:ASOF|ANY|ALL|SEMI|ANTI|LEFT|RIGHT|INNER|FULL|OUTER|CROSS)\s+)*(?<!\bARRAY\s+)\bJOIN\b/g;
  const found = [...masked(text).matchAll(joins)];
  return found.reverse().reduce((sql, { index }) => insert(sql, index, 'GLOBAL '), text);
}

function onCluster(text: string, at: number, cluster: string): string {
  return insert(text, at, clause(cluster));
}

function clause(cluster: string): string {
  return ` ON CLUSTER '${cluster}'`;
}

function insert(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at);
}

function replace(text: string, { start, end }: Span, piece: string): string {
  return text.slice(0, start) + piece + text.slice(end);
}

function unknownShape(text: string, where: string): ParleyError {
  return new ParleyError('PARLEY_MIGRATION_SHAPE', 'There is no cluster form of this statement', {
    expected:
      'CREATE DATABASE, TABLE (MergeTree family, with ORDER BY, a deduplication window and a COMMENT), VIEW, MATERIALIZED VIEW … TO (one table, no join), MATERIALIZED VIEW … REFRESH EVERY … APPEND TO a snapshot_ table, or DICTIONARY, each with IF NOT EXISTS; CREATE OR REPLACE VIEW; or ALTER TABLE … COMMENT COLUMN or ADD COLUMN IF NOT EXISTS',
    received: text.slice(0, 200),
    where,
  });
}

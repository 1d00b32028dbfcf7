import { ParleyError } from '../../errors.ts';
import type { Domain } from '../../runtime/domain.ts';
import type { ClickHouseClient } from '../client.ts';
import { masked } from '../cluster/statement-shape.ts';
import type { WarehouseObject } from './objects.ts';
import { inFront, namedIn } from './syntax-tree.ts';

export type NodeKind = 'topic' | 'stage' | 'table' | 'view' | 'dictionary' | 'metric';

export interface LineageNode {
  readonly kind: NodeKind;
  /** Unique within its kind; tables, views and dictionaries share their names. */
  readonly name: string;
}

/** The target is made from the source, in one step. */
export interface LineageEdge {
  /** Of the target. */
  readonly domain: string;
  readonly source: LineageNode;
  readonly target: LineageNode;
}

/** From topics to landing tables: topics are read by stages, which forward to internal topics and emit to tables. */
export function stageEdges(domain: Domain): LineageEdge[] {
  return domain.stages.flatMap((stage) => {
    const node: LineageNode = { kind: 'stage', name: `${domain.name}.${stage.name}` };
    const tables = stage.tables ?? (domain.stages.length === 1 ? domain.tables : []);
    const edge = (source: LineageNode, target: LineageNode): LineageEdge => ({ domain: domain.name, source, target });
    return [
      ...stage.topics.map((name) => edge({ kind: 'topic', name }, node)),
      ...(stage.forwards ?? []).map((name) => edge(node, { kind: 'topic', name })),
      ...tables.map((table) => edge(node, { kind: 'table', name: `${table.database}.${table.name}` })),
    ];
  });
}

/** From landing tables on: what each view, feed and dictionary of `objects` reads, of all that is known. */
export async function objectEdges(
  client: ClickHouseClient,
  objects: readonly WarehouseObject[],
  all: readonly WarehouseObject[],
): Promise<LineageEdge[]> {
  const byName = new Map(all.map((object) => [object.name, object]));
  const known = new Set(byName.keys());
  const nodeOf = (name: string): LineageNode => {
    const object = byName.get(name);
    if (object === undefined) throw new ParleyError('PARLEY_INTERNAL', `The lineage has no table ${name}`);
    return { kind: object.kind, name };
  };
  const edges = await Promise.all(
    objects.map(async ({ domain, name, kind, statement, loadedFrom }): Promise<LineageEdge[]> => {
      const sources = new Set(loadedFrom.flatMap((source) => inFront(source, known) ?? []));
      if (kind === 'view') for (const source of await namedIn(client, statement, known)) sources.add(source);
      sources.delete(name);
      const own = [...sources].sort().map((source) => ({ domain, source: nodeOf(source), target: nodeOf(name) }));
      const fed = inFront(targetOf(statement) ?? '', known);
      return fed === undefined ? own : [...own, { domain, source: nodeOf(name), target: nodeOf(fed) }];
    }),
  );
  return edges.flat();
}

/** The table that a materialized view feeds. */
function targetOf(statement: string): string | undefined {
  const head = /^CREATE MATERIALIZED VIEW [\w.]+ [^(]*?\bTO (\w+\.\w+)/;
  return head.exec(masked(statement))?.[1];
}

/** Names of nodes that stand before (`up`) or after (`down`) these, in any number of steps; without these themselves. */
export function reachable(
  edges: readonly { readonly source: string; readonly target: string }[],
  from: Iterable<string>,
  direction: 'up' | 'down',
): Set<string> {
  const next = new Map<string, string[]>();
  for (const { source, target } of edges) {
    const [near, far] = direction === 'down' ? [source, target] : [target, source];
    next.set(near, [...(next.get(near) ?? []), far]);
  }
  const start = new Set(from);
  const found = new Set<string>();
  const waiting = [...start];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const name of next.get(at) ?? []) {
      if (found.has(name) || start.has(name)) continue;
      found.add(name);
      waiting.push(name);
    }
  }
  return found;
}

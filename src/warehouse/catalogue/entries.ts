import type { Domain } from '../../runtime/domain.ts';
import { metricName, testsOf } from '../data-tests/plan.ts';
import { type CatalogueFile, columnOf, qualified } from './files.ts';
import type { LineageEdge, NodeKind } from './lineage.ts';
import { layerOf, type WarehouseObject } from './objects.ts';

/** A topic, stage, table, view, dictionary or metric, with all that is known of it. */
export interface CatalogueEntry {
  readonly domain: string;
  readonly kind: NodeKind;
  readonly name: string;
  readonly layer: string;
  readonly definition: string;
  readonly grain: readonly string[];
  readonly inputs: readonly string[];
  readonly formula: string;
  readonly unit: string;
  /** Of a metric: the columns that hold it, as `database.table.column`. */
  readonly columns: readonly string[];
  /** In the words of the declaration. */
  readonly questions: readonly string[];
  /** Names of the data tests that own it. */
  readonly tests: readonly string[];
  readonly tags: readonly string[];
  readonly warn_after_hours: number | null;
  readonly error_after_hours: number | null;
}

/** What the entries of a domain are made of. */
export interface Parts {
  readonly file: CatalogueFile;
  /** The domain's own declaration; undefined for Parley's own tables and for databases of the documents' names. */
  readonly declared: Domain | undefined;
  readonly objects: readonly WarehouseObject[];
  readonly edges: readonly LineageEdge[];
  /** Comments of columns, by `database.table.column`. */
  readonly comments: ReadonlyMap<string, string>;
}

const nothing = {
  grain: [],
  formula: '',
  unit: '',
  columns: [],
  questions: [],
  tests: [],
  tags: [],
  warn_after_hours: null,
  error_after_hours: null,
} as const;

/** The entries of a domain: topics, stages, tables, then metrics. Pure. */
export function entriesOf(parts: Parts): CatalogueEntry[] {
  return [...topicEntries(parts), ...stageEntries(parts), ...objectEntries(parts), ...metricEntries(parts)];
}

/** From metrics back to the tables of their columns: what the figures are read from. */
export function metricEdges(file: CatalogueFile, kindOf: (table: string) => NodeKind): LineageEdge[] {
  return Object.entries(file.declaration.metrics).flatMap(([name, metric]) => {
    const tables = new Set(Object.keys(metric.columns).map((column) => columnOf(file, column).table));
    return [...tables].map((table) => ({
      domain: file.domain,
      source: { kind: kindOf(table), name: table },
      target: { kind: 'metric' as const, name: metricName(file, name) },
    }));
  });
}

function topicEntries({ file, declared, edges }: Parts): CatalogueEntry[] {
  if (declared === undefined) return [];
  const inputs = new Map(declared.topics.map((topic) => [topic.name, topic]));
  const names = new Set([...inputs.keys(), ...declared.stages.flatMap(({ topics }) => topics)]);
  const tests = testsOf([file]);
  return [...names].map((name) => {
    const topic = inputs.get(name);
    const freshness = file.declaration.sources[name]?.freshness;
    return {
      ...nothing,
      domain: file.domain,
      kind: 'topic',
      name,
      layer: topic === undefined ? 'process' : 'source',
      definition: topic?.description || 'Internal: one stage tells another.',
      inputs: inputsOf(edges, 'topic', name),
      tests: tests.filter(({ check }) => check.type === 'freshness' && check.topic === name).map((test) => test.name),
      warn_after_hours: freshness?.warn_after_hours ?? null,
      error_after_hours: freshness?.error_after_hours ?? null,
    };
  });
}

function stageEntries({ file, declared, edges }: Parts): CatalogueEntry[] {
  return (declared?.stages ?? []).map((stage) => {
    const name = `${file.domain}.${stage.name}`;
    const definition = `Processes ${stage.topics.join(', ')} by their key, with state.`;
    return {
      ...nothing,
      domain: file.domain,
      kind: 'stage',
      name,
      layer: 'process',
      definition,
      inputs: inputsOf(edges, 'stage', name),
    };
  });
}

function objectEntries({ file, objects, edges }: Parts): CatalogueEntry[] {
  const declared = new Map(
    Object.entries(file.declaration.tables).map(([name, table]) => [qualified(file, name), table]),
  );
  const tests = testsOf([file]);
  return objects.map(({ name, kind, comment }) => {
    const table = declared.get(name);
    const own = tests.filter((test) => test.table === name && !['metric', 'freshness'].includes(test.check.type));
    return {
      ...nothing,
      domain: file.domain,
      kind,
      name,
      layer: table?.layer ?? layerOf(name),
      definition: comment,
      grain: table?.grain ?? [],
      inputs: inputsOf(edges, kind, name),
      questions: questionsOf(file, table?.questions ?? []),
      tests: own.map((test) => test.name),
      tags: table?.tags ?? [],
    };
  });
}

function metricEntries({ file, comments }: Parts): CatalogueEntry[] {
  const tests = testsOf([file]);
  return Object.entries(file.declaration.metrics).map(([key, metric]) => {
    const name = metricName(file, key);
    const columns = Object.keys(metric.columns).map((column) => {
      const { table, column: own } = columnOf(file, column);
      return `${table}.${own}`;
    });
    const where = metric.where === undefined ? '' : ` WHERE ${metric.where}`;
    return {
      ...nothing,
      domain: file.domain,
      kind: 'metric',
      name,
      layer: 'metric',
      definition: comments.get(columns[0] ?? '') ?? '',
      grain: [],
      inputs: [...new Set(columns.map((column) => column.slice(0, column.lastIndexOf('.'))))],
      formula: `${metric.formula} FROM ${qualified(file, metric.from)}${where}`,
      unit: metric.unit,
      columns,
      questions: questionsOf(file, metric.questions),
      tests: tests.filter((test) => test.name.startsWith(`${name}.`)).map((test) => test.name),
      tags: metric.tags,
    };
  });
}

function inputsOf(edges: readonly LineageEdge[], kind: NodeKind, name: string): string[] {
  return edges.filter(({ target }) => target.kind === kind && target.name === name).map(({ source }) => source.name);
}

function questionsOf(file: CatalogueFile, names: readonly string[]): string[] {
  return names.map((name) => file.declaration.questions[name] ?? name);
}

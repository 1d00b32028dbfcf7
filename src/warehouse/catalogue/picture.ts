import type { Catalogue } from './build.ts';
import type { CatalogueEntry } from './entries.ts';
import type { LineageNode, NodeKind } from './lineage.ts';

/** Topics and stages can have the names of tables; tables, views and dictionaries share theirs. */
export function idOf({ kind, name }: LineageNode): string {
  return kind === 'topic' || kind === 'stage' || kind === 'metric' ? `${kind} ${name}` : name;
}

export interface Step {
  readonly source: LineageNode;
  readonly target: LineageNode;
}

/** Whether it is of use to who asks where a figure comes from: not storage, nor what stages tell each other. */
export function isShown({ kind, layer }: CatalogueEntry): boolean {
  if (kind === 'topic') return layer === 'source';
  return !['landing', 'storage', 'metric'].includes(layer);
}

/** The steps between what is shown; a step through what is not goes on to what comes after it. */
export function shownSteps({ entries, edges }: Catalogue): Step[] {
  const shown = new Set(entries.filter(isShown).map(idOf));
  const next = new Map<string, LineageNode[]>();
  for (const { source, target } of edges) next.set(idOf(source), [...(next.get(idOf(source)) ?? []), target]);
  return entries.filter(isShown).flatMap((source) => {
    const found = new Map<string, LineageNode>();
    const seen = new Set<string>();
    const waiting = [...(next.get(idOf(source)) ?? [])];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const id = idOf(at);
      if (seen.has(id)) continue;
      seen.add(id);
      if (shown.has(id)) found.set(id, at);
      else waiting.push(...(next.get(id) ?? []));
    }
    const targets = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node);
    return targets.map((target) => ({ source: { kind: source.kind, name: source.name }, target }));
  });
}

const shapes: Readonly<Record<NodeKind, readonly [string, string]>> = {
  topic: ['([', '])'],
  stage: ['{{', '}}'],
  table: ['[', ']'],
  view: ['[', ']'],
  dictionary: ['[(', ')]'],
  metric: ['>', ']'],
};

/** The lineage as a Mermaid flowchart, from left to right. Topics are round, stages hexagons, dictionaries drums. */
export function mermaid(catalogue: Catalogue): string {
  const steps = shownSteps(catalogue);
  const names = new Map<string, string>();
  const lines: string[] = [];
  for (const { source, target } of steps) {
    for (const node of [source, target]) {
      if (names.has(idOf(node))) continue;
      const name = `n${names.size + 1}`;
      names.set(idOf(node), name);
      const [open, close] = shapes[node.kind];
      lines.push(`  ${name}${open}"${node.name.replaceAll('"', '&quot;')}"${close}`);
    }
  }
  for (const { source, target } of steps) lines.push(`  ${names.get(idOf(source))} --> ${names.get(idOf(target))}`);
  return ['flowchart LR', ...lines].join('\n');
}

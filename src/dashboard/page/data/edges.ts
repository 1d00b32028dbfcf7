/** An arrow of a graph. */
export interface Edge {
  readonly source: string;
  readonly target: string;
}

/** A box itself, all that leads to it and all that follows from it. */
export function related(edges: readonly Edge[], name: string): Set<string> {
  const found = new Set([name]);
  for (const [from, to] of [['source', 'target'] as const, ['target', 'source'] as const]) {
    const reached = new Set([name]);
    for (const one of reached) {
      for (const edge of edges) if (edge[from] === one) reached.add(edge[to]);
    }
    for (const one of reached) found.add(one);
  }
  return found;
}

/** The arrows on the ways to a box and from it. */
export function onlyAround(edges: readonly Edge[], name: string): Edge[] {
  const names = related(edges, name);
  return edges.filter(({ source, target }) => names.has(source) && names.has(target));
}

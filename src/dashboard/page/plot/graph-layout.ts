import { Graph, layout } from '@dagrejs/dagre';

export interface Box {
  readonly name: string;
  /** The name in two lines: up to its last dot, and what follows. */
  readonly lines: readonly [string, string];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Arrow {
  readonly source: string;
  readonly target: string;
  readonly path: string;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

const boxHeight = 36;

/** Places boxes from left to right along the arrows, with as few crossings as dagre finds. */
export function layOut(edges: readonly { readonly source: string; readonly target: string }[]): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 10, ranksep: 44, marginx: 2, marginy: 2 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of new Set(edges.flatMap(({ source, target }) => [source, target]))) {
    const [above, below] = linesOf(name);
    const letters = Math.max(above.length * 0.86, below.length);
    graph.setNode(name, { width: Math.max(72, letters * 6.9 + 20), height: boxHeight });
  }
  for (const { source, target } of edges) graph.setEdge(source, target);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const boxes: Box[] = graph.nodes().map((name) => ({
    name,
    lines: linesOf(name),
    ...(graph.node(name) as Pick<Box, 'x' | 'y' | 'width' | 'height'>),
  }));
  const boxOf = new Map(boxes.map((box) => [box.name, box]));
  return {
    width,
    height,
    boxes,
    arrows: graph.edges().map(({ v: source, w: target }) => {
      const { points } = graph.edge(source, target) as { points: Point[] };
      const [from, to] = [boxOf.get(source)!, boxOf.get(target)!];
      // dagre leaves a box at any of its sides, under its neighbours.
      const start = { x: from.x + from.width / 2, y: from.y };
      const end = { x: to.x - to.width / 2, y: to.y };
      return { source, target, path: curve([start, ...points.slice(1, -1), end]) };
    }),
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** `topic shop.orders` is `topic shop.` and `orders`; a name without a dot has nothing above it. */
function linesOf(name: string): [string, string] {
  const end = name.lastIndexOf('.') + 1;
  return [name.slice(0, end), name.slice(end)];
}

/** A smooth line that leaves and arrives level. */
function curve(points: readonly Point[]): string {
  return points
    .map(({ x, y }, index) => {
      const before = points[index - 1];
      if (before === undefined) return `M${x} ${y}`;
      const middle = (before.x + x) / 2;
      return `C${middle} ${before.y} ${middle} ${y} ${x} ${y}`;
    })
    .join('');
}

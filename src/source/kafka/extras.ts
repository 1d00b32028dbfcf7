/** A stage's tasks that remain when each of its members has the same number: `count` of the members get one more. */
export interface Extras {
  readonly count: number;
  /** By member: whether one more would let it keep a task that it has. Members that do not read the stage are absent. */
  readonly gains: ReadonlyMap<string, boolean>;
}

interface Edge {
  readonly to: number;
  readonly cost: number;
  capacity: number;
  /** Index of the edge back, among those of `to`. */
  readonly back: number;
}

/**
 * Which members get one more of which stage: as many gains as there can be, once all members' sums are as even as they
 * can be. A flow of least cost from the stages to the members; the sums are evened by the price of a member's next one.
 * Ties fall to what stands first in `stages` and `members`. Returns members by stage.
 */
export function shareExtras(stages: readonly Extras[], members: readonly string[]): Set<string>[] {
  const total = stages.reduce((sum, { count }) => sum + count, 0);
  const even = Math.floor(total / Math.max(1, members.length));
  const dear = stages.length + 1;
  const start = 0;
  const end = stages.length + members.length + 1;
  const graph: Edge[][] = Array.from({ length: end + 1 }, () => []);
  const places = new Map(members.map((member, index) => [member, stages.length + 1 + index]));
  for (const [index, { count, gains }] of stages.entries()) {
    connect(graph, start, index + 1, count, 0);
    for (const member of members) {
      const gain = gains.get(member);
      if (gain !== undefined) connect(graph, index + 1, places.get(member)!, 1, gain ? -1 : 0);
    }
  }
  for (const place of places.values()) {
    // Each further one costs more than all gains of a whole path together.
    for (let have = 0; have < stages.length; have++)
      connect(graph, place, end, 1, dear * 2 * Math.max(0, have - even + 1));
  }
  while (push(graph, start, end));
  return stages.map((_, index) => {
    const taken = graph[index + 1]!.filter((edge) => edge.to > stages.length && edge.capacity === 0);
    return new Set(taken.map(({ to }) => members[to - stages.length - 1] as string));
  });
}

function connect(graph: Edge[][], from: number, to: number, capacity: number, cost: number): void {
  graph[from]!.push({ to, cost, capacity, back: graph[to]!.length });
  graph[to]!.push({ to: from, cost: -cost, capacity: 0, back: graph[from]!.length - 1 });
}

interface Step {
  readonly from: number;
  readonly edge: Edge;
}

/** Sends one along the cheapest way that is left; false when there is none. */
function push(graph: Edge[][], start: number, end: number): boolean {
  const costs = graph.map((_, node) => (node === start ? 0 : Number.POSITIVE_INFINITY));
  const cameBy = new Array<Step | undefined>(graph.length).fill(undefined);
  const queue = [start];
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const edge of graph[from]!) {
      const cost = costs[from]! + edge.cost;
      if (edge.capacity === 0 || cost >= costs[edge.to]!) continue;
      costs[edge.to] = cost;
      cameBy[edge.to] = { from, edge };
      if (!queue.includes(edge.to)) queue.push(edge.to);
    }
  }
  if (cameBy[end] === undefined) return false;
  for (let step = cameBy[end] as Step | undefined; step !== undefined; step = cameBy[step.from]) {
    const { edge } = step;
    edge.capacity--;
    graph[edge.to]![edge.back]!.capacity++;
  }
  return true;
}

import { GroupMetrics } from '../../src/http/metrics.ts';

/** The metrics of a process, by name, with their labels; a histogram by the names that Prometheus stores it under. */
export function knownMetrics(): Map<string, ReadonlySet<string>> {
  const { registry } = new GroupMetrics({
    tasks: () => [],
    lag: () => [],
    stateBytes: async () => [],
    dropped: () => 0,
    windowBlocks: 10_000,
    clock: () => 0,
  });
  // Prometheus itself adds these two to everything.
  const known = new Map<string, ReadonlySet<string>>([['up', new Set(['job', 'instance'])]]);
  for (const metric of registry.getMetricsAsArray()) {
    const { name, labelNames, type } = metric as unknown as { name: string; labelNames?: string[]; type?: string };
    const labels = [...(labelNames ?? []), 'job', 'instance'];
    known.set(name, new Set(labels));
    // prom-client's types carry no kind, but a histogram has buckets.
    if ('buckets' in metric || type === 'histogram') {
      for (const suffix of ['_bucket', '_sum', '_count']) known.set(`${name}${suffix}`, new Set([...labels, 'le']));
    }
  }
  return known;
}

const functions = new Set(
  'sum max min avg count by without and or unless on rate increase deriv delta clamp_min histogram_quantile bool offset'.split(
    ' ',
  ),
);

/** The metrics that an expression names, each with the labels that its selector names, and those that it groups by. */
export function namesIn(expression: string): { metrics: Map<string, string[]>; grouped: string[] } {
  const grouped = [...expression.matchAll(/\b(?:by|without)\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(',').map((label) => label.trim()),
  );
  const rest = expression.replaceAll(/\b(?:by|without)\s*\([^)]*\)/g, ' ');
  const metrics = new Map<string, string[]>();
  for (const [, name, selector = ''] of rest
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .matchAll(/\b([a-z_][a-z0-9_]*)\s*(\{[^}]*\})?/gi)) {
    if (functions.has(name!)) continue;
    metrics.set(
      name!,
      [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!),
    );
  }
  // What stands in a selector's values is no metric.
  for (const [, value] of rest.matchAll(/"([^"]*)"/g)) for (const word of value!.split(/\W+/)) metrics.delete(word);
  for (const labels of [...metrics.values()]) for (const label of labels) metrics.delete(label);
  return { metrics, grouped };
}

/** What is wrong with an expression: names that /metrics does not have, brackets that do not close. */
export function faultsOf(expression: string, known: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const { metrics, grouped } = namesIn(expression);
  const faults = metrics.size === 0 ? ['it names no metric'] : [];
  for (const [name, labels] of metrics) {
    const has = known.get(name);
    if (has === undefined) faults.push(`no metric ${name}`);
    else faults.push(...labels.filter((label) => !has.has(label)).map((label) => `${name} has no label ${label}`));
  }
  const all = new Set([...metrics.keys()].flatMap((name) => [...(known.get(name) ?? [])]));
  faults.push(...grouped.filter((label) => !all.has(label)).map((label) => `nothing has the label ${label}`));
  for (const [open, close] of ['()', '{}', '[]']) {
    if (expression.split(open!).length !== expression.split(close!).length) faults.push(`${open} that does not close`);
  }
  return faults;
}

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { faultsOf, knownMetrics } from './promql.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const { groups } = parse(read('deploy/prometheus/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

describe('deploy/prometheus/alerts.yml', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))('%s can fire: its metrics are in /metrics', (_, rule) => {
    expect(faultsOf(rule.expr, knownMetrics())).toEqual([]);
    expect(rule.for ?? '1m').toMatch(/^\d+[smh]$/);
    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect(rule.annotations.summary.length).toBeGreaterThan(20);
  });

  test('tells apart what is there and what is not', () => {
    const known = knownMetrics();
    expect(faultsOf('sum(rate(parley_event_total[5m])) > 0', known)).toEqual(['no metric parley_event_total']);
    expect(faultsOf('sum by (topik) (parley_lag_records{topc="x"}) > 0', known)).toEqual([
      'parley_lag_records has no label topc',
      'nothing has the label topik',
    ]);
    expect(faultsOf('sum(parley_tasks{state="waiting"} > 0', known)).toEqual(['( that does not close']);
    expect(faultsOf('parley_batch_seconds_bucket > 0', known)).toEqual([]);
  });

  test('docs/operators.md says of every alert what to do, and of no other', () => {
    const page = read('docs/operators.md');
    const section = page.slice(page.indexOf('### Alerts'));
    const rows = [...section.matchAll(/^\| `(Parley\w+)` \| (page|ticket) \| (.+) \| (.+) \|$/gm)];
    const documented = rows.map(([, alert, severity]) => ({ alert, severity }));
    expect(documented).toEqual(rules.map(({ alert, labels: { severity } }) => ({ alert, severity })));
    for (const [, alert, , means, todo] of rows) {
      expect({ alert, means: means!.length > 20, todo: todo!.length > 40 }).toEqual({ alert, means: true, todo: true });
    }
  });
});

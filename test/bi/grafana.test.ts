import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { queryRows } from '../../src/warehouse/client.ts';
import { dashboards, queries } from './dashboards.ts';
import { type GrafanaRange, substituted } from './grafana-macros.ts';
import { faultsOf, knownMetrics } from './promql.ts';
import { type SampleWarehouse, someMore, startSampleWarehouse } from './sample-warehouse.ts';

/** deploy/grafana: dashboards that Grafana can read, and whose every question has an answer, asked as `bi`. */
let warehouse: SampleWarehouse;
let range: GrafanaRange;

beforeAll(async () => {
  warehouse = await startSampleWarehouse(someMore);
  range = {
    from: new Date('2017-01-01T00:00:00Z'),
    to: new Date('2030-01-01T00:00:00Z'),
    intervalSeconds: 86_400,
    variables: {
      clinic: (await queryRows<{ clinic_code: string }>(warehouse.bi, dashboards[0]!.templating.list[0]!.query)).map(
        ({ clinic_code: clinic }) => clinic,
      ),
    },
  };
}, 120_000);

afterAll(() => warehouse?.stop());

describe('the dashboards', () => {
  const { datasources } = parse(
    readFileSync(new URL('../../deploy/grafana/datasources.yml', import.meta.url), 'utf8'),
  ) as {
    readonly datasources: readonly { readonly uid: string; readonly type: string }[];
  };
  const sources = datasources.map(({ uid, type }) => ({ uid, type }));

  test('are those of the pages, each with an address of its own', () => {
    const files = ['clinics', 'engagement', 'operators', 'overview', 'response-times', 'themes'];
    expect(dashboards.map(({ file }) => file).sort()).toEqual(files.map((name) => `${name}.json`));
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual(files.map((name) => `parley-${name}`));
  });

  test.each(dashboards.map((dashboard) => [dashboard.file, dashboard] as const))('%s is whole', (_, dashboard) => {
    expect(dashboard.description).toMatch(/\?$/);
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels) {
      for (const { datasource } of [panel, ...panel.targets, ...dashboard.templating.list])
        expect(sources).toContainEqual(datasource);
      expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length);
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
      const under = panels.filter(({ id, gridPos: { x, y, w, h } }) => {
        const { gridPos: own } = panel;
        return id !== panel.id && x < own.x + own.w && own.x < x + w && y < own.y + own.h && own.y < y + h;
      });
      expect({ panel: panel.title, under }).toEqual({ panel: panel.title, under: [] });
    }
  });

  // Of a sample in which all went well, and nothing is urgent and open.
  const mayBeEmpty = new Set(['Batches that failed', 'Dead letters not sent back', 'Urgent and open']);

  test.each(queries('rawSql').map((query) => [query.where, query] as const))(
    '%s',
    async (_, { text, panel, target }) => {
      expect(text).toMatch(/\$__|is_current|dim_\w+_current/);
      const result = await warehouse.bi.query({ query: substituted(text, range), format: 'JSON' });
      const { meta = [], data } = await result.json<Record<string, unknown>>();
      if (!mayBeEmpty.has(panel.title)) expect(data.length).toBeGreaterThan(0);
      const isTime = ({ type }: { type: string }) => /^(Nullable\()?DateTime/.test(type);
      const isNumber = ({ type }: { type: string }) => /^(Nullable\()?U?(Int|Float)\d/.test(type);
      if (panel.type === 'timeseries') {
        expect({ first: meta[0]!.name, time: isTime(meta[0]!) }).toEqual({ first: 'time', time: true });
        expect({ type: target.queryType, format: target.format }).toEqual({ type: 'timeseries', format: 0 });
      } else expect({ type: target.queryType, format: target.format }).toEqual({ type: 'table', format: 1 });
      if (panel.type === 'barchart') expect(meta.map(({ name }) => name)).toContain(panel.options.xField);
      if (panel.type !== 'table') expect(meta.some(isNumber)).toBe(true);
    },
  );

  test('numbers are those of the views, whatever the clinics chosen', async () => {
    const [panel] = queries('rawSql').filter(({ where }) => where === 'overview.json: Messages');
    const count = async (clinics: readonly string[]) => {
      const sql = substituted(panel!.text, { ...range, variables: { clinic: clinics } });
      return (await queryRows<{ messages: number }>(warehouse.bi, sql))[0]!.messages;
    };
    expect(await count(range.variables.clinic!)).toBe(1164);
    expect(await count(['RockstarSupport'])).toBe(204);
    expect(await count(["nobody's"])).toBe(0);
  });

  test.each(queries('expr').map(({ where, text }) => [where, text]))(
    '%s asks for metrics that are there',
    (_, expression) => {
      expect(faultsOf(expression!, knownMetrics())).toEqual([]);
    },
  );
});

test('what Grafana would not understand is not passed on', () => {
  expect(() => substituted('SELECT $__nothing(x)', range)).toThrow('No macro');
  expect(() => substituted(`SELECT \${other:singlequote}`, range)).toThrow('No variable');
  expect(substituted('WHERE $__timeFilter(a.b)', range)).toBe(
    'WHERE a.b >= toDateTime(1483228800) AND a.b <= toDateTime(1893456000)',
  );
});

/**
 * What Grafana makes of the SQL of a panel before ClickHouse sees it: first its own variables, in the browser, then the
 * data source's macros, on its server. Rewritten from what grafana/clickhouse-datasource documents and does in
 * pkg/macros/macros.go and grafana/grafana in the format `singlequote` of variables, as of version 4.20 of the plugin.
 */
export interface GrafanaRange {
  readonly from: Date;
  readonly to: Date;
  readonly intervalSeconds: number;
  /** Chosen values of the dashboard's variables. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
}

/** Throws when something of Grafana's stays that neither knows. */
export function substituted(sql: string, range: GrafanaRange): string {
  const withVariables = sql.replaceAll(/\$\{(\w+):singlequote\}/g, (whole, name: string) => {
    const values = range.variables[name];
    if (values === undefined) throw new Error(`No variable ${whole}`);
    return values.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(',');
  });
  const result = withVariables.replaceAll(/\$__(\w+)(?:\(([^()]*)\))?/g, (whole, name: string, argument?: string) => {
    const macro = macros[name];
    if (macro === undefined) throw new Error(`No macro ${whole}`);
    return macro(range, argument?.trim() ?? '') + (argument !== undefined && macro.length < 2 ? `(${argument})` : '');
  });
  if (/\$\{|\$__/.test(result)) throw new Error(`Grafana would send: ${result}`);
  return result;
}

const day = (time: Date) => `toDate('${time.toISOString().slice(0, 10)}')`;
const second = (time: Date) => `toDateTime(${Math.floor(time.getTime() / 1000)})`;

const macros: Readonly<Record<string, (range: GrafanaRange, argument: string) => string>> = {
  fromTime: (range) => second(range.from),
  toTime: (range) => second(range.to),
  timeFilter: ({ from, to }, column) => `${column} >= ${second(from)} AND ${column} <= ${second(to)}`,
  dateFilter: ({ from, to }, column) => `${column} >= ${day(from)} AND ${column} <= ${day(to)}`,
  timeInterval: ({ intervalSeconds }, column) =>
    `toStartOfInterval(toDateTime(${column}), INTERVAL ${Math.max(1, intervalSeconds)} second)`,
  interval_s: ({ intervalSeconds }) => String(Math.max(1, intervalSeconds)),
};

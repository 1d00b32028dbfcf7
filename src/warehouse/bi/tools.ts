/**
 * What BI tools send when they connect and when they ask: the settings beside every statement, a session or none, the
 * format, and the statements of the first minute. Read in the tools' own code or taken from the wire (`seen`), so that
 * `parley doctor bi` finds what would stop a tool before a person does.
 */
export interface BiTool {
  readonly name: string;
  /** The driver that it connects through, with the version that this was taken from. */
  readonly driver: string;
  readonly seen: string;
  /** Sent with every statement. A server that refuses one of them refuses the tool. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly hasSession: boolean;
  /** Asked in this order. `{database}` and `{view}` stand for a database and a view in it. */
  readonly statements: readonly string[];
}

/** Tools that speak HTTP. Looker Studio, which does not, is in looker-studio.ts. */
export const biTools: readonly BiTool[] = [
  {
    name: 'Grafana',
    driver: 'grafana-clickhouse-datasource 4 (clickhouse-go 2), protocol HTTP',
    seen: 'grafana/clickhouse-datasource pkg/plugin/driver.go, ClickHouse/clickhouse-go conn_http.go',
    settings: {
      default_format: 'Native',
      enable_http_compression: 1,
      // clickhouse-go: what is left of the query's time, and five seconds.
      max_execution_time: 65,
      limit: 1_000_000,
    },
    hasSession: false,
    statements: [
      'SELECT displayName(), version(), revision(), timezone()',
      'SELECT 1',
      'SHOW DATABASES',
      "SELECT name FROM system.tables WHERE database = '{database}'",
      "SELECT name, type FROM system.columns WHERE database = '{database}'",
    ],
  },
  {
    name: 'Metabase',
    driver: 'clickhouse-jdbc 0.9',
    seen: 'metabase/metabase modules/drivers/clickhouse, and the wire of clickhouse-jdbc 0.9.9',
    settings: {
      default_format: 'RowBinaryWithNamesAndTypes',
      compress: 1,
      session_timezone: 'Europe/Berlin',
      select_sequential_consistency: 1,
      async_insert: 0,
      max_result_rows: 10_000,
      result_overflow_mode: 'break',
    },
    hasSession: false,
    statements: [
      'SELECT version() AS server_version',
      "SELECT count(*) > 0 FROM system.databases WHERE name = '{database}'",
      'SELECT timezone() AS tz',
      "SELECT name, engine, comment FROM system.tables WHERE database = '{database}' AND NOT is_temporary",
      "SELECT table, name, type, comment, is_in_primary_key FROM system.columns WHERE database = '{database}'",
      'SELECT TRUE AS `_` FROM `{database}`.`{view}` WHERE 1 <> 1 LIMIT 0',
    ],
  },
  {
    name: 'Superset',
    driver: 'clickhouse-connect 1.12, dialect clickhousedb',
    seen: 'apache/superset superset/db_engine_specs/clickhouse.py, and the wire of clickhouse-connect 1.12.0',
    settings: {
      default_format: 'Native',
      client_protocol_version: 54_405,
      date_time_input_format: 'best_effort',
      cast_string_to_dynamic_use_inference: 1,
      cancel_http_readonly_queries_on_client_close: 1,
      send_progress_in_http_headers: 1,
      http_headers_progress_interval_ms: 120_000,
    },
    hasSession: true,
    statements: [
      'SELECT version(), timezone()',
      'SELECT name, value, readonly FROM system.settings LIMIT 10000',
      'SELECT currentDatabase()',
      'SHOW DATABASES',
      "SELECT name FROM system.tables WHERE database = '{database}' AND engine IN ('View', 'WindowView') ORDER BY name",
      "SELECT engine, engine_full, comment FROM system.tables WHERE database = '{database}' AND name = '{view}'",
      'DESCRIBE TABLE `{database}`.`{view}`',
      'SELECT name FROM system.functions UNION ALL SELECT name FROM system.table_functions LIMIT 10000',
    ],
  },
  {
    name: 'DBeaver',
    driver: 'clickhouse-jdbc 0.9',
    seen: 'the wire of clickhouse-jdbc 0.9.9',
    settings: { default_format: 'RowBinaryWithNamesAndTypes', compress: 1, async_insert: 0, max_result_rows: 200 },
    hasSession: false,
    statements: [
      'SELECT version() AS server_version',
      'SELECT name AS TABLE_SCHEM FROM system.databases ORDER BY name',
      "SELECT name, engine, comment FROM system.tables WHERE database = '{database}'",
      'SHOW CREATE TABLE `{database}`.`{view}`',
    ],
  },
  {
    name: 'Power BI',
    driver: 'clickhouse-odbc 1.5, SQLCompatibilitySettings',
    seen: 'ClickHouse/clickhouse-odbc driver/connection.cpp and driver/test/sql_compatibility_settings_it.cpp',
    settings: { default_format: 'ODBCDriver2', cast_keep_nullable: 1, prefer_column_name_to_alias: 1 },
    hasSession: true,
    statements: [
      'SELECT 1',
      "SELECT name FROM system.tables WHERE database = '{database}'",
      "SELECT name, type, comment FROM system.columns WHERE database = '{database}' AND table = '{view}'",
    ],
  },
  {
    name: '@clickhouse/client',
    driver: '@clickhouse/client 1.23 (Node.js)',
    seen: 'ClickHouse/clickhouse-js packages/client-common',
    settings: { default_format: 'JSONEachRow', enable_http_compression: 1, wait_end_of_query: 1 },
    hasSession: false,
    statements: ['SELECT 1', 'SELECT version()'],
  },
];

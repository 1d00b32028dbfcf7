/**
 * What the user `bi` must be refused, each with the words that ClickHouse refuses it in. What tries to reach an address
 * has `{address}` in it, of a listener that must never hear of it; what tries to read a file has `{file}`, of one whose
 * text must never be seen.
 */
export const writes: readonly string[] = [
  "INSERT INTO conversations.landing_ratings (conversation_id) VALUES ('x')",
  'INSERT INTO conversations.landing_ratings SELECT * FROM conversations.landing_ratings',
  'CREATE TABLE conversations.x (n Int8) ENGINE = Memory',
  'CREATE TEMPORARY TABLE x (n Int8)',
  'CREATE VIEW conversations.x AS SELECT 1',
  'CREATE DATABASE x',
  'CREATE FUNCTION x AS n -> n',
  "CREATE USER x IDENTIFIED BY 'x'",
  "ALTER USER bi IDENTIFIED BY 'x'",
  'GRANT ALL ON *.* TO bi',
  'ALTER TABLE conversations.landing_messages DELETE WHERE 1',
  "ALTER TABLE conversations.landing_messages UPDATE text = '' WHERE 1",
  'ALTER TABLE conversations.landing_messages ADD COLUMN x Int8',
  'DELETE FROM conversations.landing_messages WHERE 1',
  'TRUNCATE TABLE conversations.landing_messages',
  'DROP TABLE conversations.landing_messages',
  'DROP DATABASE conversations',
  'DROP FUNCTION file',
  'RENAME TABLE conversations.landing_messages TO conversations.x',
  'DETACH TABLE conversations.landing_messages',
  'OPTIMIZE TABLE conversations.landing_messages FINAL',
  'SYSTEM SHUTDOWN',
  'SYSTEM RELOAD DICTIONARIES',
  'SYSTEM STOP MERGES conversations.landing_messages',
  "BACKUP TABLE conversations.landing_messages TO File('{file}.backup')",
];

export const ownLimits: readonly string[] = [
  'SET readonly = 0',
  'SET readonly = 1',
  'SET allow_ddl = 1',
  'SET allow_introspection_functions = 1',
  'SET max_memory_usage_for_user = 0',
  "SET profile = 'parley'",
  "SET profile = 'default'",
  "SET profile = 'engine'",
  'SELECT 1 SETTINGS readonly = 0',
  "SELECT 1 SETTINGS profile = 'parley'",
];

export const files: readonly string[] = [
  "SELECT file('{file}')",
  "SELECT file('{file}', 'x')",
  "SELECT file('{file}') SETTINGS enable_analyzer = 0",
  "SELECT file('{file}', 'x') SETTINGS enable_analyzer = 0",
  "SELECT arrayMap(file, ['{file}'])",
  "SELECT arrayMap(path -> file(path), ['{file}'])",
  "SELECT * APPLY(file) FROM (SELECT '{file}' AS path)",
  "SELECT * FROM view(SELECT file('{file}'))",
  "SELECT * FROM values('text String', (file('{file}')))",
  "SELECT * FROM values('text String', file('{file}')) SETTINGS enable_analyzer = 0",
  "WITH (SELECT file('{file}')) AS text SELECT text",
  "SELECT * FROM eval('SELECT file(''{file}'')') SETTINGS allow_experimental_eval_table_function = 1",
  "SELECT * FROM file('{file}', 'LineAsString')",
  "SELECT * FROM fileCluster('none', '{file}', 'LineAsString')",
  "SELECT * FROM filesystem('{file}')",
  'SELECT * FROM default.`{file}`',
  "SELECT * FROM sqlite('{file}', 'x')",
  "SELECT * FROM executable('cat {file}', 'LineAsString', 'line String')",
  "SELECT 1 FORMAT Template SETTINGS format_template_resultset = '{file}'",
  "SELECT 1 FORMAT Template SETTINGS format_template_row = '{file}'",
  "SELECT 1 FORMAT Protobuf SETTINGS format_schema = '{file}:x'",
  "SELECT 1 INTO OUTFILE '{file}.out'",
  "INSERT INTO FUNCTION file('{file}.out', 'CSV', 'n Int8') VALUES (1)",
];

export const addresses: readonly string[] = [
  "SELECT * FROM url('http://{address}/', 'LineAsString', 'line String')",
  "SELECT * FROM s3('http://{address}/bucket/key', 'LineAsString', 'line String')",
  "SELECT * FROM gcs('http://{address}/bucket/key', 'LineAsString', 'line String')",
  "SELECT * FROM iceberg('http://{address}/bucket/key')",
  "SELECT * FROM deltaLake('http://{address}/bucket/key')",
  "SELECT * FROM azureBlobStorage('http://{address}/account', 'container', 'key')",
  "SELECT * FROM hdfs('hdfs://{address}/key', 'LineAsString', 'line String')",
  "SELECT * FROM remote('{address}', 'system', 'one')",
  "SELECT * FROM remoteSecure('{address}', 'system', 'one')",
  "SELECT * FROM mysql('{address}', 'x', 'x', 'x', 'x')",
  "SELECT * FROM postgresql('{address}', 'x', 'x', 'x', 'x')",
  "SELECT * FROM mongodb('{address}', 'x', 'x', 'x', 'x', 'n Int8')",
  "SELECT * FROM redis('{address}', 'key', 'key String, value String')",
  "SELECT * FROM odbc('DSN=x', 'x', 'x')",
  "SELECT * FROM jdbc('jdbc:x://{address}', 'x', 'x')",
  "INSERT INTO FUNCTION url('http://{address}/', 'CSV', 'n Int8') VALUES (1)",
  "INSERT INTO FUNCTION remote('{address}', 'system', 'one') VALUES (1)",
];

/** What each driver is tried with: one of each kind, as drivers treat kinds of statements differently. */
export const everyKind: readonly string[] = [
  ...writes.filter((statement) =>
    /^(INSERT INTO .* VALUES|CREATE TABLE|ALTER TABLE .* DELETE|DROP TABLE|TRUNC|SYSTEM SHUT)/.test(statement),
  ),
  'SET readonly = 0',
  "SELECT file('/etc/hostname')",
  "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'line String')",
  "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')",
];

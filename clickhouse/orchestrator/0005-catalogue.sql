-- The catalogue: what there is in the warehouse, what it means and where it comes from. `parley migrate` writes it whole,
-- a domain at a time, when it has changed; what is read is the last that was written of each domain, so that nothing
-- that is gone stays. docs/decisions/0011-catalogue.md says from what it is made.
-- The deduplication window is explained in conversations/0001-messages.sql.
CREATE TABLE IF NOT EXISTS orchestrator.landing_catalogue
(
    domain LowCardinality(String) COMMENT 'Domain that brings it: a folder in clickhouse/.',
    kind LowCardinality(String) COMMENT 'topic, stage, table, view, dictionary or metric.',
    name String COMMENT 'Its name; of tables with the database.',
    layer LowCardinality(String) COMMENT 'source, process, landing, storage, staging, intermediate, dimension, fact, aggregate, metric or other.',
    definition String COMMENT 'What it means: the comment of the table, of the column of a metric, of the topic.',
    grain Array(String) COMMENT 'Columns of which each row has values of its own; empty when not said.',
    inputs Array(String) COMMENT 'What it is made from, one step back.',
    formula String COMMENT 'Of a metric: how it is computed from its input; else empty.',
    unit LowCardinality(String) COMMENT 'Of a metric: unit of its figure; else empty.',
    columns Array(String) COMMENT 'Of a metric: the columns that hold it, as database.table.column; else empty.',
    questions Array(String) COMMENT 'The questions that it answers.',
    tests Array(String) COMMENT 'Names of the data tests that own it; parley test runs them.',
    tags Array(String) COMMENT 'Words to choose it by.',
    warn_after_hours Nullable(Float64) COMMENT 'Of a topic: hours without a newer event after which parley test --freshness warns; null when not said.',
    error_after_hours Nullable(Float64) COMMENT 'Of a topic: hours after which it fails; null when not said.',
    revision String COMMENT 'SHA-256 of what the entries of the domain were made from.',
    written_at DateTime64(3, 'UTC') COMMENT 'When the entries of the domain were written.',
    sign Int8 COMMENT '+1 always: what is gone is not in the next revision.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (domain, kind, name)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of the catalogue. Read orchestrator.catalogue.';

CREATE VIEW IF NOT EXISTS orchestrator.catalogue
(
    domain LowCardinality(String) COMMENT 'Domain that brings it: a folder in clickhouse/.',
    kind LowCardinality(String) COMMENT 'topic, stage, table, view, dictionary or metric.',
    name String COMMENT 'Its name; of tables with the database. Unique with kind.',
    layer LowCardinality(String) COMMENT 'source, process, landing, storage, staging, intermediate, dimension, fact, aggregate, metric or other.',
    definition String COMMENT 'What it means: the comment of the table, of the column of a metric, of the topic.',
    grain Array(String) COMMENT 'Columns of which each row has values of its own; empty when not said.',
    inputs Array(String) COMMENT 'What it is made from, one step back. All steps: orchestrator.lineage.',
    formula String COMMENT 'Of a metric: how it is computed from its input; else empty.',
    unit LowCardinality(String) COMMENT 'Of a metric: unit of its figure; else empty.',
    columns Array(String) COMMENT 'Of a metric: the columns that hold it, as database.table.column; else empty. Columns of tables: system.columns.',
    questions Array(String) COMMENT 'The questions that it answers.',
    tests Array(String) COMMENT 'Names of the data tests that own it; parley test runs them. Results: orchestrator.test_results.',
    tags Array(String) COMMENT 'Words to choose it by.',
    warn_after_hours Nullable(Float64) COMMENT 'Of a topic: hours without a newer event after which parley test --freshness warns; null when not said.',
    error_after_hours Nullable(Float64) COMMENT 'Of a topic: hours after which it fails; null when not said.',
    revision String COMMENT 'SHA-256 of what the entries of the domain were made from.'
)
AS SELECT
    domain, kind, name, layer, definition, grain, inputs, formula, unit, columns, questions, tests, tags,
    warn_after_hours, error_after_hours, revision
FROM
(
    SELECT *, max(written_at) OVER (PARTITION BY domain) AS newest
    FROM orchestrator.landing_catalogue FINAL
)
WHERE written_at = newest AND sign = 1
COMMENT 'Topics, stages, tables, views, dictionaries and metrics: what each means, its grain, what it is made from, and the tests that own it.';

-- What `parley test` found, for trends. Kept for 180 days; the view leaves nothing out.
CREATE TABLE IF NOT EXISTS orchestrator.landing_test_results
(
    started_at DateTime64(3, 'UTC') COMMENT 'When the run of all tests began.',
    run_id String COMMENT 'The run of parley test: the same for all its results.',
    test String COMMENT 'Name of the test.',
    type LowCardinality(String) COMMENT 'unique, not_null, accepted_values, relationships, history, expression, metric, query or freshness.',
    domain LowCardinality(String) COMMENT 'Domain that brings the test, or the file of a user.',
    tables Array(String) COMMENT 'Tables that it looks at, the tested one first.',
    severity LowCardinality(String) COMMENT 'error or warn: what a failure counts as.',
    status LowCardinality(String) COMMENT 'pass, warn, fail, or error when the test could not be run.',
    failures UInt64 COMMENT 'Rows that are wrong.',
    elapsed_ms UInt32 COMMENT 'Milliseconds that the query took, shared with the tests that it answered too.',
    message String COMMENT 'What is wrong, for a person; empty for a pass.',
    query String COMMENT 'The SQL that shows the rows that are wrong.',
    sign Int8 COMMENT '+1 always: a result is never withdrawn.',
    row_version UInt64 COMMENT 'Set by the delivery; not used.'
)
ENGINE = MergeTree
ORDER BY (test, started_at)
TTL toDateTime(started_at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of results of data tests. Read orchestrator.test_results.';

CREATE VIEW IF NOT EXISTS orchestrator.test_results
(
    started_at DateTime64(3, 'UTC') COMMENT 'When the run of all tests began.',
    run_id String COMMENT 'The run of parley test: the same for all its results.',
    test String COMMENT 'Name of the test; unique with run_id.',
    type LowCardinality(String) COMMENT 'unique, not_null, accepted_values, relationships, history, expression, metric, query or freshness.',
    domain LowCardinality(String) COMMENT 'Domain that brings the test, or the file of a user.',
    tables Array(String) COMMENT 'Tables that it looks at, the tested one first.',
    severity LowCardinality(String) COMMENT 'error or warn: what a failure counts as.',
    status LowCardinality(String) COMMENT 'pass, warn, fail, or error when the test could not be run.',
    failures UInt64 COMMENT 'Rows that are wrong.',
    elapsed_ms UInt32 COMMENT 'Milliseconds that the query took, shared with the tests that it answered too.',
    message String COMMENT 'What is wrong, for a person; empty for a pass.',
    query String COMMENT 'The SQL that shows the rows that are wrong.'
)
AS SELECT started_at, run_id, test, type, domain, tables, severity, status, failures, elapsed_ms, message, query
FROM orchestrator.landing_test_results
COMMENT 'What parley test found in the last 180 days: one row per run and test.';

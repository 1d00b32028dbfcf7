-- What is made from what, written and read as the catalogue is.
CREATE TABLE IF NOT EXISTS orchestrator.landing_lineage
(
    domain LowCardinality(String) COMMENT 'Domain of the target.',
    source_kind LowCardinality(String) COMMENT 'Kind of the source, as in orchestrator.catalogue.',
    source String COMMENT 'What the target is made from, one step back.',
    target_kind LowCardinality(String) COMMENT 'Kind of the target, as in orchestrator.catalogue.',
    target String COMMENT 'What is made from the source.',
    written_at DateTime64(3, 'UTC') COMMENT 'When the edges of the domain were written.',
    sign Int8 COMMENT '+1 always: what is gone is not in the next revision.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (domain, source_kind, source, target_kind, target)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of the lineage. Read orchestrator.lineage.';

CREATE VIEW IF NOT EXISTS orchestrator.lineage
(
    domain LowCardinality(String) COMMENT 'Domain of the target.',
    source_kind LowCardinality(String) COMMENT 'Kind of the source, as in orchestrator.catalogue.',
    source String COMMENT 'What the target is made from, one step back.',
    target_kind LowCardinality(String) COMMENT 'Kind of the target, as in orchestrator.catalogue.',
    target String COMMENT 'What is made from the source.'
)
AS SELECT domain, source_kind, source, target_kind, target
FROM
(
    SELECT *, max(written_at) OVER (PARTITION BY domain) AS newest
    FROM orchestrator.landing_lineage FINAL
)
WHERE written_at = newest AND sign = 1
COMMENT 'What is made from what: one row per step, from topics through stages and tables to metrics.';

-- Up to which time, by the clocks of the events, everything has been counted. A task writes its own row after what the
-- row tells of, outside the commit path: a row that is lost, or late, says too little and never too much, and of two
-- the one with the later time holds, whoever wrote it when. Every task of a domain has a row before the first one counts,
-- with 1970 for "not known", so that one that nobody has opened yet holds the domain back.
--
-- An app that is given up holds its domains back at what it knew: take its rows away with
-- ALTER TABLE orchestrator.landing_watermarks DELETE WHERE app = '...' (on a cluster: landing_watermarks_local).
CREATE TABLE IF NOT EXISTS orchestrator.landing_watermarks
(
    app LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    domain LowCardinality(String) COMMENT 'Domain of the stage: a database.',
    stage LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    partition UInt32 COMMENT 'Partition of the stage.',
    complete_through DateTime64(3, 'UTC') COMMENT 'The task has counted all events up to this time; 1970 while that is not known.',
    sign Int8 COMMENT '+1 always: a watermark is never withdrawn.',
    row_version UInt64 COMMENT 'Set by the writer; not used. The row with the latest complete_through of a key holds.'
)
ENGINE = ReplacingMergeTree(complete_through)
ORDER BY (app, stage, partition)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of watermarks. Read orchestrator.watermarks or orchestrator.progress.';

-- What views need of the configuration. The processes write it when they start, so that no view repeats a default.
CREATE TABLE IF NOT EXISTS orchestrator.landing_settings
(
    domain LowCardinality(String) COMMENT 'Domain: a database.',
    name LowCardinality(String) COMMENT 'Name of the setting.',
    value Int64 COMMENT 'Its value.',
    sign Int8 COMMENT '+1 always: a setting is never withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (domain, name)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of settings. Read orchestrator.settings.';

CREATE VIEW IF NOT EXISTS orchestrator.settings
(
    domain LowCardinality(String) COMMENT 'Domain: a database.',
    name LowCardinality(String) COMMENT 'Name of the setting: allowed_lateness_seconds, session_gap_seconds.',
    value Int64 COMMENT 'Its value as the process that started last was configured.'
)
AS SELECT domain, name, value
FROM orchestrator.landing_settings FINAL
WHERE sign = 1
COMMENT 'What the views of the domains need of the configuration.';

CREATE VIEW IF NOT EXISTS orchestrator.watermarks
(
    app LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    domain LowCardinality(String) COMMENT 'Domain: a database.',
    stage LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    partition UInt32 COMMENT 'Partition of the stage.',
    complete_through Nullable(DateTime64(3, 'UTC')) COMMENT 'The task has counted all events up to this time, by their own clocks, as far as its input tells; null while that is not known.'
)
AS SELECT app, domain, stage, partition, if(toUnixTimestamp64Milli(watermarks.complete_through) > 0, watermarks.complete_through, NULL) AS complete_through
FROM orchestrator.landing_watermarks AS watermarks FINAL
COMMENT 'How far each task has counted, in the time of the events.';

-- ifNull and LEFT JOIN: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS orchestrator.progress
(
    domain LowCardinality(String) COMMENT 'Domain, a database: unique.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events of the domain up to this time, by their own clocks, have been counted, as far as the inputs tell: the least over its tasks, where one that is at its end counts as far as the domain. Null while that is not known of some task.',
    final_through Nullable(DateTime('UTC')) COMMENT 'complete_through less the allowed lateness: rows of aggregates whose period ended by then are final.',
    tasks UInt64 COMMENT 'Tasks of the domain.',
    tasks_unknown UInt64 COMMENT 'Tasks that have not told how far they are: not opened yet, or still before the end of a first backlog that cannot be put in order.'
)
AS SELECT
    watermarks.domain AS domain,
    if(watermarks.tasks_unknown = 0, toDateTime(watermarks.least, 'UTC'), NULL) AS complete_through,
    if(ifNull(lateness.name, '') != '', complete_through - ifNull(lateness.value, 0), NULL) AS final_through,
    watermarks.tasks AS tasks,
    watermarks.tasks_unknown AS tasks_unknown
FROM
(
    SELECT domain, min(complete_through) AS least, count() AS tasks, countIf(toUnixTimestamp64Milli(complete_through) = 0) AS tasks_unknown
    FROM orchestrator.landing_watermarks FINAL
    GROUP BY domain
) AS watermarks
LEFT JOIN
(
    SELECT domain, name, value FROM orchestrator.settings WHERE name = 'allowed_lateness_seconds'
) AS lateness ON lateness.domain = watermarks.domain
COMMENT 'How far each domain has counted, in the time of the events: what complete_through and is_final of its aggregates go by.';

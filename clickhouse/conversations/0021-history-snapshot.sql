-- History by month, kept ready: looking up the version of the customer of each message takes 1.1 s at 5 million messages,
-- which is too long for a page. So its answer is kept: computed again when something was counted since, at most every ten
-- seconds, and after a rest of a second for each 100,000 messages, so that at any size this takes two or three per cent of the time.
--
-- Appended and not exchanged: a refresh that dies leaves the rows of the one before, nothing to tidy up, and on a
-- cluster each server may do it. Rows of one refresh are one insert, which is there whole or not at all (ORDER BY makes
-- one stream of it). What an older refresh had, and the newest has not, is hidden by its time.
CREATE TABLE IF NOT EXISTS conversations.snapshot_history
(
    month Date COMMENT 'First day of the month, in UTC.',
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    clinic_name String COMMENT 'Its name when the message was sent; Unknown when no version held or it had no name.',
    clinic_type LowCardinality(String) COMMENT 'Its type when the message was sent; Unknown when no version held.',
    customer_segment LowCardinality(String) COMMENT 'Segment of the customer when the message was sent; Unknown when no version held.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    conversations UInt64 COMMENT 'Conversations with such a message, exact. One whose customer changed segment, or whose clinic changed name, within the month is in both rows.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Nullable(Float64) COMMENT 'Mean response time, exact; null without responses.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A name, type or segment that becomes known later reaches back, and can still move messages between rows.',
    refreshed_at DateTime64(3, 'UTC') COMMENT 'When these rows were computed.',
    state String COMMENT 'What had been counted then: while it is the same, nothing is computed.'
)
ENGINE = ReplacingMergeTree(refreshed_at)
ORDER BY (month, clinic_code, clinic_name, clinic_type, customer_segment)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'Storage of the history that is kept ready. Read conversations.agg_history_monthly_snapshot.';

-- The state says which batch of each task is the last one counted, and how far that is complete: runs are written after
-- their rows, so rows that are seen before their run are computed once more. Where the state is the same, the first
-- condition is a constant that is false, and nothing is read or written. EMPTY: not at once, since other servers of a cluster may lack
-- their tables still.
CREATE MATERIALIZED VIEW IF NOT EXISTS conversations.snapshot_history_refresh REFRESH EVERY 10 SECOND APPEND TO conversations.snapshot_history
(
    month Date COMMENT 'First day of the month, in UTC.',
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    clinic_name String COMMENT 'Its name when the message was sent; Unknown when no version held or it had no name.',
    clinic_type LowCardinality(String) COMMENT 'Its type when the message was sent; Unknown when no version held.',
    customer_segment LowCardinality(String) COMMENT 'Segment of the customer when the message was sent; Unknown when no version held.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    conversations UInt64 COMMENT 'Conversations with such a message, exact. One whose customer changed segment, or whose clinic changed name, within the month is in both rows.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Nullable(Float64) COMMENT 'Mean response time, exact; null without responses.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A name, type or segment that becomes known later reaches back, and can still move messages between rows.',
    refreshed_at DateTime64(3, 'UTC') COMMENT 'When these rows were computed.',
    state String COMMENT 'What had been counted then: while it is the same, nothing is computed.'
)
EMPTY AS WITH
    (
        SELECT concat(toString(sum(plan)), '/', toString(max(version)), '/', ifNull(toString((SELECT max(complete_through) FROM orchestrator.progress WHERE domain = 'conversations')), ''))
        FROM
        (
            SELECT max(plan) AS plan, max(row_version) AS version
            FROM orchestrator.landing_runs
            WHERE startsWith(stage, 'conversations.')
            GROUP BY app, stage, partition
        )
    ) AS counted,
    (SELECT (argMax(state, refreshed_at), max(refreshed_at)) FROM conversations.snapshot_history) AS kept,
    (SELECT sum(messages) FROM conversations.store_engagement) AS size
SELECT
    history.month AS month,
    history.clinic_code AS clinic_code,
    history.clinic_name AS clinic_name,
    history.clinic_type AS clinic_type,
    history.customer_segment AS customer_segment,
    history.messages AS messages,
    history.in_messages AS in_messages,
    history.out_messages AS out_messages,
    history.conversations AS conversations,
    history.responses AS responses,
    history.mean_response_seconds AS mean_response_seconds,
    history.complete_through AS complete_through,
    history.is_final AS is_final,
    now64(3, 'UTC') AS refreshed_at,
    counted AS state
FROM conversations.agg_history_monthly AS history
WHERE counted != kept.1 AND now64(3, 'UTC') >= kept.2 + toIntervalSecond(intDiv(size, 100000))
ORDER BY month, clinic_code
COMMENT 'Keeps snapshot_history. To have it at once: SYSTEM REFRESH VIEW conversations.snapshot_history_refresh.';

CREATE VIEW IF NOT EXISTS conversations.agg_history_monthly_snapshot
(
    month Date COMMENT 'First day of the month, in UTC.',
    clinic_code LowCardinality(String) COMMENT 'Clinic.',
    clinic_name String COMMENT 'Its name when the message was sent; Unknown when no version held or it had no name.',
    clinic_type LowCardinality(String) COMMENT 'Its type when the message was sent; Unknown when no version held.',
    customer_segment LowCardinality(String) COMMENT 'Segment of the customer when the message was sent; Unknown when no version held.',
    messages UInt64 COMMENT 'Messages.',
    in_messages UInt64 COMMENT 'Messages from customers.',
    out_messages UInt64 COMMENT 'Messages from the clinic.',
    conversations UInt64 COMMENT 'Conversations with such a message, exact. One whose customer changed segment, or whose clinic changed name, within the month is in both rows.',
    responses UInt64 COMMENT 'Responses: out messages that answer an in message.',
    mean_response_seconds Nullable(Float64) COMMENT 'Mean response time, exact; null without responses.',
    refreshed_at DateTime64(3, 'UTC') COMMENT 'When these rows were computed; the same on every row that is shown.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the month ended so long before complete_through that no event within the allowed lateness can change the row any more. A name, type or segment that becomes known later reaches back, and can still move messages between rows.'
)
AS SELECT
    month,
    clinic_code,
    clinic_name,
    clinic_type,
    customer_segment,
    messages,
    in_messages,
    out_messages,
    conversations,
    responses,
    mean_response_seconds,
    refreshed_at,
    complete_through,
    is_final
FROM conversations.snapshot_history FINAL
WHERE refreshed_at = (SELECT max(refreshed_at) FROM conversations.snapshot_history)
COMMENT 'agg_history_monthly as it was at refreshed_at, kept ready: at most about ten seconds old, and a second more for each 100,000 messages, while events flow.';

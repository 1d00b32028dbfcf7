SELECT
    batches.batches AS batches,
    batches.events AS events,
    batches.rows AS rows,
    batches.running AS running,
    batches.failed AS failed,
    batches.recovered AS recovered,
    batches.late AS late,
    batches.duplicates AS duplicates,
    batches.rejected AS rejected,
    letters.waiting AS dead_letters_waiting,
    batches.last_at AS last_at
FROM
(
    SELECT
        count() AS batches,
        sum(runs.events) AS events,
        sum(runs.rows) AS rows,
        countIf(status = 'RUNNING') AS running,
        countIf(status = 'FAILED') AS failed,
        countIf(status = 'RECOVERED') AS recovered,
        sum(runs.late) AS late,
        sum(runs.duplicates) AS duplicates,
        sum(runs.rejected) AS rejected,
        if(batches > 0, max(finished_at), NULL) AS last_at
    FROM orchestrator.runs AS runs
    WHERE toDate(started_at) BETWEEN {from:Date} AND {to:Date}
        AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
) AS batches
CROSS JOIN
(
    SELECT countIf(replayed_at IS NULL) AS waiting
    FROM orchestrator.dead_letters
    WHERE toDate(dead_at) BETWEEN {from:Date} AND {to:Date}
        AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
) AS letters

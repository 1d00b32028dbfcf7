-- By minute for two days or less, by hour for a month, else by day: so many points as a chart can show.
WITH multiIf(dateDiff('day', {from:Date}, {to:Date}) < 2, 60, dateDiff('day', {from:Date}, {to:Date}) < 32, 3600, 86400) AS width
SELECT
    toDateTime(intDiv(toUnixTimestamp(started_at), width) * width, 'UTC') AS time,
    sum(runs.events) AS events,
    sum(runs.rows) AS rows,
    count() AS batches,
    sum(runs.rejected) AS rejected
FROM orchestrator.runs AS runs
WHERE toDate(started_at) BETWEEN {from:Date} AND {to:Date}
    AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
GROUP BY time
ORDER BY time
LIMIT 5000

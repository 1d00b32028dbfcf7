CREATE VIEW IF NOT EXISTS conversations.dim_dates
(
    date_id Date COMMENT 'The day: unique.',
    year UInt16 COMMENT 'Year.',
    month UInt8 COMMENT 'Month, 1 to 12.',
    day UInt8 COMMENT 'Day of the month, 1 to 31.',
    day_of_week UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    is_business_day Bool COMMENT 'Whether it is neither a Saturday nor a Sunday. Holidays are not known.',
    week Date COMMENT 'Monday of its ISO week.',
    month_start Date COMMENT 'First day of its month.',
    quarter UInt8 COMMENT 'Quarter, 1 to 4.'
)
AS SELECT
    toDate('2000-01-01') + number AS date_id,
    toYear(date_id) AS year,
    toMonth(date_id) AS month,
    toDayOfMonth(date_id) AS day,
    toDayOfWeek(date_id) % 7 AS day_of_week,
    toBool(toDayOfWeek(date_id) <= 5) AS is_business_day,
    toMonday(date_id) AS week,
    toStartOfMonth(date_id) AS month_start,
    toQuarter(date_id) AS quarter
FROM numbers(toUInt64(toDate(now('UTC')) + INTERVAL 1 YEAR - toDate('2000-01-01') + 1))
COMMENT 'Every day from 2000-01-01 to a year from today.';

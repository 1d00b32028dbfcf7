-- Business time: how long a clinic was open between two instants. Facts keep the seconds that elapsed; what of them was
-- within open hours is computed where it is read, from schedules that may change at any time, for the past too.
--
-- A clinic has one row with its whole schedule, so that loading it anew replaces it at once: `parley schedules load`.
-- Hours are what the clock of the clinic shows, in whole minutes. An interval belongs to the day on which it starts, and
-- one that closes no later than it opens goes on past midnight.
--
-- reference_: kept whole on every server of a cluster, because Parley never writes it and every dictionary reads it.
-- docs/decisions/0010-business-time.md says why the calendar is made so.
CREATE TABLE IF NOT EXISTS conversations.reference_schedules
(
    clinic_code String COMMENT 'Clinic; empty for the default schedule.',
    hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Open hours: weekday (0 is Sunday), minutes since midnight, days on which they hold (valid_to exclusive).',
    holidays Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16)) COMMENT 'Days with hours of their own, in minutes since midnight; closed all day when both are 0.',
    loaded_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was loaded: the last one of a clinic holds, whole.'
)
ENGINE = ReplacingMergeTree(loaded_at)
ORDER BY clinic_code
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of schedules. Read conversations.clinic_schedules and conversations.clinic_holidays.';

-- While no default was loaded there is one built in, so that a new warehouse answers.
CREATE VIEW IF NOT EXISTS conversations.schedules_in_force
(
    clinic_code String COMMENT 'Clinic; empty for the default schedule.',
    hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Open hours: weekday (0 is Sunday), minutes since midnight by the clock of the clinic, days on which they hold.',
    holidays Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16)) COMMENT 'Days with hours of their own, in minutes since midnight; closed all day when both are 0.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded; 1970-01-01 for the one that is built in.',
    is_built_in Bool COMMENT 'Whether it is the default that holds while none was loaded: Monday to Friday, 09:00 to 17:00, no holidays.'
)
AS SELECT clinic_code, hours, holidays, loaded_at, false AS is_built_in
FROM conversations.reference_schedules FINAL
WHERE notEmpty(hours) OR notEmpty(holidays)
UNION ALL
SELECT
    '' AS clinic_code,
    CAST(arrayMap(weekday -> (weekday, 540, 1020, '1970-01-01', '2299-12-31'), range(1, 6)), 'Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32))') AS hours,
    CAST([], 'Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16))') AS holidays,
    toDateTime64(0, 3, 'UTC') AS loaded_at,
    true AS is_built_in
FROM
(
    SELECT countIf(clinic_code = '' AND (notEmpty(hours) OR notEmpty(holidays))) AS defaults
    FROM conversations.reference_schedules FINAL
)
WHERE defaults = 0
COMMENT 'One row per clinic with a schedule of its own, and one for all others. Easier to read: clinic_schedules, clinic_holidays.';

CREATE VIEW IF NOT EXISTS conversations.clinic_schedules
(
    clinic_code String COMMENT 'Clinic; empty for the default, which holds on the days for which a clinic has no hours of its own.',
    weekday UInt8 COMMENT '0 is Sunday, 6 is Saturday, as in dim_dates.day_of_week.',
    opens_at String COMMENT 'HH:MM by the clock of the clinic.',
    closes_at String COMMENT 'HH:MM by the clock of the clinic; no later than opens_at: on the next day. 24:00 is midnight.',
    valid_from Date32 COMMENT 'First day on which it holds.',
    valid_to Date32 COMMENT 'The day from which it holds no more; 2299-12-31 when it holds now.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded; 1970-01-01 for the default that is built in.',
    is_built_in Bool COMMENT 'Whether it is of the default that holds while none was loaded.'
)
AS SELECT
    clinic_code,
    hour.1 AS weekday,
    concat(leftPad(toString(intDiv(hour.2, 60)), 2, '0'), ':', leftPad(toString(hour.2 % 60), 2, '0')) AS opens_at,
    concat(leftPad(toString(intDiv(hour.3, 60)), 2, '0'), ':', leftPad(toString(hour.3 % 60), 2, '0')) AS closes_at,
    hour.4 AS valid_from,
    hour.5 AS valid_to,
    loaded_at,
    is_built_in
FROM (SELECT clinic_code, arrayJoin(hours) AS hour, loaded_at, is_built_in FROM conversations.schedules_in_force)
COMMENT 'Open hours of clinics: one row per interval of a weekday. Loaded by parley schedules load.';

CREATE VIEW IF NOT EXISTS conversations.clinic_holidays
(
    clinic_code String COMMENT 'Clinic; empty for every clinic that does not list the day itself.',
    day Date32 COMMENT 'The day, by the clock of the clinic.',
    name String COMMENT 'Name of the holiday.',
    opens_at Nullable(String) COMMENT 'HH:MM by the clock of the clinic; null when it is closed all day.',
    closes_at Nullable(String) COMMENT 'HH:MM by the clock of the clinic; null when it is closed all day.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded.'
)
AS SELECT
    clinic_code,
    holiday.1 AS day,
    holiday.2 AS name,
    if(holiday.3 = 0 AND holiday.4 = 0, NULL, concat(leftPad(toString(intDiv(holiday.3, 60)), 2, '0'), ':', leftPad(toString(holiday.3 % 60), 2, '0'))) AS opens_at,
    if(holiday.3 = 0 AND holiday.4 = 0, NULL, concat(leftPad(toString(intDiv(holiday.4, 60)), 2, '0'), ':', leftPad(toString(holiday.4 % 60), 2, '0'))) AS closes_at,
    loaded_at
FROM (SELECT clinic_code, arrayJoin(holidays) AS holiday, loaded_at FROM conversations.schedules_in_force)
COMMENT 'Days on which the hours of the week do not hold. Loaded by parley schedules load.';

-- Clinics with the same zone and schedule share a calendar. The last known zone of the clinic, its deleted versions
-- included; a name that this server does not know is UTC: as in agg_response_times.
CREATE VIEW IF NOT EXISTS conversations.clinic_calendars
(
    clinic_code String COMMENT 'Clinic: unique.',
    calendar_id UInt64 COMMENT 'Calendar; the same for clinics with the same zone, hours and holidays. Joins business_intervals.',
    timezone String COMMENT 'IANA time zone of the clinic as it is known now; UTC when it is unknown.',
    own_hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Hours of its own.',
    default_hours Array(Tuple(weekday UInt8, opens_at UInt16, closes_at UInt16, valid_from Date32, valid_to Date32)) COMMENT 'Hours of the default, for days for which it has none of its own.',
    holidays Array(Tuple(day Date32, name String, opens_at UInt16, closes_at UInt16)) COMMENT 'Its own holidays, and those of the default on other days.'
)
AS SELECT
    clinics.clinic_code AS clinic_code,
    cityHash64(timezone, own_hours, default_hours, holidays) AS calendar_id,
    clinics.zone AS timezone,
    schedules.hours AS own_hours,
    defaults.hours AS default_hours,
    arrayConcat(schedules.holidays, arrayFilter(holiday -> NOT has(schedules.holidays.day, holiday.1), defaults.holidays)) AS holidays
FROM
(
    SELECT
        clinic_code,
        '' AS no_clinic,
        argMax(timezone, valid_from) AS known,
        if(known IN (SELECT time_zone FROM system.time_zones), known, 'UTC') AS zone
    FROM conversations.dim_clinics
    GROUP BY clinic_code
) AS clinics
LEFT JOIN conversations.schedules_in_force AS schedules ON schedules.clinic_code = clinics.clinic_code
LEFT JOIN conversations.schedules_in_force AS defaults ON defaults.clinic_code = clinics.no_clinic
COMMENT 'Which calendar each clinic has.';

-- Reaches from 2010-01-01 to a year from today. An instant is within open hours when the clock of the clinic then shows
-- such an hour: so an hour that the clock leaps over in spring is not there, and one that it shows twice in autumn counts
-- twice. Zones are asked for their clock at every midnight, and minute by minute on the days on which it was moved.
CREATE VIEW IF NOT EXISTS conversations.business_intervals
(
    calendar_id UInt64 COMMENT 'Calendar; joins clinic_calendars.',
    stretch Int32 COMMENT 'Days without a gap in what is known of them. Between two instants of different stretches nothing is known.',
    opens_at DateTime('UTC') COMMENT 'When the clinic opens, in UTC; also the start of a stretch, as an interval of no length.',
    closes_at DateTime('UTC') COMMENT 'When it closes, in UTC.',
    until DateTime('UTC') COMMENT 'Last second before the next interval.',
    open_seconds UInt32 COMMENT 'Seconds between opening and closing.',
    open_seconds_before UInt32 COMMENT 'Open seconds of the stretch before this interval.'
)
AS WITH
    toDate('2010-01-01') AS first_day,
    today() + INTERVAL 1 YEAR AS last_day,
    calendars AS
    (
        SELECT calendar_id, any(timezone) AS timezone, any(own_hours) AS own_hours, any(default_hours) AS default_hours, any(holidays) AS holidays
        FROM conversations.clinic_calendars
        GROUP BY calendar_id
    ),
    -- How far the clock of each zone is ahead of UTC, at every midnight in UTC.
    daily AS
    (
        SELECT
            timezone,
            86400 * arrayJoin(range(toInt32(first_day) - 2, toInt32(last_day) + 4)) AS midnight,
            toInt64(toUnixTimestamp(toDateTime(toString(toDateTime(midnight, 'UTC'), timezone), 'UTC'))) - midnight AS ahead
        FROM (SELECT DISTINCT timezone FROM calendars)
    ),
    -- The days at whose ends it differs, and the first of all.
    moved AS
    (
        SELECT timezone, midnight, last_midnight
        FROM
        (
            SELECT
                timezone, midnight, ahead,
                lagInFrame(midnight, 1, midnight) OVER by_time AS last_midnight,
                lagInFrame(ahead, 1, toInt64(-100000)) OVER by_time AS last_ahead
            FROM daily
            WINDOW by_time AS (PARTITION BY timezone ORDER BY midnight ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        )
        WHERE ahead != last_ahead
    ),
    -- The same of every minute of those days.
    minutely AS
    (
        SELECT
            timezone,
            arrayJoin(if(last_midnight = midnight, [midnight], arrayMap(place -> last_midnight + toInt64(60 * place), range(0, 1441)))) AS minute,
            toInt64(toUnixTimestamp(toDateTime(toString(toDateTime(minute, 'UTC'), timezone), 'UTC'))) - minute AS ahead
        FROM moved
    ),
    periods AS
    (
        SELECT timezone, groupArray((since, until, ahead)) AS periods
        FROM
        (
            SELECT
                timezone, minute AS since, ahead,
                leadInFrame(minute, 1, toInt64(9999999999)) OVER (PARTITION BY timezone ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
            FROM
            (
                SELECT timezone, minute, ahead, lagInFrame(ahead, 1, toInt64(-100000)) OVER (PARTITION BY timezone ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_ahead
                FROM minutely
            )
            WHERE ahead != last_ahead
        )
        GROUP BY timezone
    ),
    -- The hours of each day by the clock of the clinic. A day of which no hours are known is left out.
    days AS
    (
        SELECT
            calendar_id,
            timezone,
            arrayJoin(range(toInt32(first_day), toInt32(last_day) + 1)) AS day,
            toDate32(toDate(toUInt16(day))) AS date,
            arrayFilter(hour -> hour.4 <= date AND date < hour.5, own_hours) AS own,
            if(empty(own), arrayFilter(hour -> hour.4 <= date AND date < hour.5, default_hours), own) AS week,
            arrayFilter(holiday -> holiday.1 = date, holidays) AS special,
            if(
                empty(special),
                arrayMap(hour -> (hour.2, hour.3), arrayFilter(hour -> hour.1 = toDayOfWeek(date) % 7, week)),
                arrayMap(holiday -> (holiday.3, holiday.4), arrayFilter(holiday -> holiday.3 != 0 OR holiday.4 != 0, special))
            ) AS hours
        FROM calendars
        WHERE notEmpty(week)
    ),
    -- Days that follow each other make a stretch. What is said of times in two stretches leaves out the days between.
    stretches AS
    (
        SELECT
            calendar_id, timezone, day, hours, stretch,
            min(day) OVER (PARTITION BY calendar_id, stretch) AS first,
            max(day) OVER (PARTITION BY calendar_id, stretch) AS last
        FROM
        (
            SELECT
                calendar_id, timezone, day, hours,
                day - toInt64(row_number() OVER (PARTITION BY calendar_id ORDER BY day)) AS stretch
            FROM days
        )
    ),
    -- Seconds since 1970 by that clock: open hours (kind 0), and the ends of the stretch (1: its first day, 2: its last).
    walls AS
    (
        SELECT calendar_id, timezone, stretch, arrayJoin(arrayConcat(
            arrayMap(hour -> (0, 86400 * day + 60 * toInt64(hour.1), 86400 * day + 60 * toInt64(hour.2 + if(hour.2 <= hour.1, 1440, 0))), hours),
            if(day = first, [(1, 86400 * day, 86400 * (day + 1))], []),
            if(day = last, [(2, 86400 * day, 86400 * (day + 1))], []))) AS wall
        FROM stretches
    ),
    -- In UTC. What a clock shows twice is there twice, and what it leaps over is not.
    pieces AS
    (
        SELECT
            walls.calendar_id AS calendar_id,
            walls.stretch AS stretch,
            walls.wall.1 AS kind,
            arrayJoin(arrayFilter(piece -> piece.1 < piece.2, arrayMap(
                period -> (greatest(walls.wall.2 - period.3, period.1), least(walls.wall.3 - period.3, period.2)), zones.periods))) AS piece
        FROM walls LEFT JOIN periods AS zones ON zones.timezone = walls.timezone
    ),
    bounded AS
    (
        SELECT
            calendar_id, stretch, kind, piece.1 AS opened, piece.2 AS closed,
            minIf(piece.1, kind = 1) OVER (PARTITION BY calendar_id, stretch) AS starts,
            maxIf(piece.2, kind = 2) OVER (PARTITION BY calendar_id, stretch) AS ends
        FROM pieces
    ),
    -- Hours that overlap count once. The start of a stretch is there as an interval of no length.
    parted AS
    (
        SELECT
            calendar_id, stretch, ends, within.2 AS closes, within.1 = starts AND within.2 = starts AS is_start,
            greatest(within.1, max(within.2) OVER (PARTITION BY calendar_id, stretch ORDER BY within ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS opens
        FROM
        (
            SELECT
                calendar_id, stretch, starts, ends,
                if(kind = 0, (least(greatest(opened, starts), ends), least(closed, ends)), (starts, starts)) AS within
            FROM bounded
            WHERE kind = 0 OR (kind = 1 AND opened = starts)
        )
    )
SELECT
    calendar_id,
    stretch,
    toDateTime(opens, 'UTC') AS opens_at,
    toDateTime(closes, 'UTC') AS closes_at,
    toDateTime(leadInFrame(opens, 1, ends) OVER (PARTITION BY calendar_id, stretch ORDER BY opens, closes ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - 1, 'UTC') AS until,
    toUInt32(closes - opens) AS open_seconds,
    toUInt32(sum(closes - opens) OVER (PARTITION BY calendar_id, stretch ORDER BY opens, closes ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - (closes - opens)) AS open_seconds_before
FROM parted
WHERE opens < closes OR is_start
COMMENT 'When clinics were and will be open, in UTC, with the sum of open seconds before each interval.';

-- Reloaded when a calendar changes, and every midnight. parley schedules load reloads both at once.
CREATE DICTIONARY IF NOT EXISTS conversations.calendar_of_clinic
(
    clinic_code String,
    calendar_id UInt64 DEFAULT 0
)
PRIMARY KEY clinic_code
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT clinic_code, calendar_id FROM conversations.clinic_calendars'
    INVALIDATE_QUERY 'SELECT count(), groupBitXor(cityHash64(clinic_code, calendar_id)) FROM conversations.clinic_calendars'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 60 MAX 120)
COMMENT 'The calendar of a clinic, at most two minutes behind. Columns: clinic_code (key), calendar_id (0 when the clinic is unknown).';

CREATE DICTIONARY IF NOT EXISTS conversations.business_time
(
    calendar_id UInt64,
    opens_at DateTime('UTC'),
    until DateTime('UTC'),
    stretch Int32 DEFAULT 0,
    opens_second UInt32 DEFAULT 0,
    open_seconds UInt32 DEFAULT 0,
    open_seconds_before UInt32 DEFAULT 0
)
PRIMARY KEY calendar_id
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT calendar_id, opens_at, until, stretch, toUnixTimestamp(opens_at) AS opens_second, open_seconds, open_seconds_before FROM conversations.business_intervals'
    INVALIDATE_QUERY 'SELECT today(), count(), groupBitXor(calendar_id) FROM (SELECT DISTINCT calendar_id FROM conversations.clinic_calendars)'))
LAYOUT(RANGE_HASHED())
RANGE(MIN opens_at MAX until)
LIFETIME(MIN 60 MAX 120)
COMMENT 'Open seconds of a calendar up to a time: open_seconds_before + least(time - opens_second, open_seconds). Columns: calendar_id (key), opens_at and until (range, both inclusive), stretch (0 when nothing is known of that time; two times can be compared within one stretch), opens_second, open_seconds, open_seconds_before. Example: SELECT business_response_seconds FROM conversations.fact_responses';

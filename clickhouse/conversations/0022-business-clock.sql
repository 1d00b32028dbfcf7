-- Business seconds of many responses with one look-up for each of their two times. A look-up in a dictionary costs 25 to
-- 50 ns for each attribute, and business_time has four: of 1.7 million responses that was 0.4 s, which is too long for a page.
--
-- F(t), the open seconds up to t, is a line of slope 1 while a clinic is open, and of slope 0 while it is closed:
-- F(t) = rise + slope * t. Both fit into one number, 2 * rise + slope. rise contains the number of the stretch, 2^40 for
-- each, so that times of two stretches, or out of reach (0), are further apart than any seconds could be.
CREATE DICTIONARY IF NOT EXISTS conversations.business_clock
(
    calendar_id UInt64,
    since DateTime('UTC'),
    until DateTime('UTC'),
    line Int64 DEFAULT 0
)
PRIMARY KEY calendar_id
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT calendar_id, toDateTime(piece.1, ''UTC'') AS since, toDateTime(piece.2, ''UTC'') AS until, piece.3 AS line FROM (SELECT calendar_id, toInt64(toUnixTimestamp(opens_at)) AS opens, opens + toInt64(open_seconds) AS closes, toInt64(open_seconds_before) + bitShiftLeft(toInt64(stretch) + 100000, 40) AS before, arrayJoin(arrayFilter(span -> span.1 <= span.2, [(opens, closes - 1, 2 * (before - opens) + 1), (closes, toInt64(toUnixTimestamp(until)), 2 * (before + closes - opens))])) AS piece FROM conversations.business_intervals)'
    INVALIDATE_QUERY 'SELECT today(), count(), groupBitXor(calendar_id) FROM (SELECT DISTINCT calendar_id FROM conversations.clinic_calendars)'))
LAYOUT(RANGE_HASHED())
RANGE(MIN since MAX until)
LIFETIME(MIN 60 MAX 120)
COMMENT 'Open seconds of a calendar up to a time, packed, for fact_response_times; business_time is plainer. Columns: calendar_id (key), since and until (range, both inclusive), line (2 * rise + slope: open seconds up to t are rise + slope * t; 0 when nothing is known of that time).';

CREATE OR REPLACE VIEW conversations.fact_response_times
(
    clinic_code LowCardinality(String) COMMENT 'Clinic that responded; joins dim_clinics_current.',
    date_id Date COMMENT 'Day in UTC on which it responded; joins dim_dates.',
    answered_at DateTime('UTC') COMMENT 'When the response was sent, in UTC, in whole seconds.',
    channel LowCardinality(String) COMMENT 'Channel of the response.',
    direction_type LowCardinality(String) COMMENT 'Message type of the response: initial, followup or response.',
    is_first_response Bool COMMENT 'Whether it is the first response of its conversation.',
    response_seconds UInt32 COMMENT 'Seconds from the first unanswered in message to the response.',
    business_response_seconds Nullable(UInt32) COMMENT 'Those of them that were within the open hours of the clinic; null where its calendar does not reach.'
)
AS WITH
    dictGet('conversations.calendar_of_clinic', 'calendar_id', tuple(toString(store.clinic_code))) AS calendar,
    store.answered_at - store.response_seconds AS asked_at,
    dictGet('conversations.business_clock', 'line', calendar, asked_at) AS earlier_line,
    dictGet('conversations.business_clock', 'line', calendar, store.answered_at) AS later_line,
    bitShiftRight(earlier_line, 1) + bitAnd(earlier_line, 1) * toUnixTimestamp(asked_at) AS earlier,
    bitShiftRight(later_line, 1) + bitAnd(later_line, 1) * toUnixTimestamp(store.answered_at) AS later,
    later - earlier AS open_between,
    earlier_line != 0 AND open_between >= 0 AND open_between < 1099511627776 / 2 AS is_known,
    -- Null out of reach. A product and no if(): that one evaluates its branches apart, at half the speed.
    toUInt32(open_between * nullIf(is_known, 0)) AS business_seconds
SELECT
    store.clinic_code AS clinic_code,
    toDate(store.answered_at) AS date_id,
    store.answered_at AS answered_at,
    store.channel AS channel,
    store.direction_type AS direction_type,
    store.is_first_response AS is_first_response,
    store.response_seconds AS response_seconds,
    business_seconds AS business_response_seconds
FROM conversations.store_answers AS store FINAL
WHERE store.sign = 1
COMMENT 'One row per response, without its ids: for figures over many of them. With ids: fact_responses.';

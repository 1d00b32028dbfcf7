import { z } from 'zod';

/**
 * Times of events: ISO 8601 with an offset. `parseTimestamp` reads them digit by digit, because `Date.parse` also takes
 * times without an offset (and then guesses the machine's), and days that a month does not have.
 */

const zero = 48;
const daysBefore = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const daysIn = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

// The schema checks a time that the decoder then wants in milliseconds: the last one is kept, to be read once.
let lastText = '';
let lastTime = Number.NaN;

/**
 * Milliseconds since 1970 of `YYYY-MM-DDTHH:MM:SS`, then up to 9 digits of a fraction (cut to milliseconds), then `Z` or
 * `±HH:MM`. NaN for anything else, also for days and times that do not exist, leap seconds and 24:00.
 */
export function parseTimestamp(text: string): number {
  if (text === lastText) return lastTime;
  lastTime = parse(text);
  lastText = text;
  return lastTime;
}

/** A time as events carry it: a string that `parseTimestamp` reads. */
export const isoTimestamp = z
  .string()
  .refine((text) => !Number.isNaN(parseTimestamp(text)), {
    error: 'expected an ISO 8601 time with an offset, such as 2026-01-31T09:30:00Z or 2026-01-31T10:30:00.250+01:00',
  })
  .meta({ format: 'date-time' });

function parse(text: string): number {
  const length = text.length;
  if (length < 20 || length > 35) return Number.NaN;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || text.charCodeAt(10) !== 84) return Number.NaN;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return Number.NaN;
  // A part that is not two digits comes as a large negative number, and so fails its range.
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (year < 0 || twoDigits(text, 2) < 0 || month < 1 || month > 12 || day < 1) return Number.NaN;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return Number.NaN;
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > (daysIn[month] as number) || (month === 2 && day === 29 && !isLeapYear)) return Number.NaN;

  let at = 19;
  let milliseconds = 0;
  if (text.charCodeAt(at) === 46) {
    at++;
    for (let scale = 100; ; at++, scale /= 10) {
      const digit = text.charCodeAt(at) - zero;
      if (!(digit >= 0 && digit <= 9)) break;
      if (scale >= 1) milliseconds += digit * scale;
    }
    const digits = at - 20;
    if (digits < 1 || digits > 9) return Number.NaN;
  }
  const offsetMinutes = text.charCodeAt(at) === 90 && length === at + 1 ? 0 : parseOffset(text, at);

  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const days =
    before * 365 + leapDays - 719_162 + (daysBefore[month] as number) + (month > 2 && isLeapYear ? 1 : 0) + day - 1;
  return ((days * 24 + hour) * 60 + minute - offsetMinutes) * 60_000 + second * 1000 + milliseconds;
}

/** Minutes east of Greenwich of `±HH:MM` at the end of the text; NaN otherwise. */
function parseOffset(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (text.length !== at + 6 || (sign !== 43 && sign !== 45) || text.charCodeAt(at + 3) !== 58) return Number.NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  return (hours * 60 + minutes) * (sign === 45 ? -1 : 1);
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero;
  const ones = text.charCodeAt(at + 1) - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1_000_000;
}

import { z } from 'zod';
import { FAR_FUTURE_DAY, FIRST_DAY, type Holiday, type WeeklyHours, weekdays } from './schedule.ts';

/** One row of a schedules file: an interval of a weekday, or a day with hours of its own. */
export type ScheduleRow =
  | { readonly kind: 'hours'; readonly clinicCode: string; readonly hours: WeeklyHours }
  | { readonly kind: 'holiday'; readonly clinicCode: string; readonly holiday: Holiday };

const clock = /^([01]\d|2[0-3]):([0-5]\d)$/;
const opensAt = z.string().regex(clock, 'expected HH:MM, 00:00 to 23:59').transform(minutesOf);
const closesAt = z
  .string()
  .refine((text) => text === '24:00' || clock.test(text), 'expected HH:MM, 00:00 to 24:00')
  // Midnight ends the day, whichever way it is written.
  .transform((text) => minutesOf(text) || 1440);
const day = z
  .string()
  .refine(isDay, 'expected a day as YYYY-MM-DD')
  .refine((text) => text >= FIRST_DAY && text <= FAR_FUTURE_DAY, `expected ${FIRST_DAY} to ${FAR_FUTURE_DAY}`);
const weekday = z
  .string()
  .transform((text) => weekdays.findIndex((name) => [name, name.slice(0, 3)].includes(text.toLowerCase())))
  .refine((place) => place >= 0, 'expected a weekday: monday, or mon');
const clinicCode = z
  .string()
  .max(200)
  .regex(/^[^\u0000-\u001f]*$/, 'expected no control characters');

const hoursRow = z
  .strictObject({
    clinic_code: clinicCode,
    weekday,
    opens_at: opensAt,
    closes_at: closesAt,
    valid_from: day.default(FIRST_DAY),
    valid_to: day.default(FAR_FUTURE_DAY),
  })
  .refine((row) => row.valid_from < row.valid_to, { path: ['valid_to'], message: 'expected a day after valid_from' })
  .transform((row): ScheduleRow => {
    const { clinic_code, weekday, opens_at, closes_at, valid_from, valid_to } = row;
    const hours = { weekday, opensAt: opens_at, closesAt: closes_at, validFrom: valid_from, validTo: valid_to };
    return { kind: 'hours', clinicCode: clinic_code, hours };
  });

const holidayRow = z
  .strictObject({
    clinic_code: clinicCode,
    day,
    name: z.string().max(200).default(''),
    opens_at: opensAt.optional(),
    closes_at: closesAt.optional(),
  })
  .refine((row) => (row.opens_at === undefined) === (row.closes_at === undefined), {
    path: ['closes_at'],
    message: 'expected opens_at and closes_at together, or neither for a day that is closed',
  })
  .transform(({ clinic_code, day, name, opens_at = 0, closes_at = 0 }): ScheduleRow => {
    return { kind: 'holiday', clinicCode: clinic_code, holiday: { day, name, opensAt: opens_at, closesAt: closes_at } };
  });

/** The row, or what is wrong with it, in words. A row with a `day` is a holiday, any other one is of the week. */
export function parseScheduleRow(fields: Readonly<Record<string, unknown>>): ScheduleRow | readonly string[] {
  const schema = fields.day === undefined ? hoursRow : holidayRow;
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  return result.error.issues.map(({ path, message, code, ...more }) => {
    if (code === 'unrecognized_keys')
      return `${(more as { keys: string[] }).keys.join(', ')}: not a field of such a row`;
    const name = String(path[0] ?? '');
    return fields[name] === undefined ? `${name}: missing` : `${name}: ${message}, received ${show(fields[name])}`;
  });
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, 60);
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

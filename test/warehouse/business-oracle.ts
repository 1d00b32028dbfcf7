import type { ClinicSchedule, Holiday, WeeklyHours } from '../../src/schedules/schedule.ts';

/**
 * Business seconds by a walk over every minute: what does the clock of the clinic show, and is that an open hour? No
 * offsets, no intervals in UTC, no sums that are kept: written from docs/semantics.md, never from the migrations.
 */
export interface Wall {
  readonly day: string;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly minute: number;
  readonly dayBefore: string;
}

/** What the clocks of a zone show in each minute of a span, asked of Intl once. */
export class Clock {
  readonly #walls = new Map<number, Wall>();
  readonly #format: Intl.DateTimeFormat;

  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  }

  /** `minute`: whole minutes since 1970. */
  at(minute: number): Wall {
    let wall = this.#walls.get(minute);
    if (wall === undefined) {
      const part = Object.fromEntries(
        this.#format.formatToParts(minute * 60_000).map(({ type, value }) => [type, value]),
      );
      const day = `${part.year}-${part.month}-${part.day}`;
      const noon = Date.parse(`${day}T12:00:00Z`);
      wall = {
        day,
        weekday: new Date(noon).getUTCDay(),
        minute: Number(part.hour) * 60 + Number(part.minute),
        dayBefore: new Date(noon - 86_400_000).toISOString().slice(0, 10),
      };
      this.#walls.set(minute, wall);
    }
    return wall;
  }
}

type Hours = Pick<WeeklyHours, 'opensAt' | 'closesAt'>;

/** The hours that begin on a day; undefined when no hours are known of that day. */
function hoursOf(day: string, own: ClinicSchedule, fallback: ClinicSchedule): readonly Hours[] | undefined {
  const holds = (hours: WeeklyHours) => hours.validFrom <= day && day < hours.validTo;
  const ofOwn = own.hours.filter(holds);
  const known = ofOwn.length > 0 ? ofOwn : fallback.hours.filter(holds);
  if (known.length === 0) return undefined;
  const onDay = (holiday: Holiday) => holiday.day === day;
  const special = own.holidays.some(onDay) ? own.holidays.filter(onDay) : fallback.holidays.filter(onDay);
  if (special.length > 0) return special.filter(({ opensAt, closesAt }) => opensAt !== 0 || closesAt !== 0);
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay();
  return known.filter((hours) => hours.weekday === weekday);
}

function isOpen(wall: Wall, own: ClinicSchedule, fallback: ClinicSchedule): boolean {
  const crosses = ({ opensAt, closesAt }: Hours) => closesAt <= opensAt;
  const today = hoursOf(wall.day, own, fallback) ?? [];
  const before = hoursOf(wall.dayBefore, own, fallback) ?? [];
  return (
    today.some((hours) => wall.minute >= hours.opensAt && (crosses(hours) || wall.minute < hours.closesAt)) ||
    before.some((hours) => crosses(hours) && wall.minute < hours.closesAt)
  );
}

/** Open seconds from one instant to another, in whole seconds since 1970; null when a day among them is not known. */
export function businessSeconds(
  from: number,
  to: number,
  clock: Clock,
  own: ClinicSchedule,
  fallback: ClinicSchedule,
): number | null {
  let seconds = 0;
  for (let minute = Math.floor(from / 60); minute <= Math.floor(to / 60); minute++) {
    const wall = clock.at(minute);
    if (hoursOf(wall.day, own, fallback) === undefined) return null;
    if (!isOpen(wall, own, fallback)) continue;
    seconds += Math.min(to, minute * 60 + 60) - Math.max(from, minute * 60);
  }
  return seconds;
}

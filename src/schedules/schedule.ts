/** Open hours of a clinic by its own clock. Minutes are counted from midnight; days are `YYYY-MM-DD`. */
export interface ClinicSchedule {
  /** Empty for the default, which holds where a clinic has nothing of its own. */
  readonly clinicCode: string;
  readonly hours: readonly WeeklyHours[];
  readonly holidays: readonly Holiday[];
}

export interface WeeklyHours {
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 0 to 1439. */
  readonly opensAt: number;
  /** 1 to 1440. No later than `opensAt`: on the next day. */
  readonly closesAt: number;
  readonly validFrom: string;
  /** The first day on which it holds no more. */
  readonly validTo: string;
}

/** A day with hours of its own. Both 0: closed all day. */
export interface Holiday {
  readonly day: string;
  readonly name: string;
  readonly opensAt: number;
  readonly closesAt: number;
}

export const FIRST_DAY = '1970-01-01';
/** The end of what still holds, as in the dimensions. */
export const FAR_FUTURE_DAY = '2299-12-31';

export const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** Something with a place in a week or a day, in minutes, for telling what overlaps. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function spanOf({ opensAt, closesAt }: Pick<WeeklyHours, 'opensAt' | 'closesAt'>): Span {
  return { from: opensAt, to: closesAt <= opensAt ? closesAt + 1440 : closesAt };
}

/** Whether two intervals of a week are open at the same time on some day on which both hold. */
export function overlaps(left: WeeklyHours, right: WeeklyHours): boolean {
  if (left.validFrom >= right.validTo || right.validFrom >= left.validTo) return false;
  const [one, other] = [left, right].map((hours) => {
    const { from, to } = spanOf(hours);
    return { from: hours.weekday * 1440 + from, to: hours.weekday * 1440 + to };
  }) as [Span, Span];
  // The week before and the week after: Saturday night may go on into Sunday.
  return [-10_080, 0, 10_080].some((shift) => one.from + shift < other.to && other.from < one.to + shift);
}

/**
 * How busy an hour is where a clinic stands: full in business hours, thin in the evening, at night and on Saturday and
 * Sunday. Offsets of zones change with the seasons; they are looked up once for each zone and hour, because asking Intl
 * for every message would cost more than making it.
 */
export class Rhythm {
  readonly #formatters: readonly Intl.DateTimeFormat[];
  readonly #zoneOf = new Map<string, number>();
  readonly #open: Float64Array;
  #hour = Number.NaN;

  constructor(zones: readonly string[]) {
    const distinct = [...new Set(zones)];
    this.#formatters = distinct.map(
      (timeZone) => new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: 'numeric', hourCycle: 'h23' }),
    );
    for (const [index, zone] of distinct.entries()) this.#zoneOf.set(zone, index);
    this.#open = new Float64Array(distinct.length);
  }

  /** The place of a zone, for `busy`. */
  indexOf(zone: string): number {
    return this.#zoneOf.get(zone)!;
  }

  /** 0 to 1: how much is going on at this time (milliseconds since 1970). */
  busy(zoneIndex: number, time: number): number {
    // A quarter of an hour, because there are zones at 30 and 45 minutes.
    const quarter = Math.floor(time / 900_000);
    if (quarter !== this.#hour) {
      this.#hour = quarter;
      for (const [index, formatter] of this.#formatters.entries()) this.#open[index] = busyAt(formatter, time);
    }
    return this.#open[zoneIndex]!;
  }
}

function busyAt(formatter: Intl.DateTimeFormat, time: number): number {
  let hour = 0;
  let weekday = '';
  for (const { type, value } of formatter.formatToParts(time)) {
    if (type === 'hour') hour = Number(value);
    else if (type === 'weekday') weekday = value;
  }
  const share = weekday === 'Sat' || weekday === 'Sun' ? 0.3 : 1;
  if (hour >= 9 && hour < 18) return share * (hour === 12 || hour === 13 ? 0.75 : 1);
  if (hour >= 7 && hour < 22) return share * 0.35;
  return 0.05;
}

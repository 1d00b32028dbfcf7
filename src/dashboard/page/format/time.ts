/** Days and moments. A day has no zone and is shown as it is; a moment is shown in the viewer's zone. */

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const locale = 'en-GB';

const dayFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const monthFormat = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' });
const momentFormat = new Intl.DateTimeFormat(locale, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const clockFormat = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function isDay(text: string): boolean {
  return dayPattern.test(text);
}

export function formatDay(day: string): string {
  return dayFormat.format(new Date(`${day}T00:00:00Z`));
}

export function formatMonth(day: string): string {
  return monthFormat.format(new Date(`${day}T00:00:00Z`));
}

/** `2 Apr 2020` for a day; `2 Apr 2020, 22:45` in the viewer's zone for a moment; the text itself when it is neither. */
export function formatTime(text: string): string {
  if (isDay(text)) return formatDay(text);
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : momentFormat.format(moment);
}

/** With seconds when it is today in the viewer's zone, so that one sees it advance. */
export function formatRecent(text: string, now: Date): string {
  const moment = new Date(text);
  return moment.toDateString() === now.toDateString() ? clockFormat.format(moment) : formatTime(text);
}

/** `2020-04-02 20:45:28 UTC`, for who wants to know exactly. */
export function formatUtc(text: string): string {
  if (isDay(text)) return text;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : `${moment.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `YYYY-MM-DD`, `count` days later. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

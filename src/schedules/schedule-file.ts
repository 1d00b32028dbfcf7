import { parse as parseCsv } from 'csv-parse/sync';
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import { messageOf, ParleyError } from '../errors.ts';
import { type ClinicSchedule, type Holiday, overlaps, spanOf, type WeeklyHours } from './schedule.ts';
import { parseScheduleRow, type ScheduleRow } from './schedule-row.ts';

interface Line {
  /** 1-based. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Placed<Item> {
  readonly line: number;
  readonly item: Item;
}

interface Draft {
  readonly hours: Placed<WeeklyHours>[];
  readonly holidays: Placed<Holiday>[];
}

const faultsShown = 20;

/**
 * The schedules that the text of a file holds, one for each clinic that it names, in the order of their first rows. CSV
 * with a head line when the name ends in `.csv`; else YAML, a list of the same rows.
 *
 * Fails with PARLEY_SCHEDULE_INVALID, which names the line of each fault.
 */
export function parseSchedules(text: string, path: string): ClinicSchedule[] {
  const lines = path.toLowerCase().endsWith('.csv') ? csvLines(text, path) : yamlLines(text, path);
  const faults: string[] = [];
  const drafts = new Map<string, Draft>();
  for (const { line, fields } of lines) {
    const row = parseScheduleRow(fields);
    if ('kind' in row) addTo(drafts, line, row);
    else faults.push(...row.map((fault) => `line ${line}: ${fault}`));
  }
  for (const draft of drafts.values()) faults.push(...clashesIn(draft));
  if (faults.length > 0) throw invalid(path, faults);
  if (drafts.size === 0) throw invalid(path, ['there is no row']);
  return [...drafts].map(([clinicCode, { hours, holidays }]) => ({
    clinicCode,
    hours: hours.map(({ item }) => item),
    holidays: holidays.map(({ item }) => item),
  }));
}

function addTo(drafts: Map<string, Draft>, line: number, row: ScheduleRow): void {
  const draft = drafts.get(row.clinicCode) ?? { hours: [], holidays: [] };
  drafts.set(row.clinicCode, draft);
  if (row.kind === 'hours') draft.hours.push({ line, item: row.hours });
  else draft.holidays.push({ line, item: row.holiday });
}

/** Two rows that say something else of the same time: most likely one of them is a mistake. */
function clashesIn({ hours, holidays }: Draft): string[] {
  return [
    ...clashes(hours, overlaps, (line) => `open at the same time as line ${line} says`),
    ...clashes(holidays, isSameTime, (line) => `the same day and time as in line ${line}`),
  ];
}

function clashes<Item>(
  placed: readonly Placed<Item>[],
  isClash: (left: Item, right: Item) => boolean,
  tell: (line: number) => string,
): string[] {
  return placed.flatMap(({ line, item }, index) => {
    const other = placed.slice(0, index).find((earlier) => isClash(earlier.item, item));
    return other === undefined ? [] : [`line ${line}: ${tell(other.line)}`];
  });
}

function isSameTime(left: Holiday, right: Holiday): boolean {
  if (left.day !== right.day) return false;
  const [one, other] = [spanOf(left), spanOf(right)];
  const isClosed = left.closesAt === 0 || right.closesAt === 0;
  return isClosed || (one.from < other.to && other.from < one.to);
}

function csvLines(text: string, path: string): Line[] {
  try {
    const records = parseCsv(text, {
      bom: true,
      columns: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { readonly record: Record<string, string>; readonly info: { readonly lines: number } }[];
    return records.map(({ record, info }) => {
      // An empty cell says nothing, but of the clinic: that is the default.
      const filled = Object.entries(record).filter(([name, value]) => value !== '' || name === 'clinic_code');
      return { line: info.lines, fields: Object.fromEntries(filled) };
    });
  } catch (error) {
    const { lines } = error as { lines?: number };
    throw invalid(path, [`${lines === undefined ? '' : `line ${lines}: `}${messageOf(error)}`], error);
  }
}

function yamlLines(text: string, path: string): Line[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const [fault] = document.errors;
  if (fault !== undefined)
    throw invalid(path, [`line ${lineAt(fault.pos[0])}: ${fault.message.split('\n')[0]}`], fault);
  const list = document.contents;
  if (!isSeq(list)) throw invalid(path, ['line 1: expected a list of rows, each with clinic_code, weekday or day']);
  return list.items.map((item) => {
    const line = isMap(item) ? lineAt(item.range?.[0] ?? 0) : 1;
    const fields = isMap(item) ? (item.toJS(document) as Record<string, unknown>) : undefined;
    if (fields === undefined)
      throw invalid(path, [`expected rows only, received ${JSON.stringify(item).slice(0, 60)}`]);
    return { line, fields };
  });
}

function invalid(path: string, faults: readonly string[], cause?: unknown): ParleyError {
  const more = faults.length > faultsShown ? [`and ${faults.length - faultsShown} more`] : [];
  return new ParleyError(
    'PARLEY_SCHEDULE_INVALID',
    `These schedules cannot be loaded:\n  ${[...faults.slice(0, faultsShown), ...more].join('\n  ')}`,
    {
      expected: 'rows with clinic_code, weekday, opens_at, closes_at, or clinic_code, day',
      received: `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`,
      where: path,
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

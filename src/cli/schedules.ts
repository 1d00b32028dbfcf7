import { readFileSync } from 'node:fs';
import { codeOf, messageOf, ParleyError } from '../errors.ts';
import { FAR_FUTURE_DAY, FIRST_DAY, weekdays } from '../schedules/schedule.ts';
import { parseSchedules } from '../schedules/schedule-file.ts';
import type { ClickHouseClient } from '../warehouse/client.ts';
import { pendingMigrations } from '../warehouse/migrations.ts';
import { readSchedules, replaceSchedules, type ShownSchedules } from '../warehouse/schedules.ts';
import { withWriter } from './migrate.ts';
import { print, printJson, table } from './output.ts';
import { withReader } from './reader.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';

interface Flags {
  readonly dataDir?: string;
  readonly json?: true;
}

const fileHelp = `
A file has a row for each interval of a weekday, and one for each holiday. As CSV:
  clinic_code,weekday,opens_at,closes_at,valid_from,valid_to,day,name
  Delta,monday,08:00,12:30,,,,
  Delta,monday,13:30,22:00,2026-01-01,,,
  Delta,saturday,20:00,04:00,,,,
  ,,,,,,2026-12-25,Christmas Day
  Delta,,09:00,12:00,,,2026-12-24,Christmas Eve
As YAML, a list of the same: - { clinic_code: Delta, weekday: monday, opens_at: 08:00, closes_at: 12:30 }

An empty clinic_code is the default, for clinics and days without hours of their own. Times are those that the clock of
the clinic shows; one that closes no later than it opens closes on the next day. Each clinic in the file is replaced
whole, all of them at once; others stay. docs/semantics.md has the rules.
`;

const examples = `
Examples:
  $ parley schedules load schedules.csv --data-dir ./data/demo
  $ parley schedules show Delta --data-dir ./data/demo
`;

export function addSchedules({ program, handle }: Registry): void {
  const schedules = program
    .command('schedules')
    .description('open hours and holidays of clinics, for business minutes')
    .addHelpText('after', examples);
  const load = schedules
    .command('load')
    .argument('<file>', 'a .csv file, or a .yaml one')
    .description('replace the schedules of the clinics in a file; facts stay as they are')
    .option(dataDirFlags, dataDirMeaning)
    .option('--json', 'print as JSON')
    .addHelpText('after', fileHelp + examples);
  handle(load, async (session) => {
    const flags = load.opts<Flags>();
    const [path = ''] = load.args;
    const loaded = parseSchedules(read(path), path);
    await withSchedules(session, flags, (client) => replaceSchedules(client, loaded));
    const rows = loaded.map(({ clinicCode, hours, holidays }) => [nameOf(clinicCode), hours.length, holidays.length]);
    const columns = ['clinic', 'hours', 'holidays'].map((title) => ({ title }));
    if (flags.json) printJson(rows.map(([clinic, hours, holidays]) => ({ clinic, hours, holidays })));
    else print(table(columns, rows));
    return undefined;
  });

  const show = schedules
    .command('show')
    .argument('[clinic]', 'a clinic; "" is the default (default: all)')
    .description('print the schedules as they are')
    .option(dataDirFlags, dataDirMeaning)
    .option('--json', 'print as JSON');
  handle(show, async (session) => {
    const { dataDir, json } = show.opts<Flags>();
    const [clinic] = show.args;
    await withReader(session, dataDir, async (client) => {
      const shown = await readSchedules(client, clinic);
      if (json) printJson(shown);
      else print(page(shown));
    });
    return undefined;
  });

  const remove = schedules
    .command('remove')
    .argument('<clinic...>', 'clinics; "" is the default')
    .description('remove the schedules of clinics: the default holds for them again')
    .option(dataDirFlags, dataDirMeaning);
  handle(remove, async (session) => {
    const removed = remove.args.map((clinicCode) => ({ clinicCode, hours: [], holidays: [] }));
    await withSchedules(session, remove.opts<Flags>(), (client) => replaceSchedules(client, removed));
    print(`Removed: ${remove.args.map(nameOf).join(', ')}.`);
    return undefined;
  });
}

async function withSchedules(
  session: Session,
  { dataDir }: Flags,
  work: (client: ClickHouseClient) => Promise<void>,
): Promise<void> {
  await withWriter(session, dataDir, async (client) => {
    const [pending] = await pendingMigrations(client, session.migrateOptions);
    if (pending !== undefined) {
      throw new ParleyError('PARLEY_MIGRATION_NEEDED', 'The warehouse is older than this program', {
        received: `${pending.domain}/${pending.name} is not applied`,
      });
    }
    await work(client);
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const isMissing = codeOf(error) === 'ENOENT';
    throw new ParleyError(isMissing ? 'PARLEY_SOURCE_NOT_FOUND' : 'PARLEY_SOURCE_UNREADABLE', messageOf(error), {
      where: path,
      cause: error,
    });
  }
}

function nameOf(clinicCode: string): string {
  return clinicCode === '' ? '(default)' : clinicCode;
}

function page({ hours, holidays }: ShownSchedules): string {
  const ofWeek = hours.map((row) => [
    nameOf(row.clinic_code) + (row.is_built_in ? ' built in' : ''),
    weekdays[row.weekday] ?? '',
    row.opens_at,
    row.closes_at,
    row.valid_from === FIRST_DAY ? '' : row.valid_from,
    row.valid_to === FAR_FUTURE_DAY ? '' : row.valid_to,
  ]);
  const ofDays = holidays.map((row) => [
    nameOf(row.clinic_code),
    row.day,
    row.opens_at ?? 'closed',
    row.closes_at ?? '',
    row.name,
  ]);
  const titled = (...titles: string[]) => titles.map((title) => ({ title }));
  const parts = [table(titled('clinic', 'weekday', 'opens', 'closes', 'from', 'until'), ofWeek)];
  if (ofDays.length > 0) parts.push(table(titled('clinic', 'day', 'opens', 'closes', 'holiday'), ofDays));
  return parts.join('\n\n');
}

import type { ClinicSchedule } from '../schedules/schedule.ts';
import { type ClickHouseClient, queryRows } from './client.ts';
import { failureOf } from './failure.ts';
import { readRecord } from './migration-record.ts';

const table = 'conversations.reference_schedules';
/** In the order in which they read each other. */
const dictionaries = [
  'conversations.business_time',
  'conversations.business_clock',
  'conversations.calendar_of_clinic',
];

/**
 * Replaces the schedules of these clinics, all at once, and has the views know it. One without hours and holidays is
 * removed: the default holds again. On other servers of a cluster it takes up to two minutes.
 *
 * Fails with PARLEY_WAREHOUSE_REFUSED, PARLEY_QUERY_FAILED or PARLEY_WAREHOUSE_UNREACHABLE.
 */
export async function replaceSchedules(client: ClickHouseClient, schedules: readonly ClinicSchedule[]): Promise<void> {
  try {
    // One insert is one block, and so one part: all of it shows, or nothing.
    await client.insert({
      table,
      format: 'JSONEachRow',
      columns: ['clinic_code', 'hours', 'holidays'],
      values: schedules.map(({ clinicCode, hours, holidays }) => ({
        clinic_code: clinicCode,
        hours: hours.map(({ weekday, opensAt, closesAt, validFrom, validTo }) => {
          return { weekday, opens_at: opensAt, closes_at: closesAt, valid_from: validFrom, valid_to: validTo };
        }),
        holidays: holidays.map(({ day, name, opensAt, closesAt }) => {
          return { day, name, opens_at: opensAt, closes_at: closesAt };
        }),
      })),
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
    await reloadCalendars(client);
  } catch (error) {
    throw failureOf(error).error;
  }
}

/** Has the dictionaries read the schedules and zones as they are now; else they do so within two minutes. */
export async function reloadCalendars(client: ClickHouseClient): Promise<void> {
  const cluster = (await readRecord(client))?.cluster?.name;
  for (const dictionary of dictionaries) {
    const where = cluster === undefined ? '' : ` ON CLUSTER '${cluster}'`;
    await client.command({
      query: `SYSTEM RELOAD DICTIONARY${where} ${dictionary}`,
      clickhouse_settings: { wait_end_of_query: 1 },
    });
  }
}

export interface ShownHours {
  readonly clinic_code: string;
  readonly weekday: number;
  readonly opens_at: string;
  readonly closes_at: string;
  readonly valid_from: string;
  readonly valid_to: string;
  readonly is_built_in: boolean;
}

export interface ShownHoliday {
  readonly clinic_code: string;
  readonly day: string;
  readonly name: string;
  readonly opens_at: string | null;
  readonly closes_at: string | null;
}

export interface ShownSchedules {
  readonly hours: readonly ShownHours[];
  readonly holidays: readonly ShownHoliday[];
}

/** The schedules as they were loaded, of all clinics or of one; '' is the default. Fails as `queryRows` does. */
export async function readSchedules(client: ClickHouseClient, clinicCode: string | undefined): Promise<ShownSchedules> {
  const parameters = { clinics: clinicCode === undefined ? [] : [clinicCode] };
  const ofClinic = 'empty({clinics:Array(String)}) OR has({clinics:Array(String)}, clinic_code)';
  return {
    hours: await queryRows<ShownHours>(
      client,
      `SELECT clinic_code, weekday, opens_at, closes_at, valid_from, valid_to, is_built_in
       FROM conversations.clinic_schedules WHERE ${ofClinic} ORDER BY clinic_code, valid_from, weekday, opens_at`,
      parameters,
    ),
    holidays: await queryRows<ShownHoliday>(
      client,
      `SELECT clinic_code, day, name, opens_at, closes_at
       FROM conversations.clinic_holidays WHERE ${ofClinic} ORDER BY clinic_code, day, opens_at`,
      parameters,
    ),
  };
}

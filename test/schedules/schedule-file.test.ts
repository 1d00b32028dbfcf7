import { expect, test } from 'vitest';
import { FAR_FUTURE_DAY, FIRST_DAY } from '../../src/schedules/schedule.ts';
import { parseSchedules } from '../../src/schedules/schedule-file.ts';

const csv = `clinic_code,weekday,opens_at,closes_at,valid_from,valid_to,day,name
Delta,monday,08:00,12:30,,,,
Delta,MON,13:30,24:00,2026-01-01,2026-07-01,,

Delta,saturday,20:00,04:00,,,,
,,,,,,2026-12-25,"Christmas Day, all day"
Delta,,09:00,12:00,,,2026-12-24,Christmas Eve
`;
const always = { validFrom: FIRST_DAY, validTo: FAR_FUTURE_DAY };
const schedules = [
  {
    clinicCode: 'Delta',
    hours: [
      { weekday: 1, opensAt: 480, closesAt: 750, ...always },
      { weekday: 1, opensAt: 810, closesAt: 1440, validFrom: '2026-01-01', validTo: '2026-07-01' },
      { weekday: 6, opensAt: 1200, closesAt: 240, ...always },
    ],
    holidays: [{ day: '2026-12-24', name: 'Christmas Eve', opensAt: 540, closesAt: 720 }],
  },
  {
    clinicCode: '',
    hours: [],
    holidays: [{ day: '2026-12-25', name: 'Christmas Day, all day', opensAt: 0, closesAt: 0 }],
  },
];

test('CSV and YAML say the same', () => {
  expect(parseSchedules(csv, 'a.csv')).toEqual(schedules);
  expect(parseSchedules(`\uFEFF${csv.replaceAll('\n', '\r\n')}`, 'A.CSV')).toEqual(schedules);
  const yaml = `
- { clinic_code: Delta, weekday: monday, opens_at: 08:00, closes_at: 12:30 }
- { clinic_code: Delta, weekday: mon, opens_at: 13:30, closes_at: 00:00, valid_from: 2026-01-01, valid_to: 2026-07-01 }
- { clinic_code: Delta, weekday: saturday, opens_at: 20:00, closes_at: 04:00 }
- { clinic_code: "", day: 2026-12-25, name: "Christmas Day, all day" }
- clinic_code: Delta
  day: 2026-12-24
  opens_at: "09:00"
  closes_at: 12:00
  name: Christmas Eve
`;
  expect(parseSchedules(yaml, 'a.yaml')).toEqual(schedules);
});

const head = 'clinic_code,weekday,opens_at,closes_at,valid_from,valid_to,day,name';

test.each([
  [
    'a time that is none',
    `${head}\nD,monday,8:00,12:00,,,,`,
    'line 2: opens_at: expected HH:MM, 00:00 to 23:59, received "8:00"',
  ],
  ['an end after midnight', `${head}\nD,monday,08:00,24:30,,,,`, 'line 2: closes_at: expected HH:MM, 00:00 to 24:00'],
  ['a weekday that is none', `${head}\n\nD,moonday,08:00,12:00,,,,`, 'line 3: weekday: expected a weekday'],
  ['no weekday and no day', `${head}\nD,,08:00,12:00,,,,`, 'line 2: weekday: missing'],
  ['a day that never was', `${head}\nD,,,,,,2026-02-30,`, 'line 2: day: expected a day as YYYY-MM-DD'],
  [
    'an end before its start',
    `${head}\nD,mon,08:00,12:00,2026-02-01,2026-02-01,,`,
    'line 2: valid_to: expected a day after valid_from',
  ],
  ['a holiday that opens and does not close', `${head}\nD,,08:00,,,,2026-02-03,`, 'line 2: closes_at: missing'],
  ['a weekday of a holiday', `${head}\nD,mon,,,,,2026-02-03,`, 'line 2: weekday: not a field of such a row'],
  [
    'a column that is none',
    `clinic_code,weekday,opens_at,closes_at,zone\nD,mon,08:00,12:00,UTC`,
    'line 2: zone: not a field',
  ],
  ['a line with too much', `${head}\nD,mon,08:00,12:00,,,,,,`, 'line 2'],
  ['no line at all', head, 'there is no row'],
  [
    'two that overlap',
    `${head}\nD,mon,08:00,12:00,,,,\nD,mon,11:00,13:00,,,,`,
    'line 3: open at the same time as line 2',
  ],
  [
    'two that overlap over the end of the week',
    `${head}\nD,sun,01:00,02:00,,,,\nD,sat,20:00,01:30,,,,`,
    'line 3: open at the same time as line 2',
  ],
  [
    'a holiday twice',
    `${head}\nD,,,,,,2026-02-03,A\nD,,09:00,10:00,,,2026-02-03,B`,
    'line 3: the same day and time as in line 2',
  ],
])('%s is refused, with its line', (_name, text, expected) => {
  expect(() => parseSchedules(text, 'some.csv')).toThrow(
    expect.objectContaining({
      code: 'PARLEY_SCHEDULE_INVALID',
      message: expect.stringContaining(expected),
      detail: expect.objectContaining({ where: 'some.csv' }),
    }),
  );
});

test('what holds at other times, or in another clinic, does not overlap', () => {
  const text = `${head}\nD,mon,08:00,12:00,,2026-01-01,,\nD,mon,11:00,13:00,2026-01-01,,,\nE,mon,08:00,12:00,,,,\nD,mon,13:00,08:00,,,,`;
  expect(parseSchedules(text, 'a.csv').map(({ hours }) => hours.length)).toEqual([3, 1]);
});

test.each([
  ['- a: [', 'line 1'],
  [
    '- { clinic_code: D, weekday: mon, opens_at: 08:00, closes_at: 09:00 }\n- { clinic_code: D }',
    'line 2: weekday: missing',
  ],
  ['clinic_code: D', 'expected a list of rows'],
  ['- just text', 'expected rows only'],
])('YAML %j is refused', (text, expected) => {
  expect(() => parseSchedules(text, 'a.yml')).toThrow(
    expect.objectContaining({ code: 'PARLEY_SCHEDULE_INVALID', message: expect.stringContaining(expected) }),
  );
});

test('all faults are told at once, up to twenty', () => {
  const rows = Array.from({ length: 25 }, () => 'D,mon,8:00,12:00,,,,');
  expect(() => parseSchedules([head, ...rows].join('\n'), 'a.csv')).toThrow(
    /line 2: [\s\S]*line 21: [^\n]*\n {2}and 5 more/,
  );
});

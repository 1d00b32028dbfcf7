import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createDecoder } from '../../src/events/decode.ts';
import { isoTimestamp, parseTimestamp } from '../../src/events/time.ts';

describe('parseTimestamp', () => {
  const pad = (value: number, width: number) => String(value).padStart(width, '0');

  test('agrees with Date.parse on every form that it takes', () => {
    const time = fc.record({
      ms: fc.integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') }),
      digits: fc.integer({ min: 0, max: 9 }),
      offset: fc.option(fc.tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59)), { nil: undefined }),
    });
    fc.assert(
      fc.property(time, ({ ms, digits, offset }) => {
        const iso = new Date(ms).toISOString();
        const fraction = digits === 0 ? '' : `.${`${iso.slice(20, 23)}987654`.slice(0, digits)}`;
        const zone = offset ? `${offset[0]}${pad(offset[1], 2)}:${pad(offset[2], 2)}` : 'Z';
        const text = `${iso.slice(0, 19)}${fraction}${zone}`;
        // Date.parse takes three digits; the rest is cut.
        expect(parseTimestamp(text)).toBe(Date.parse(`${iso.slice(0, 19)}${fraction.slice(0, 4)}${zone}`));
      }),
      { numRuns: 2000 },
    );
  });

  test('takes no day, hour or form that does not exist', () => {
    const part = (max: number, width = 2) => fc.nat(max).map((value) => pad(value, width));
    fc.assert(
      fc.property(
        part(2500, 4),
        part(14),
        part(33),
        part(26),
        part(61),
        part(61),
        (year, month, day, hour, minute, second) => {
          const text = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
          const time = Date.parse(text);
          // Date.parse takes 24:00:00, and the 31st of every month for a day of the next.
          const exists = !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === text.slice(0, 19);
          expect(parseTimestamp(text)).toEqual(exists ? time : Number.NaN);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test.each([
    '2026-01-31T09:30:00',
    '2026-01-31 09:30:00Z',
    '2026-01-31T09:30Z',
    '2026-01-31T09:30:00.Z',
    '2026-01-31T09:30:00.1234567890Z',
    '2026-01-31T09:30:00+0100',
    '2026-01-31T09:30:00+24:00',
    '2026-01-31T09:30:00+01:60',
    '2026-01-31T09:30:00ZZ',
    '2026-01-31t09:30:00z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '+02026-01-31T09:30:00Z',
    '-026-01-31T09:30:00Z',
    '2026-1a-31T09:30:00Z',
    '20a6-01-31T09:30:00Z',
    '',
    '٢٠٢٦-01-31T09:30:00Z',
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeNaN();
    expect(isoTimestamp.safeParse(text).success).toBe(false);
  });

  test('the schema says its format', () => {
    expect(z.toJSONSchema(isoTimestamp.describe('When.'))).toMatchObject({ type: 'string', format: 'date-time' });
  });
});

describe('decode', () => {
  const now = Date.UTC(2026, 5, 1);
  const schema = z.object({
    id: z.string(),
    kind: z.enum(['in', 'out']),
    size: z.int().max(10).optional(),
    at: isoTimestamp,
    nested: z.array(z.object({ price: z.number() })).optional(),
  });
  const topics = [{ name: 'shop.orders', description: '', key: 'id', time: 'at', schema }];
  const decoder = createDecoder(topics);
  const event = (fields: object) => JSON.stringify({ id: 'a', kind: 'in', at: '2026-05-01T10:00:00.5Z', ...fields });
  const codeOf = (text: string, at = now) => decoder.decode('shop.orders', text, at).rejection?.code;
  const messageOf = (text: string) => decoder.decode('shop.orders', text, now).rejection?.message;

  test('gives topic, key, time, and the value without unknown fields', () => {
    expect(decoder.decode('shop.orders', `${event({ more: 1 })}\r`, now)).toEqual({
      event: {
        topic: 'shop.orders',
        key: 'a',
        time: Date.UTC(2026, 4, 1, 10, 0, 0, 500),
        value: { id: 'a', kind: 'in', at: '2026-05-01T10:00:00.5Z' },
      },
    });
  });

  test.each(['', ' ', '{', 'null', '1', '"a"', '[]', '{}{}', '{"a":1,}', "{'a':1}", '\0'])(
    '%j is no JSON object',
    (text) => {
      expect(codeOf(text)).toBe('INVALID_JSON');
    },
  );

  test('names the fields, what was expected, and what came', () => {
    const text = JSON.stringify({ kind: 'up', size: 11, at: '2026-05-01', nested: [{ price: 'x'.repeat(100) }] });
    expect(messageOf(text)).toBe(
      [
        'id: expected string, received nothing',
        'kind: expected one of "in"|"out", received "up"',
        'size: expected number to be <=10, received 11',
        'at: expected an ISO 8601 time with an offset, such as 2026-01-31T09:30:00Z or 2026-01-31T10:30:00.250+01:00, received "2026-05-01"',
        `nested.0.price: expected number, received "${'x'.repeat(48)}" …`,
      ].join('; '),
    );
    const many = createDecoder([
      { ...topics[0]!, schema: z.object(Object.fromEntries([...'abcdefgh'].map((name) => [name, z.string()]))) },
    ]);
    expect(many.decode('shop.orders', '{}', now).rejection?.message).toMatch(/^a: .*e: [^;]*; and 3 more$/);
  });

  test.each([
    ['1999-12-31T23:59:59.999Z', 'TIME_OUT_OF_RANGE'],
    ['2000-01-01T00:00:00Z', undefined],
    ['2026-06-02T00:00:00Z', undefined],
    ['2026-06-02T00:00:00.001Z', 'TIME_OUT_OF_RANGE'],
    ['3000-01-01T00:00:00Z', 'TIME_OUT_OF_RANGE'],
  ])('a time of %s is %s', (at, code) => {
    expect(codeOf(event({ at }))).toBe(code);
  });

  test('is to recognise, and to look at the time', () => {
    const texts = [
      '{',
      '[]',
      event({}),
      event({ more: 1 }),
      event({ size: 11 }),
      event({ id: '' }),
      event({ at: 'x' }),
    ];
    for (const text of texts) {
      const { event: found } = decoder.decode('shop.orders', text, now);
      expect(decoder.recognise('shop.orders', text)).toEqual(found);
    }
    for (const at of [
      '1999-12-31T23:59:59.999Z',
      '2000-01-01T00:00:00Z',
      '2026-06-02T00:00:00Z',
      '3000-01-01T00:00:00Z',
    ]) {
      const { event: found } = decoder.decode('shop.orders', event({ at }), now);
      expect(decoder.recognise('shop.orders', event({ at }))?.time).toBe(Date.parse(at));
      expect(decoder.isInTime(Date.parse(at), now)).toBe(found !== undefined);
    }
  });

  test('the bounds can be set', () => {
    const options = { timeMin: 0, aheadMaxMs: 0, eventBytesMax: 70, keyMax: 3 };
    const other = createDecoder(topics, options);
    const code = (fields: object) => other.decode('shop.orders', event(fields), now).rejection?.code;
    expect(code({ at: '1970-01-01T00:00:00Z' })).toBeUndefined();
    expect(code({ at: '2026-06-01T00:00:00.001Z' })).toBe('TIME_OUT_OF_RANGE');
    expect(code({ id: 'abcd' })).toBe('INVALID_EVENT');
    expect(code({ more: 'x'.repeat(50) })).toBe('EVENT_TOO_LARGE');
    expect(code({ more: 'é'.repeat(12) })).toBe('EVENT_TOO_LARGE');
    expect(code({ more: '' })).toBeUndefined();
  });

  test('a key is a string that is not empty, and well-formed', () => {
    expect(codeOf(event({ id: '' }))).toBe('INVALID_EVENT');
    expect(codeOf(event({ id: '\ud83d' }))).toBe('INVALID_EVENT');
    expect(codeOf(event({ id: '😀é' }))).toBeUndefined();
    expect(codeOf(event({ id: 'x'.repeat(1025) }))).toBe('INVALID_EVENT');
  });

  test('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const { event: found, rejection } = decoder.decode('shop.orders', text, now);
          expect((found === undefined) !== (rejection === undefined)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

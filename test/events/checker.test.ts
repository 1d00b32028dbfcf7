import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { allDomains } from '../../src/domains.ts';
import { compileChecker } from '../../src/events/checker.ts';

/** Values that each kind of field takes, nearly takes, and does not take. */
const value = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'in',
    'out',
    'initial',
    'response',
    'open',
    'UTC',
    'Europe/London',
    'Mars/Olympus',
    '',
    '\u0000',
    '\ud800',
  ),
  fc.constantFrom('2026-01-05T09:00:00Z', '2026-01-05T09:00:00.25+05:45', '2026-02-30T09:00:00Z', '2026-01-05'),
  fc.string({ minLength: 510, maxLength: 515 }),
  fc.integer({ min: -1, max: 6 }),
  fc.constantFrom(4_294_967_295, 4_294_967_296, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.array(fc.constantFrom('a', 'urgent', '', 'x'.repeat(129)), { maxLength: 3 }),
  fc.constantFrom({}, { path: 'a', lines: [1] }),
);

const good: Record<string, unknown> = {
  message_id: 'm',
  conversation_id: 'c',
  customer_id: 'u',
  clinic_code: 'k',
  direction: 'in',
  direction_type: 'initial',
  channel: 'sms',
  message_timestamp: '2026-01-05T09:00:00Z',
  status: 'open',
  tags: ['a'],
  changed_at: '2026-01-05T09:00:00Z',
  clinic_name: 'K',
  rating: 5,
  rated_at: '2026-01-05T09:00:00Z',
  entry_type: 'tool_use',
  session_id: 's',
  project_id: 'p',
  timestamp: '2026-01-05T09:00:00Z',
  tool_input: { file_path: 'a.ts' },
};

for (const { name, schema } of allDomains().flatMap((domain) => domain.topics)) {
  const fields = Object.keys((schema as z.ZodObject).shape);
  const isFine = compileChecker(schema)!;

  test(`${name}: a yes is what zod accepts and gives back as it is, and zod's yes is a yes`, () => {
    const event = fc
      .tuple(fc.subarray(fields), fc.dictionary(fc.constantFrom(...fields, 'unknown'), value, { maxKeys: 2 }))
      .map(([missing, replaced]) => {
        const event: Record<string, unknown> = {};
        for (const field of fields)
          if (field in good && !(missing.length < 2 && missing.includes(field))) event[field] = good[field];
        return { ...event, ...replaced };
      });
    fc.assert(
      fc.property(event, (input) => {
        // As JSON brings it: without undefined.
        const given = Object.fromEntries(Object.entries(input).filter(([, field]) => field !== undefined));
        const parsed = schema.safeParse(given);
        const isUnchanged = parsed.success && Object.keys(given).every((field) => fields.includes(field));
        expect(isFine(given)).toBe(isUnchanged);
        if (isUnchanged) expect(parsed.data).toEqual(given);
      }),
      { numRuns: 2000 },
    );
  });
}

test('what it does not know is left to zod', () => {
  expect(compileChecker(z.object({ at: z.date() }))).toBeUndefined();
  expect(compileChecker(z.object({ text: z.string().trim() }))).toBeUndefined();
  expect(compileChecker(z.object({ mail: z.email() }))).toBeUndefined();
  expect(compileChecker(z.object({ a: z.string().default('x') }))).toBeUndefined();
  expect(compileChecker(z.object({ a: z.string() }).refine(() => false))).toBeUndefined();
  expect(compileChecker(z.string())).toBeUndefined();
  expect(compileChecker(z.object({ a: z.union([z.string(), z.date()]) }))).toBeUndefined();
  expect(compileChecker(z.object({ a: z.record(z.string(), z.string()) }))).toBeUndefined();
  const isFine = compileChecker(z.object({ a: z.record(z.string(), z.unknown()) }))!;
  expect(isFine({ a: { b: 1 } })).toBe(true);
  expect(isFine({ a: JSON.parse('{"__proto__":{"b":1}}') })).toBe(false);
});

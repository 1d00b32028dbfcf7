import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allDomains } from '../../src/domains.ts';
import { jsonSchemas } from '../../src/events/json-schema.ts';

const topics = allDomains().flatMap((domain) => domain.topics);
const folder = new URL('../../schemas/', import.meta.url);

test('schemas/ is what src/events says (run `npm run schemas` after a change)', () => {
  const expected = jsonSchemas(topics);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  expect(files.sort()).toEqual([...expected.keys()].sort());
  for (const [file, text] of expected) expect(readFileSync(new URL(file, folder), 'utf8'), file).toBe(text);
});

test('every field that CONTRACT requires is required, and unknown fields are allowed', () => {
  const required = Object.fromEntries(
    [...jsonSchemas(topics)].map(([file, text]) => {
      const schema = JSON.parse(text) as { required: string[]; additionalProperties?: unknown };
      expect(schema.additionalProperties, file).not.toBe(false);
      return [file.replace('.json', ''), schema.required];
    }),
  );
  expect(required).toEqual({
    'conversations.messages': [
      'message_id',
      'conversation_id',
      'customer_id',
      'clinic_code',
      'direction',
      'direction_type',
      'channel',
      'message_timestamp',
    ],
    'conversations.conversations': ['conversation_id', 'customer_id', 'clinic_code', 'status', 'tags', 'changed_at'],
    'conversations.customers': ['customer_id', 'clinic_code', 'changed_at'],
    'conversations.clinics': ['clinic_code', 'clinic_name', 'changed_at'],
    'conversations.ratings': ['conversation_id', 'rating', 'rated_at'],
    // CONTRACT names entry_type too; REQUIREMENTS 5.5 makes none of it `unknown`.
    'assistant.entries': ['conversation_id', 'session_id', 'project_id', 'timestamp'],
  });
});

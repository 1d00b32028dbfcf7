import { expect, test } from 'vitest';
import { schemaDifferences } from '../../src/events/schema-differences.ts';

test('differences of JSON Schemas are told by their place; words are none', () => {
  const before = {
    title: 'a',
    properties: { id: { type: 'string', description: 'x' }, size: { type: 'integer' }, title: { type: 'string' } },
    required: ['id'],
  };
  const after = {
    title: 'b',
    properties: { id: { type: 'string', description: 'y' }, size: { type: 'string' }, note: { type: 'string' } },
    required: ['id', 'note'],
  };
  expect(schemaDifferences(before, after)).toEqual([
    'properties.size.type: "integer", now "string"',
    'properties.title: gone, was {"type":"string"}',
    'properties.note: added, {"type":"string"}',
    'required: added, "note"',
  ]);
  expect(schemaDifferences(before, before)).toEqual([]);
});

test('fields of Avro records are compared by their names', () => {
  const field = (name: string, type: unknown) => ({ name, type, doc: name });
  const record = (...fields: object[]) => ({ type: 'record', name: 'R', fields });
  expect(
    schemaDifferences(
      record(field('a', 'string'), field('b', 'int'), field('c', ['null', 'int'])),
      record(field('b', 'int'), field('a', 'string'), field('c', ['null', 'long']), field('doc', 'int')),
    ),
  ).toEqual(['fields.c.type: ["null","int"], now ["null","long"]', 'fields.doc: added, {"type":"int","doc":"doc"}']);
});

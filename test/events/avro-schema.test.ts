import { readdirSync, readFileSync } from 'node:fs';
import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allDomains } from '../../src/domains.ts';
import { avroSchema, avroSchemas } from '../../src/events/avro-schema.ts';
import { isoTimestamp } from '../../src/events/time.ts';

const folder = new URL('../../schemas/avro/', import.meta.url);

describe('Avro schemas', () => {
  it('are what src/events says, in schemas/avro (run `npm run schemas` after a change), and Avro', () => {
    const expected = avroSchemas(allDomains().flatMap((domain) => domain.topics));
    expect(readdirSync(folder).sort()).toEqual([...expected.keys()].sort());
    for (const [file, text] of expected) {
      expect(readFileSync(new URL(file, folder), 'utf8'), file).toBe(text);
      expect(avro.Type.forSchema(JSON.parse(text) as avro.Schema, { assertLogicalTypes: false }).name).toBe(
        file.replace(/\.avsc$/, ''),
      );
    }
  });

  it('have a counterpart for what contracts are made of', () => {
    const schema = z.object({
      id: z.string().describe('An id.'),
      at: isoTimestamp,
      kind: z.enum(['a', 'b']),
      rank: z.enum(['1st', '2nd']),
      small: z.int().min(0).max(5),
      large: z.int(),
      price: z.union([z.string(), z.number()]),
      items: z.array(z.object({ quantity: z.int().max(9).min(1), note: z.string().optional() })),
      tags: z.array(z.string()).optional(),
      either: z.union([z.string(), z.boolean()]).optional(),
    });
    expect(avroSchema({ name: 'shop.orders', description: '', key: 'id', time: 'at', schema })).toEqual({
      type: 'record',
      namespace: 'shop',
      name: 'orders',
      fields: [
        { name: 'id', doc: 'An id.', type: 'string' },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'kind', type: { type: 'enum', name: 'orders_kind', symbols: ['a', 'b'] } },
        { name: 'rank', type: 'string' },
        { name: 'small', type: 'int' },
        { name: 'large', type: 'long' },
        { name: 'price', type: ['string', 'double'] },
        {
          name: 'items',
          type: {
            type: 'array',
            items: {
              type: 'record',
              name: 'orders_items_item',
              fields: [
                { name: 'quantity', type: 'int' },
                { name: 'note', type: ['null', 'string'], default: null },
              ],
            },
          },
        },
        { name: 'tags', type: ['null', { type: 'array', items: 'string' }], default: null },
        { name: 'either', type: ['null', 'string', 'boolean'], default: null },
      ],
    });
  });

  it('say which field Avro has nothing for', () => {
    const schema = z.object({ any: z.unknown() });
    const topic = { name: 'shop.orders', description: '', key: 'id', time: 'at', schema };
    expect(() => avroSchema(topic)).toThrow('shop.orders.any: Avro has nothing for');
    const open = { ...topic, schema: z.object({ any: z.record(z.string(), z.unknown()) }) };
    expect(() => avroSchema(open)).toThrow('shop.orders.any: Avro has nothing for an object of any shape');
  });

  it('write an object of any shape as text, where text may stand too; null is said once', () => {
    const schema = z.object({ any: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish() });
    const topic = { name: 'shop.orders', description: '', key: 'id', time: 'at', schema };
    expect(avroSchema(topic).fields).toEqual([{ name: 'any', type: ['null', 'string'], default: null }]);
  });
});

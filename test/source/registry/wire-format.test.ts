import { describe, expect, it } from 'vitest';
import { readWireFormat, writeWireFormat } from '../../../src/source/registry/wire-format.ts';

const guid = '89791762-2336-4186-9674-299b90a802e2';

describe('the wire format', () => {
  it('reads the id that it wrote, before the payload', () => {
    const value = writeWireFormat(66_051, Buffer.from('{}'));
    expect([...value]).toEqual([0, 0, 1, 2, 3, 123, 125]);
    expect(readWireFormat(value, undefined)).toEqual({ schema: 66_051, from: 5 });
  });

  it('takes what does not begin with 0 for plain', () => {
    expect(readWireFormat(Buffer.from('{"a":1}'), undefined)).toBeUndefined();
    expect(readWireFormat(Buffer.alloc(0), undefined)).toBeUndefined();
  });

  it('reads ids and GUIDs of a header, whose value is the payload alone', () => {
    const value = Buffer.from('{}');
    const ofGuid = Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')]);
    expect(readWireFormat(value, ofGuid)).toEqual({ schema: guid, from: 0 });
    expect(readWireFormat(value, Buffer.from([0, 0, 0, 0, 9]))).toEqual({ schema: 9, from: 0 });
    expect(readWireFormat(value, [Buffer.from('x'), ofGuid])).toEqual({ schema: guid, from: 0 });
  });

  it.each([
    ['a value that ends in the id', Buffer.from([0, 0, 0, 1]), undefined, /4 bytes in all/],
    ['an id that no registry gives', Buffer.from([0, 255, 255, 255, 255, 1]), undefined, /received 4294967295/],
    ['a header of another kind', Buffer.from('{}'), Buffer.from([2, 1]), /expected a header __value_schema_id/],
    ['a GUID cut short', Buffer.from('{}'), Buffer.from([1, 2, 3]), /expected a header/],
  ])('says what is wrong with %s', (_, value, header, reason) => {
    expect(readWireFormat(value, header)).toMatch(reason);
  });
});

import avro from 'avsc';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Decoded } from '../../../src/events/decode.ts';
import { conversationTopics } from '../../../src/processors/conversations/domain.ts';
import { schemaHeader } from '../../../src/source/record-decoder.ts';
import { createRegistry, type SchemaRegistry } from '../../../src/source/registry/client.ts';
import { createRegistryDecoder, type RegistryDecoderOptions } from '../../../src/source/registry/registry-decoder.ts';
import { subjectsOf } from '../../../src/source/registry/subjects.ts';
import { writeWireFormat } from '../../../src/source/registry/wire-format.ts';
import { type Registry, startRegistry } from '../../kafka/registry.ts';
import { startProxy } from './proxy.ts';

const topic = 'conversations.messages';
const now = Date.UTC(2026, 0, 2);
const message = {
  message_id: 'm-1',
  conversation_id: 'c-1',
  customer_id: 'u-1',
  clinic_code: 'North',
  direction: 'in',
  direction_type: 'initial',
  channel: 'sms',
  message_timestamp: '2026-01-01T09:30:00.000Z',
  text_length: 12,
};
const key = Buffer.from('c-1');
const plainValue = Buffer.from(JSON.stringify(message));
const event = { topic, key: 'c-1', time: Date.UTC(2026, 0, 1, 9, 30), value: message };

let server: Registry;
let registry: SchemaRegistry;
let jsonId: number;

beforeAll(async () => {
  server = await startRegistry();
  registry = await createRegistry({ url: server.url });
  const [json] = subjectsOf(conversationTopics, 'json', '');
  jsonId = await registry.register(json!.subject, json!.schema);
}, 120_000);
afterAll(() => server.stop());

function decoderOf(options: Partial<RegistryDecoderOptions> = {}) {
  const lines: { level: string; fields: object; message: string }[] = [];
  const line = (level: string) => (fields: object, text: string) => lines.push({ level, fields, message: text });
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const decoder = createRegistryDecoder({
    client: registry,
    topics: conversationTopics,
    plainJson: 'accept',
    now: () => now,
    retryFirstMs: 20,
    retryMaxMs: 100,
    log,
    ...options,
  });
  onTestFinished(() => decoder.close());
  return {
    decoder,
    lines,
    decode: (value: Buffer | null, recordKey: Buffer | null = key) => decoder.decode(topic, value, recordKey),
  };
}

const avroSchema = {
  type: 'record',
  name: 'Message',
  fields: [
    ...['message_id', 'conversation_id', 'customer_id', 'clinic_code', 'channel'].map((name) => ({
      name,
      type: 'string',
    })),
    { name: 'direction', type: { type: 'enum', name: 'Direction', symbols: ['in', 'out'] } },
    { name: 'direction_type', type: 'string' },
    { name: 'message_timestamp', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'text_length', type: ['null', 'long'], default: null },
    { name: 'internal_note', type: ['null', 'string'], default: null },
  ],
};
const avroType = avro.Type.forSchema(avroSchema as avro.Schema);
const avroMessage = { ...message, message_timestamp: event.time * 1000, internal_note: 'not of the contract' };

async function registerAvro(
  subject: string,
  schema: unknown,
  references: { name: string; subject: string; version: number }[] = [],
) {
  return registry.register(subject, { type: 'AVRO', text: JSON.stringify(schema), references });
}

describe('records in the wire format', () => {
  it('are the same events from JSON Schema, Avro and plain JSON', async () => {
    const avroId = await registerAvro('own-message', avroSchema);
    const { decoder, decode } = decoderOf();
    const values = [
      writeWireFormat(jsonId, plainValue),
      writeWireFormat(avroId, avroType.toBuffer(avroMessage)),
      plainValue,
    ];
    for (const value of values) expect(await decode(value)).toEqual({ event });
    expect(decoder.status).toEqual({ known: 2, lookups: 2, failures: 0, waiting: 0 });
  });

  it('are decoded at once when their schema is known, and one look-up serves all that wait for it', async () => {
    const proxy = await startProxy(server.url, () => false);
    const { decode, decoder } = decoderOf({ client: await createRegistry({ url: proxy.url }) });
    const value = writeWireFormat(jsonId, plainValue);
    const first = Array.from({ length: 50 }, () => decode(value));
    expect(first.every((answer) => answer instanceof Promise)).toBe(true);
    expect(await Promise.all(first)).toEqual(first.map(() => ({ event })));
    expect(decode(value)).toEqual({ event });
    expect(proxy.requests).toHaveLength(1);
    expect(decoder.status.lookups).toBe(1);
  });

  it('are read with the schemas that theirs refers to', async () => {
    const item = {
      type: 'record',
      name: 'Text',
      namespace: 'shared',
      fields: [{ name: 'clinic_name', type: 'string' }],
    };
    await registerAvro('shared-text', item);
    const schema = {
      type: 'record',
      name: 'Clinic',
      fields: [
        { name: 'clinic_code', type: 'string' },
        { name: 'changed_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'nested', type: ['null', 'shared.Text'] },
        { name: 'clinic_name', type: 'string' },
      ],
    };
    const id = await registerAvro('clinic-value', schema, [
      { name: 'shared.Text', subject: 'shared-text', version: 1 },
    ]);
    const { decoder } = decoderOf();
    const payload = Buffer.concat([
      Buffer.from([2, 65]),
      Buffer.from([0]),
      Buffer.from([0]),
      Buffer.from([4]),
      Buffer.from('BB'),
    ]);
    const answer = await decoder.decode('conversations.clinics', writeWireFormat(id, payload), Buffer.from('A'));
    // The time of the bytes is 1970: the schema was read, the contract refuses.
    expect(answer.rejection).toMatchObject({ code: 'TIME_OUT_OF_RANGE' });
  });

  it('keep no more schemas than they may', async () => {
    const ids = [jsonId];
    for (const name of ['A', 'B']) {
      ids.push(await registerAvro(`bounded-${name}`, { type: 'record', name, fields: [] }));
    }
    const { decoder, decode } = decoderOf({ schemasMax: 2 });
    for (const id of ids) await decode(writeWireFormat(id, plainValue));
    expect(decoder.status).toMatchObject({ known: 2, lookups: 3 });
    expect(await decode(writeWireFormat(jsonId, plainValue))).toEqual({ event });
    expect(decoder.status).toMatchObject({ known: 2, lookups: 4 });
  });
});

describe('records that cannot be counted', () => {
  async function refused(answer: Decoded | Promise<Decoded>) {
    const { rejection } = await answer;
    return `${rejection?.code}: ${rejection?.message}`;
  }

  it('of a schema that the registry does not know', async () => {
    const { decode } = decoderOf();
    expect(await refused(decode(writeWireFormat(987_654, plainValue)))).toBe(
      'SCHEMA_UNKNOWN: expected a schema that the registry knows, received schema id 987654',
    );
    // Known to be unknown, for a while.
    expect(decode(writeWireFormat(987_654, plainValue))).not.toBeInstanceOf(Promise);
  });

  it('of a schema that is asked for again, after a while', async () => {
    const { decode, decoder } = decoderOf({ unknownMs: 1 });
    await decode(writeWireFormat(987_655, plainValue));
    await vi.waitFor(() => expect(decode(writeWireFormat(987_655, plainValue))).toBeInstanceOf(Promise));
    await vi.waitFor(() => expect(decoder.status.lookups).toBeGreaterThan(1));
  });

  it('of a GUID, where the registry has none: it is asked whether it is a registry', async () => {
    const header = Buffer.concat([Buffer.from([1]), Buffer.alloc(16, 7)]);
    const { decoder } = decoderOf();
    const answer = decoder.decode(topic, plainValue, key, { [schemaHeader]: header });
    expect(await refused(answer)).toContain(
      'SCHEMA_UNKNOWN: expected a schema that the registry knows, received schema 07',
    );
  });

  it('of a format that is not read', async () => {
    const text = 'syntax = "proto3"; message M { string a = 1; }';
    const id = await registry.register('proto-value', { type: 'PROTOBUF', text, references: [] });
    expect(await refused(decoderOf().decode(writeWireFormat(id, plainValue)))).toContain(
      'SCHEMA_UNKNOWN: expected JSON Schema or Avro, received PROTOBUF',
    );
  });

  it('whose bytes do not fit their schema, or their fields the contract', async () => {
    const id = await registerAvro('own-message', avroSchema);
    const { decode } = decoderOf();
    const payload = avroType.toBuffer(avroMessage);
    expect(await refused(decode(writeWireFormat(id, payload.subarray(0, 9))))).toMatch(/^INVALID_EVENT: .*Avro schema/);
    expect(await refused(decode(writeWireFormat(id, avroType.toBuffer({ ...avroMessage, channel: '' }))))).toMatch(
      /^INVALID_EVENT: channel: expected /,
    );
    expect(await refused(decode(writeWireFormat(jsonId, Buffer.from('{"a":'))))).toMatch(/^INVALID_JSON/);
    expect(await refused(decode(writeWireFormat(jsonId, Buffer.from([123, 255]))))).toMatch(
      /^INVALID_JSON: expected UTF-8/,
    );
  });

  it('with another key than the event has, or none', async () => {
    const { decode } = decoderOf();
    expect(await refused(decode(plainValue, Buffer.from('c-2')))).toBe(
      'WRONG_KEY: expected the record\'s key to be "c-1", received "c-2"',
    );
    expect(await refused(decode(plainValue, null))).toContain('WRONG_KEY: ');
  });

  it('without a value, too large, or without a schema where one is asked for', async () => {
    expect(await refused(decoderOf().decode(null))).toMatch(/^INVALID_EVENT: .*without a value/);
    const small = decoderOf({ events: { eventBytesMax: 20 } });
    expect(await refused(small.decode(plainValue))).toBe(
      `EVENT_TOO_LARGE: expected at most 20 bytes, received ${plainValue.length}`,
    );
    expect(await refused(decoderOf({ plainJson: 'refuse' }).decode(plainValue))).toMatch(
      /^SCHEMA_UNKNOWN: .*plainJson/,
    );
    const alone = decoderOf({ client: undefined });
    expect(await refused(alone.decode(writeWireFormat(jsonId, plainValue)))).toMatch(
      /^SCHEMA_UNKNOWN: .*schemaRegistry.url/,
    );
    expect(await alone.decode(plainValue)).toEqual({ event });
  });

  it('by the time that is given, and else by the clock', async () => {
    const { decoder } = decoderOf();
    const answer = decoder.decode(topic, plainValue, key, undefined, Date.UTC(2024, 0, 1));
    expect(await refused(answer)).toMatch(/^TIME_OUT_OF_RANGE/);
  });
});

describe('a registry in trouble', () => {
  it('that is down: records wait for it and are neither lost nor refused; what is known goes on', async () => {
    const avroId = await registerAvro('own-message', avroSchema);
    const { decode, decoder, lines } = decoderOf();
    await decode(writeWireFormat(jsonId, plainValue));
    server.kill();
    expect(decode(writeWireFormat(jsonId, plainValue))).toEqual({ event });
    const waiting = decode(writeWireFormat(avroId, avroType.toBuffer(avroMessage)));
    await vi.waitFor(() => expect(decoder.status).toMatchObject({ waiting: 1 }));
    await vi.waitFor(() => expect(decoder.status.failures).toBeGreaterThan(2));
    expect(lines[0]).toMatchObject({
      level: 'warn',
      message: 'Records wait for a schema: the Schema Registry cannot be asked',
      fields: { code: 'PARLEY_REGISTRY_UNREACHABLE', schema: avroId, tries: 1 },
    });
    await server.restart();
    expect(await waiting).toEqual({ event });
    expect(decoder.status).toMatchObject({ waiting: 0, known: 2 });
    expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'The Schema Registry answers again' });
  }, 120_000);

  it.each([
    ['a mistyped path', 404, 'Not found', 'PARLEY_REGISTRY_UNREACHABLE'],
    ['a login page', 200, '<html>', 'PARLEY_REGISTRY_UNREACHABLE'],
    ['a proxy that cannot reach it', 503, '', 'PARLEY_REGISTRY_UNREACHABLE'],
    ['a redirect', 302, '', 'PARLEY_REGISTRY_UNREACHABLE'],
    ['wrong credentials', 401, '{"error_code":401,"message":"no"}', 'PARLEY_REGISTRY_REFUSED'],
  ])('%s is no word of the registry: records wait until it is put right', async (_, status, body, code) => {
    let isBroken = true;
    const proxy = await startProxy(server.url, (_request, response) => {
      const headers = { 'content-type': 'application/json', location: '/elsewhere' };
      if (isBroken) response.writeHead(status, headers).end(body);
      return isBroken;
    });
    const { decode, decoder, lines } = decoderOf({ client: await createRegistry({ url: proxy.url }) });
    const waiting = decode(writeWireFormat(jsonId, plainValue));
    await vi.waitFor(() => expect(decoder.status.failures).toBeGreaterThan(1));
    expect(lines[0]).toMatchObject({ fields: { code } });
    isBroken = false;
    expect(await waiting).toEqual({ event });
  });

  it('that never answers: the look-up fails in time, and is tried again', async () => {
    let isSilent = true;
    const proxy = await startProxy(server.url, () => isSilent);
    const { decode, decoder } = decoderOf({ client: await createRegistry({ url: proxy.url, timeoutMs: 50 }) });
    const waiting = decode(writeWireFormat(jsonId, plainValue));
    await vi.waitFor(() => expect(decoder.status.failures).toBeGreaterThan(0));
    isSilent = false;
    expect(await waiting).toEqual({ event });
  });

  it('is no longer waited for once the decoder is closed', async () => {
    const { decode, decoder } = decoderOf({ client: await createRegistry({ url: 'http://127.0.0.1:9' }) });
    const waiting = decode(writeWireFormat(jsonId, plainValue));
    const ended = expect(waiting).rejects.toMatchObject({ code: 'PARLEY_REGISTRY_UNREACHABLE' });
    decoder.close();
    await ended;
  });
});

describe('credentials', () => {
  it.each([
    ['basic', { username: 'parley', password: 'p:w' }, `Basic ${Buffer.from('parley:p:w').toString('base64')}`],
    ['bearer', { token: 'abc' }, 'Bearer abc'],
  ])('are sent (%s), and stand in no error', async (_, credentials, expected) => {
    const proxy = await startProxy(server.url, (request, response) => {
      if (request.headers.authorization === expected) return false;
      response.writeHead(401).end();
      return true;
    });
    const allowed = await createRegistry({ url: proxy.url, ...credentials });
    expect(await allowed.schema(jsonId)).toMatchObject({ type: 'JSON' });
    expect(await allowed.version('conversations.messages-value', 'latest')).toMatchObject({ type: 'JSON' });
    const secret = { username: 'parley', password: 'top-secret' };
    const wrong = await createRegistry({ url: proxy.url.replace('//', '//someone:top-secret@'), ...secret });
    const error = await wrong.schema(jsonId).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'PARLEY_REGISTRY_REFUSED' });
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('top-secret');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allDomains } from '../../src/domains.ts';
import { conversationTopics } from '../../src/processors/conversations/domain.ts';
import { createRegistry } from '../../src/source/registry/client.ts';
import { subjectsOf } from '../../src/source/registry/subjects.ts';
import { type Registry, startRegistry } from '../kafka/registry.ts';
import { parley } from './program.ts';

const topics = allDomains().flatMap((domain) => domain.topics);

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
}, 120_000);
afterAll(() => registry.stop());

function schemas(args: readonly string[], more: Record<string, string> = {}) {
  return parley(['schemas', ...args], { PARLEY_SCHEMA_REGISTRY_URL: registry.url, ...more });
}

describe('parley schemas', () => {
  it.each(['json', 'avro'])(
    'registers the %s schemas of every topic, once',
    async (format) => {
      const prefixed = { PARLEY_KAFKA_TOPIC_PREFIX: `${format}-` };
      const before = await schemas(['check', '--format', format, '--json'], prefixed);
      const states = (out: string) => (JSON.parse(out) as { state: string }[]).map(({ state }) => state);
      expect({ code: before.code, states: states(before.out) }).toEqual({
        code: 0,
        states: Array(topics.length).fill('new'),
      });
      const first = await schemas(['register', '--format', format, '--json'], prefixed);
      expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: '' });
      expect(JSON.parse(first.out)).toEqual(
        topics.map(({ name }) => ({
          topic: name,
          subject: `${format}-${name}-value`,
          state: 'registered',
          id: expect.any(Number),
          reasons: [],
        })),
      );
      expect((await schemas(['register', '--format', format, '--json'], prefixed)).out).toBe(first.out);
      expect(states((await schemas(['check', '--format', format, '--json'], prefixed)).out)).toEqual(
        Array(topics.length).fill('registered'),
      );
      const level = await fetch(`${registry.url}/config/${format}-conversations.messages-value`);
      expect(await level.json()).toMatchObject({ compatibilityLevel: 'BACKWARD' });
    },
    120_000,
  );

  it('says what would be refused and why, and then registers nothing', async () => {
    const client = await createRegistry({ url: registry.url });
    const [messages] = subjectsOf(conversationTopics, 'json', 'old-');
    const older = JSON.parse(messages!.schema.text) as { properties: Record<string, object>; required: string[] };
    older.properties.text_length = { type: 'string' };
    await client.register(messages!.subject, { ...messages!.schema, text: JSON.stringify(older) });
    await client.setCompatibility(messages!.subject, 'BACKWARD');
    const prefixed = { PARLEY_KAFKA_TOPIC_PREFIX: 'old-' };
    const check = await schemas(['check'], prefixed);
    expect(check.code).toBe(1);
    expect(check.out).toMatch(/old-conversations\.messages-value +refused/);
    expect(check.out).toContain('old-conversations.messages-value: properties.text_length');
    const register = await schemas(['register'], prefixed);
    expect(register.code).toBe(1);
    expect(register.err).toMatch(/^PARLEY_SCHEMA_INCOMPATIBLE/);
    expect(await client.version('old-conversations.ratings-value', 'latest')).toBeUndefined();
    // One topic of another format, and one that is fine.
    const avro = await schemas(['check', '--format', 'avro', '--topic', 'conversations.messages'], prefixed);
    expect(avro.out).toContain('the subject has JSON, this schema is AVRO');
    const fine = ['register', '--topic', 'conversations.ratings', '--compatibility', 'FULL'];
    expect((await schemas(fine, prefixed)).code).toBe(0);
    const level = await fetch(`${registry.url}/config/old-conversations.ratings-value`);
    expect(await level.json()).toMatchObject({ compatibilityLevel: 'FULL' });
  }, 120_000);

  it.each([
    ['no registry', ['check'], { PARLEY_SCHEMA_REGISTRY_URL: '' }, 2, /^PARLEY_USAGE.*\n.*--url URL/],
    ['an unknown topic', ['check', '--topic', 'x'], {}, 2, /^PARLEY_TOPIC_UNKNOWN/],
    ['an unknown level', ['register', '--compatibility', 'SOME'], {}, 2, /^PARLEY_USAGE/],
    ['a registry that is down', ['check', '--url', 'http://127.0.0.1:9'], {}, 1, /^PARLEY_REGISTRY_UNREACHABLE/],
  ])('%s: an exit code and what to do', async (_, args, more, code, reason) => {
    const ended = await schemas(args, more as Record<string, string>);
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
    expect(ended.err).toMatch(reason);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { allDomains } from '../../src/domains.ts';
import { asyncApi } from '../../src/events/asyncapi.ts';

const file = new URL('../../schemas/asyncapi.yaml', import.meta.url);
const text = readFileSync(file, 'utf8');
type Tree = { [name: string]: Tree };

test('schemas/asyncapi.yaml is what the domains say (run `npm run schemas` after a change)', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(text).toBe(asyncApi(allDomains(), version));
});

test('every topic has a channel, an operation and a message, and every reference leads somewhere', () => {
  const document = parse(text) as Tree;
  const addresses = Object.values(document.channels as Tree).map(
    (channel) => (channel as Tree).address as unknown as string,
  );
  expect(addresses).toEqual(allDomains().flatMap((domain) => domain.topics.map(({ name }) => name)));
  expect(Object.keys(document.operations as Tree)).toEqual(Object.keys(document.channels as Tree));
  const references = [...text.matchAll(/\$ref: "?([^"\n]+)"?/g)].map(([, reference]) => reference!);
  expect(references.length).toBe(addresses.length * 4);
  for (const reference of references) {
    const found = reference.startsWith('#/')
      ? reference
          .slice(2)
          .split('/')
          .reduce<Tree | undefined>((at, name) => at?.[name], document)
      : existsSync(new URL(reference, file));
    expect(found, reference).toBeTruthy();
  }
});

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** A line of code knows its room: the rules of ARCHITECTURE.md, held against the imports. */
const source = fileURLToPath(new URL('../src/', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(type\s+)?[^;]*?from\s+'([^']+)'/gms)].map(([, type, to]) => ({
    from: file,
    to: to!.startsWith('.') ? relative(source, resolve(source, dirname(file), to!)) : to!,
    isType: type !== undefined,
  }));
});

const domains = readdirSync(join(source, 'processors'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

function offenders(isWrong: (one: Import) => boolean): string[] {
  return imports.filter(isWrong).map(({ from, to }) => `${from} imports ${to}`);
}

test('the imports were found', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(domains).toContain('conversations');
});

test('processors import no engine but its types, and nothing that does I/O', () => {
  const isRoom = (to: string) => to.startsWith('processors/') || to.startsWith('events/');
  expect(offenders(({ from, to, isType }) => from.startsWith('processors/') && !isRoom(to) && !isType)).toEqual([]);
});

test('what becomes of the lines of other programs depends on nothing but the lines', () => {
  const isPure = (to: string) => /^(?:events|import)\/|^node:(?:crypto|path)$/.test(to);
  expect(offenders(({ from, to, isType }) => from.startsWith('import/') && !isPure(to) && !isType)).toEqual([]);
  expect(imports.some(({ from }) => from.startsWith('import/'))).toBe(true);
});

test('processors read no clock and draw no random number', () => {
  const banned = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bprocess\.|\bsetTimeout\b|\bcrypto\b/;
  const found = files
    .filter((file) => file.startsWith('processors/'))
    .filter((file) => {
      const code = readFileSync(join(source, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return banned.test(code);
    });
  expect(found).toEqual([]);
});

test('one domain imports no other', () => {
  const domainOf = (path: string) => domains.find((domain) => path.startsWith(`processors/${domain}/`));
  expect(
    offenders(({ from, to }) => {
      const [left, right] = [domainOf(from), domainOf(to)];
      return left !== undefined && right !== undefined && left !== right;
    }),
  ).toEqual([]);
});

test('the engine imports no domain; src/domains.ts is the one place that knows them', () => {
  const isEngine = (from: string) => /^(runtime|state|source|warehouse|testing)\//.test(from);
  const isDomain = (to: string) =>
    domains.some((domain) => to.startsWith(`processors/${domain}/`) || to === `events/${domain}.ts`);
  expect(offenders(({ from, to }) => isEngine(from) && isDomain(to))).toEqual([]);
});

test('ClickHouse is spoken to from the warehouse only', () => {
  expect(
    offenders(({ from, to, isType }) => !from.startsWith('warehouse/') && to.startsWith('@clickhouse/') && !isType),
  ).toEqual([]);
});

test('the Schema Registry is spoken to from src/source/registry only', () => {
  const isLibrary = (to: string) => to.startsWith('@confluentinc/schemaregistry');
  expect(offenders(({ from, to }) => isLibrary(to) && !from.startsWith('source/registry/'))).toEqual([]);
  expect(offenders(({ to }) => to === 'avsc' || isLibrary(to))).not.toEqual([]);
  const avroRooms = /^(source\/registry|producer)\//;
  expect(offenders(({ from, to }) => to === 'avsc' && !avroRooms.test(from))).toEqual([]);
});

test('LevelDB is spoken to from the state only', () => {
  expect(offenders(({ from, to }) => !from.startsWith('state/') && to === 'classic-level')).toEqual([]);
});

test('Kafka is spoken to from the source, the state and the producers’ helper only', () => {
  const isRoom = (from: string) => /^(source|state|producer)\//.test(from);
  expect(offenders(({ from, to }) => !isRoom(from) && to.startsWith('kafkajs'))).toEqual([]);
});

test('HTTP is served from two rooms', () => {
  const isRoom = (from: string) => /^(http|dashboard)\//.test(from);
  expect(offenders(({ from, to }) => !isRoom(from) && /^@?fastify\b/.test(to))).toEqual([]);
});

test('the dashboard’s page is of the browser: it knows the contract, not the program, and the program not it', () => {
  const isPage = (path: string) => path.startsWith('dashboard/page/');
  const libraries = /^(preact|preact\/hooks|@observablehq\/plot|@dagrejs\/dagre)$/;
  expect(offenders(({ from, to }) => isPage(from) && libraries.test(to))).not.toEqual([]);
  expect(
    offenders(({ from, to, isType }) => {
      const isKnown = isPage(to) || libraries.test(to) || (to === 'dashboard/contract.ts' && isType);
      return isPage(from) && !isKnown;
    }),
  ).toEqual([]);
  expect(offenders(({ from, to }) => !isPage(from) && (isPage(to) || libraries.test(to)))).toEqual([]);
});

test('Observable Plot is spoken to from the page’s plot only', () => {
  expect(
    offenders(({ from, to }) => to.startsWith('@observablehq/') && !from.startsWith('dashboard/page/plot/')),
  ).toEqual([]);
});

test('SQL stands in clickhouse/ and src/warehouse/ only', () => {
  const sql = /\b(SELECT\s[\s\S]{1,200}\sFROM|INSERT\s+INTO|CREATE\s+(TABLE|VIEW|MATERIALIZED)|ALTER\s+TABLE)\s/;
  // Help may show a person what to ask.
  const aside = /\/\*[\s\S]*?\*\/|\/\/.*$|parley query "[^"]*"/gm;
  const found = files.filter((file) => {
    return !file.startsWith('warehouse/') && sql.test(readFileSync(join(source, file), 'utf8').replaceAll(aside, ''));
  });
  expect(found).toEqual([]);
});

import { ParleyError } from '../../errors.ts';
import { reachable } from '../catalogue/lineage.ts';
import { layerOf } from '../catalogue/objects.ts';
import { checkTypes, type DataTest } from './data-test.ts';

export interface Selection {
  /** Terms, as `describeTerms` explains them; none: every test. */
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  /** Freshness of topics: not unless a term asks for it, with the other tests, or nothing else. */
  readonly freshness: 'asked' | 'too' | 'only';
}

export interface Selectable {
  readonly tests: readonly DataTest[];
  /** Tables and topics of each test, by its name. */
  readonly subjects: ReadonlyMap<string, readonly string[]>;
  /** Steps of the lineage, by name. */
  readonly edges: readonly { readonly source: string; readonly target: string }[];
  /** Layers of tables whose names do not tell it. */
  readonly layers?: ReadonlyMap<string, string>;
}

export const describeTerms = `A term is a name or a method with a value: a table (fact_messages, conversations.dim_*), a topic, the name of a test,
layer:aggregate, tag:…, domain:…, type:unique, severity:warn. +term adds all that it is made from, term+ all that is made
from it. Terms apart are joined; terms with a comma between must all hold.`;

/**
 * The tests that a person asks for, in their order.
 *
 * Fails with PARLEY_USAGE for a term that no test fits: a misspelt name must not pass for a warehouse without faults.
 */
export function selectTests(all: Selectable, { select, exclude, freshness }: Selection): DataTest[] {
  const wanted = new Set(select.length === 0 ? all.tests : select.flatMap((terms) => joined(all, terms)));
  for (const terms of exclude) for (const test of joined(all, terms)) wanted.delete(test);
  const isNamed = new Set(select.flatMap((terms) => terms.split(',')).flatMap((term) => freshnessNamed(all, term)));
  return all.tests.filter((test) => {
    if (!wanted.has(test)) return false;
    const isFreshness = test.check.type === 'freshness';
    if (freshness === 'only') return isFreshness;
    return !isFreshness || freshness === 'too' || isNamed.has(test);
  });
}

/** Freshness is only asked for by its own name or type: old files that are replayed on purpose are never fresh. */
function freshnessNamed({ tests }: Selectable, term: string): DataTest[] {
  const isAsked = (test: DataTest) => term === 'type:freshness' || term === test.name;
  return tests.filter((test) => test.check.type === 'freshness' && isAsked(test));
}

/** `a,b`: what both give. */
function joined(all: Selectable, terms: string): DataTest[] {
  const sets = terms.split(',').map((term) => new Set(testsOfTerm(all, term.trim())));
  return all.tests.filter((test) => sets.every((set) => set.has(test)));
}

function testsOfTerm(all: Selectable, term: string): DataTest[] {
  const [, up, body = '', down] = /^(\+?)(.*?)(\+?)$/.exec(term) ?? [];
  const [, method, value] = /^(layer|tag|domain|type|severity):(.+)$/.exec(body) ?? [];
  const found = new Set(method === undefined ? ofName(all, body) : ofMethod(all, method, value ?? ''));
  const nodes = new Set(method === undefined ? nodesNamed(all, body) : []);
  if (method !== undefined)
    for (const test of found) for (const name of all.subjects.get(test.name) ?? []) nodes.add(name);
  const more = new Set<string>();
  if (up === '+') for (const name of reachable(all.edges, nodes, 'up')) more.add(name);
  if (down === '+') for (const name of reachable(all.edges, nodes, 'down')) more.add(name);
  for (const test of all.tests) if (subjectsOf(all, test).some((name) => more.has(name))) found.add(test);
  if (found.size === 0) throw noSuchTest(term);
  return [...found];
}

function subjectsOf({ subjects }: Selectable, { name }: DataTest): readonly string[] {
  return subjects.get(name) ?? [];
}

/** Tables and topics of that name, with their database or without. */
function nodesNamed({ tests, subjects, edges }: Selectable, name: string): string[] {
  const all = new Set([
    ...edges.flatMap(({ source, target }) => [source, target]),
    ...tests.flatMap((test) => subjects.get(test.name) ?? []),
  ]);
  const isMatch = matcher(name);
  return [...all].filter((node) => isMatch(node) || isMatch(node.slice(node.indexOf('.') + 1)));
}

function ofName(all: Selectable, name: string): DataTest[] {
  const nodes = new Set(nodesNamed(all, name));
  const isMatch = matcher(name);
  return all.tests.filter((test) => isMatch(test.name) || subjectsOf(all, test).some((node) => nodes.has(node)));
}

function ofMethod(all: Selectable, method: string, value: string): DataTest[] {
  if (method === 'type' && !checkTypes.some((type) => type === value)) throw noSuchTest(`type:${value}`, checkTypes);
  const isMatch = matcher(value);
  const layer = (name: string) => all.layers?.get(name) ?? layerOf(name);
  return all.tests.filter((test) => {
    if (method === 'tag') return test.tags.some(isMatch);
    if (method === 'domain') return isMatch(test.domain);
    if (method === 'type') return test.check.type === value;
    if (method === 'severity') return test.severity === value;
    return subjectsOf(all, test).some((name) => isMatch(layer(name)));
  });
}

/** `*` stands for any letters. */
function matcher(pattern: string): (text: string) => boolean {
  const expression = pattern.split('*').map((piece) => piece.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const whole = new RegExp(`^${expression.join('.*')}$`);
  return (text) => whole.test(text);
}

function noSuchTest(term: string, known?: readonly string[]): ParleyError {
  return new ParleyError('PARLEY_USAGE', `No test fits \`${term}\``, {
    expected:
      known?.join(', ') ?? 'a table, a topic, a test, or a layer, tag, domain, type or severity (parley test --list)',
    received: term,
    where: '--select',
  });
}

import type { Catalogue } from './build.ts';
import type { CatalogueEntry } from './entries.ts';
import { idOf, isShown, mermaid, type Step, shownSteps } from './picture.ts';

/** The catalogue as a page of Markdown: docs/catalogue.md, and `parley catalogue --markdown`. */
export function cataloguePage({ entries, edges }: Catalogue): string {
  const domains = [...new Set(entries.map(({ domain }) => domain))];
  const parts = domains.map((domain) => {
    const own = entries.filter((entry) => entry.domain === domain);
    const catalogue = { entries: own, edges: edges.filter((edge) => edge.domain === domain) };
    return domainPart(domain, own, shownSteps({ entries, edges }), catalogue);
  });
  return `${[head, ...parts].join('\n\n')}\n`;
}

const head = `# Catalogue

<!-- Generated from the migrations' comments, clickhouse/catalogue/ and the domains' declarations by \`npm run schemas\`. Do not edit. -->

What is in the warehouse, what it means, what it is made from, and which tests own it. The same stands in
\`orchestrator.catalogue\` and \`orchestrator.lineage\`, and \`parley catalogue\` prints it. Columns are explained by their comments
(\`DESCRIBE TABLE …\`, or [clickhouse/schema/](../clickhouse/schema/)); the tests are run by \`parley test\`, see [data tests](data-tests.md).`;

function domainPart(
  domain: string,
  entries: readonly CatalogueEntry[],
  steps: readonly Step[],
  own: Catalogue,
): string {
  const tables = entries.filter((entry) => ['table', 'view', 'dictionary'].includes(entry.kind) && isShown(entry));
  const metrics = entries.filter(({ kind }) => kind === 'metric');
  const topics = entries.filter(({ kind, layer }) => kind === 'topic' && layer === 'source');
  const sections = [`## ${domain}`, questionsPart(entries)];
  if (topics.length > 0) sections.push('### Topics', topicsTable(topics));
  sections.push('### Tables', tablesTable(tables, steps));
  if (metrics.length > 0) sections.push('### Metrics', metricsTable(metrics));
  if (topics.length > 0) sections.push('### Where it comes from', `\`\`\`mermaid\n${mermaid(own)}\n\`\`\``);
  return sections.filter((section) => section !== '').join('\n\n');
}

function questionsPart(entries: readonly CatalogueEntry[]): string {
  const questions = [...new Set(entries.flatMap((entry) => entry.questions))];
  const lines = questions.map((question) => {
    const answering = entries.filter((entry) => entry.kind !== 'metric' && entry.questions.includes(question));
    return [question, answering.map(({ name }) => code(short(name))).join(', ')];
  });
  return lines.length === 0 ? '' : grid(['question', 'read'], lines);
}

function topicsTable(topics: readonly CatalogueEntry[]): string {
  const rows = topics.map(({ name, definition, warn_after_hours: warn, error_after_hours: error }) => {
    const fresh = warn === null ? '' : `warns after ${warn} h, fails after ${error} h`;
    return [code(name), definition, fresh];
  });
  return grid(['topic', 'what it is', 'freshness'], rows);
}

function tablesTable(tables: readonly CatalogueEntry[], steps: readonly Step[]): string {
  const rows = tables.map((entry) => {
    const inputs = steps
      .filter(({ target }) => idOf(target) === idOf(entry))
      .map(({ source }) => (source.kind === 'stage' ? `stage ${code(short(source.name))}` : code(short(source.name))));
    const grain = entry.grain.map(code).join(', ');
    return [
      code(short(entry.name)),
      entry.layer,
      entry.definition,
      grain,
      inputs.join(', '),
      String(entry.tests.length),
    ];
  });
  return grid(['table', 'layer', 'what it is', 'one row per', 'made from', 'tests'], rows);
}

function metricsTable(metrics: readonly CatalogueEntry[]): string {
  const rows = metrics.map((metric) => [
    code(metric.name.slice(metric.name.lastIndexOf('.') + 1)),
    metric.definition,
    metric.unit,
    code(metric.formula),
    metric.columns.map((column) => code(short(column))).join(', '),
    String(metric.tests.length),
  ]);
  return grid(['metric', 'what it is', 'unit', 'formula', 'columns', 'tests'], rows);
}

/** Without the database, which is the section's; a name of another shape stays whole. */
function short(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

function code(text: string): string {
  return `\`${text}\``;
}

function grid(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim()).join(' | ')} |`;
  return [line(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

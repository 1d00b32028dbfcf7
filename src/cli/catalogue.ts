import { ParleyError } from '../errors.ts';
import type { CatalogueEntry } from '../warehouse/catalogue/entries.ts';
import { cataloguePage } from '../warehouse/catalogue/page.ts';
import { isShown, mermaid } from '../warehouse/catalogue/picture.ts';
import { readCatalogue } from '../warehouse/catalogue/read.ts';
import { cut, print, printJson, table } from './output.ts';
import { withReader } from './reader.ts';
import { dataDirFlags, dataDirMeaning, type Registry } from './session.ts';

interface CatalogueFlags {
  readonly dataDir?: string;
  readonly json?: true;
  readonly markdown?: true;
  readonly mermaid?: true;
}

export function addCatalogue({ program, handle }: Registry): void {
  const command = program
    .command('catalogue')
    .description('what is in the warehouse: tables, metrics, what they mean and what they are made from')
    .option(dataDirFlags, dataDirMeaning)
    .option('--json', 'print everything as JSON: entries, and the steps of the lineage')
    .option('--markdown', 'print a page of Markdown, with a picture of the lineage')
    .option('--mermaid', 'print the lineage as a Mermaid flowchart')
    .addHelpText(
      'after',
      `
It prints what \`parley migrate\`, or the start of an embedded warehouse, has written to orchestrator.catalogue and
orchestrator.lineage.

Examples:
  $ parley catalogue --data-dir ./data/demo
  $ parley catalogue --mermaid --data-dir ./data/demo
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<CatalogueFlags>();
    const forms = ['json', 'markdown', 'mermaid'].filter((form) => form in flags);
    if (forms.length > 1) {
      throw new ParleyError('PARLEY_USAGE', 'The catalogue is printed in one form', {
        expected: 'one of --json, --markdown and --mermaid',
        received: forms.map((form) => `--${form}`).join(' '),
      });
    }
    const catalogue = await withReader(session, flags.dataDir, readCatalogue);
    if (flags.json) printJson(catalogue);
    else if (flags.markdown) print(cataloguePage(catalogue));
    else if (flags.mermaid) print(mermaid(catalogue));
    else print(describe(catalogue.entries));
    return undefined;
  });
}

function describe(entries: readonly CatalogueEntry[]): string {
  const shown = entries.filter((entry) => (isShown(entry) && entry.kind !== 'stage') || entry.kind === 'metric');
  const rows = shown.map(({ kind, name, definition, tests }) => [kind, name, cut(definition, 30), tests.length]);
  const columns = [
    { title: 'kind' },
    { title: 'name' },
    { title: 'what it is' },
    { title: 'tests', align: 'right' as const },
  ];
  return table(columns, rows);
}

import type { ColumnSpec, Page, Unit } from '../contract.ts';

function column(name: string, label: string, unit: Unit = 'text'): ColumnSpec {
  return { column: name, label, unit };
}

/** Pages of the domain `orchestrator`: what there is and what it means, what it is made from, and whether it can be trusted. */
export const cataloguePages: readonly Page[] = [
  {
    path: 'orchestrator/catalogue',
    title: 'Catalogue',
    question: 'What is in the warehouse, and what does it mean?',
    filters: ['domain'],
    panels: [
      {
        kind: 'figures',
        title: 'At a glance',
        note: 'Of all domains. Passed, warned and failed: when each test was last run, by parley test.',
        query: 'catalogue-figures',
        figures: [
          column('tables', 'Tables', 'count'),
          column('metrics', 'Metrics', 'count'),
          column('tests', 'Data tests', 'count'),
          column('passed', 'Passed', 'count'),
          column('warned', 'Warned', 'count'),
          column('failed', 'Failed', 'count'),
          column('tested_at', 'Last tested', 'time'),
        ],
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Metrics',
        note: 'Each is tested against its formula, for every row of a table that holds it.',
        query: 'catalogue-metrics',
        columns: [
          column('metric', 'Metric'),
          column('domain', 'Domain'),
          column('definition', 'What it means'),
          column('unit', 'Unit'),
          column('tests', 'Tests', 'count'),
          column('formula', 'Formula'),
          column('columns', 'Stands in'),
        ],
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Tables',
        query: 'catalogue-tables',
        columns: [
          column('name', 'Table'),
          column('layer', 'Layer'),
          column('definition', 'What it is'),
          column('grain', 'One row per'),
          column('tests', 'Tests', 'count'),
          column('questions', 'Answers'),
          column('inputs', 'Made from'),
        ],
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Columns',
        query: 'catalogue-columns',
        columns: [
          column('table_name', 'Table'),
          column('column_name', 'Column'),
          column('type', 'Type'),
          column('definition', 'What it means'),
        ],
        width: 'full',
      },
    ],
  },
  {
    path: 'orchestrator/lineage',
    title: 'Lineage',
    question: 'Where does a figure come from?',
    filters: ['domain'],
    panels: [
      {
        kind: 'graph',
        title: 'What is made from what',
        note: 'From topics through stages and storage to what analysts read, as the queries of the views say. Choose one, or click on its box, to see only what leads to it and what follows from it.',
        query: 'lineage',
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Topics',
        query: 'catalogue-topics',
        columns: [
          column('name', 'Topic'),
          column('definition', 'What it is'),
          column('warn_after_hours', 'Stale after', 'hours'),
          column('error_after_hours', 'Too old after', 'hours'),
        ],
        width: 'full',
      },
    ],
  },
  {
    path: 'orchestrator/data-tests',
    title: 'Data tests',
    question: 'Can the figures be trusted?',
    filters: ['days'],
    panels: [
      {
        kind: 'lines',
        title: 'Runs of parley test',
        query: 'test-history',
        x: column('started_at', 'Run', 'time'),
        y: [
          column('passed', 'Passed', 'count'),
          column('failed', 'Failed', 'count'),
          column('warned', 'Warned', 'count'),
        ],
        empty: 'Nothing was tested yet: parley test does it',
        width: 'full',
      },
      {
        kind: 'table',
        title: 'The last result of each test',
        note: 'Those that failed first. The days do not narrow it.',
        empty: 'Nothing was tested yet: parley test does it',
        query: 'test-results',
        columns: [
          column('status', 'Status'),
          column('test', 'Test'),
          column('type', 'Type'),
          column('failures', 'Bad rows', 'count'),
          column('message', 'What is wrong'),
          column('tested_at', 'Tested', 'time'),
        ],
        width: 'full',
      },
    ],
  },
];

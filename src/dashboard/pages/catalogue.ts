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
    filters: [],
    panels: [
      {
        kind: 'figures',
        title: 'At a glance',
        query: 'catalogue-figures',
        figures: [
          column('tables', 'tables', 'count'),
          column('metrics', 'metrics', 'count'),
          column('tests', 'data tests', 'count'),
          column('passed', 'passed', 'count'),
          column('warned', 'warned', 'count'),
          column('failed', 'failed', 'count'),
          column('tested_at', 'last tested', 'time'),
        ],
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Metrics',
        note: 'Each is tested against its formula, for every row of a table that holds it.',
        query: 'catalogue-metrics',
        columns: [
          column('domain', 'domain'),
          column('metric', 'metric'),
          column('definition', 'what it means'),
          column('unit', 'unit'),
          column('formula', 'formula'),
          column('columns', 'stands in'),
          column('tests', 'tests', 'count'),
        ],
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Tables',
        query: 'catalogue-tables',
        columns: [
          column('name', 'table'),
          column('layer', 'layer'),
          column('definition', 'what it is'),
          column('grain', 'one row per'),
          column('inputs', 'made from'),
          column('questions', 'answers'),
          column('tests', 'tests', 'count'),
        ],
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Columns',
        query: 'catalogue-columns',
        columns: [
          column('table_name', 'table'),
          column('column_name', 'column'),
          column('type', 'type'),
          column('definition', 'what it means'),
        ],
        width: 'full',
      },
    ],
  },
  {
    path: 'orchestrator/lineage',
    title: 'Lineage',
    question: 'Where does a figure come from?',
    filters: [],
    panels: [
      {
        kind: 'graph',
        title: 'What is made from what',
        note: 'From topics through stages and storage to what analysts read, as the queries of the views say.',
        query: 'lineage',
        width: 'full',
      },
      {
        kind: 'table',
        title: 'Topics',
        query: 'catalogue-topics',
        columns: [
          column('name', 'topic'),
          column('definition', 'what it is'),
          column('warn_after_hours', 'stale after', 'hours'),
          column('error_after_hours', 'too old after', 'hours'),
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
        x: column('started_at', 'run', 'time'),
        y: [
          column('passed', 'passed', 'count'),
          column('warned', 'warned', 'count'),
          column('failed', 'failed', 'count'),
        ],
        width: 'full',
      },
      {
        kind: 'table',
        title: 'The last result of each test',
        query: 'test-results',
        columns: [
          column('test', 'test'),
          column('type', 'type'),
          column('status', 'status'),
          column('failures', 'rows', 'count'),
          column('message', 'what is wrong'),
          column('tested_at', 'tested', 'time'),
        ],
        width: 'full',
      },
    ],
  },
];

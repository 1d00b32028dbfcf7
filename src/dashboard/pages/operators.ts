import type { ColumnSpec, DomainPages, Page, Unit } from '../contract.ts';
import { cataloguePages } from './catalogue.ts';

function column(name: string, label: string, unit: Unit): ColumnSpec {
  return { column: name, label, unit };
}

const stage = column('stage', 'Stage', 'text');
const partition = column('partition', 'Partition', 'count');
const events = column('events', 'Events', 'count');
const rows = column('rows', 'Rows', 'count');
const batches = column('batches', 'Batches', 'count');
const time = column('time', 'Time (UTC)', 'time');
const startedAt = column('started_at', 'Planned at', 'time');
const status = column('status', 'Status', 'text');
const error = column('error', 'Error', 'text');

const work: Page = {
  path: 'operators/work',
  title: 'Operators',
  question: 'Does everything run, how fast, and is anything behind?',
  filters: ['days', 'stage'],
  panels: [
    {
      kind: 'figures',
      title: 'In these days',
      note: 'Running: planned and not ended yet. Recovered: finished for an owner that had died. Late: came out of order and corrected others. Refused: sent to the dead letters.',
      query: 'runs-figures',
      width: 'full',
      figures: [
        events,
        rows,
        batches,
        column('running', 'Running', 'count'),
        column('failed', 'Failed', 'count'),
        column('recovered', 'Recovered', 'count'),
        column('late', 'Late', 'count'),
        column('duplicates', 'Repeats dropped', 'count'),
        column('rejected', 'Refused', 'count'),
        column('dead_letters_waiting', 'Dead letters waiting', 'count'),
        column('last_at', 'Last batch ended', 'time'),
      ],
    },
    {
      kind: 'table',
      title: 'Partitions',
      note: 'Where each task stands now; the days do not narrow this. Lag and restore are known to `parley run` alone: records that wait in Kafka, and the share of the journal that a task has read back.',
      query: 'partitions',
      width: 'full',
      columns: [
        stage,
        partition,
        column('topic', 'Topic', 'text'),
        column('shard', 'Read from', 'text'),
        column('state', 'State', 'text'),
        column('position', 'Position', 'count'),
        column('lag', 'Lag', 'count'),
        column('restored_percent', 'Restored', 'percent'),
        column('waiting_seconds', 'Batch waits', 'seconds'),
        column('failure', 'Why it waits', 'text'),
      ],
    },
    {
      kind: 'lines',
      title: 'Events counted',
      note: 'By the time at which their batch was planned: by minute for two days or less, by hour for a month, else by day.',
      query: 'rates',
      x: time,
      y: [events],
    },
    {
      kind: 'lines',
      title: 'Batches',
      query: 'rates',
      x: time,
      y: [batches],
    },
    {
      kind: 'table',
      title: 'Stages',
      note: 'A batch is timed from its plan to its commit.',
      query: 'stages-compared',
      width: 'full',
      columns: [
        stage,
        column('partitions', 'Partitions', 'count'),
        batches,
        events,
        rows,
        column('p50_batch_seconds', 'Median batch', 'seconds'),
        column('p90_batch_seconds', '90 % of batches within', 'seconds'),
        column('failed', 'Failed', 'count'),
        column('recovered', 'Recovered', 'count'),
        column('rejected', 'Refused', 'count'),
      ],
    },
  ],
};

const trouble: Page = {
  path: 'operators/trouble',
  title: 'Failures and dead letters',
  question: 'What went wrong, and what waits to be looked at?',
  filters: ['days', 'stage'],
  panels: [
    {
      kind: 'table',
      title: 'Batches that failed or hang',
      note: 'Failed, or planned more than a minute ago and not ended; at most 50. A failed batch is repeated, and counts once.',
      empty: 'No batch failed, and none hangs',
      query: 'failures',
      width: 'full',
      columns: [startedAt, stage, partition, column('plan', 'Batch', 'count'), status, error],
    },
    {
      kind: 'table',
      title: 'Dead letters by reason',
      note: 'Records that could not be counted. `parley dlq list` and `parley dlq replay` show them and send them back.',
      empty: 'Every record could be counted',
      query: 'dead-letters-by-reason',
      width: 'full',
      columns: [
        column('code', 'Reason', 'text'),
        column('topic', 'Topic', 'text'),
        column('records', 'Records', 'count'),
        column('waiting', 'Waiting', 'count'),
        column('replayed', 'Sent back', 'count'),
        column('last_at', 'Last at', 'time'),
      ],
    },
    {
      kind: 'table',
      title: 'Last dead letters',
      empty: 'Every record could be counted',
      query: 'dead-letters',
      width: 'full',
      columns: [
        column('dead_at', 'At', 'time'),
        column('code', 'Reason', 'text'),
        column('topic', 'Topic', 'text'),
        column('shard', 'Read from', 'text'),
        column('offset', 'Offset', 'count'),
        column('message', 'Message', 'text'),
        column('size', 'Size', 'bytes'),
        column('replayed_at', 'Sent back', 'time'),
      ],
    },
    {
      kind: 'table',
      title: 'Warnings and errors of the log',
      note: 'Of all stages; at most 50.',
      empty: 'No warnings, no errors',
      query: 'logs',
      width: 'full',
      columns: [
        time,
        column('level', 'Level', 'text'),
        column('component', 'Part', 'text'),
        column('message', 'Message', 'text'),
      ],
    },
  ],
};

const runs: Page = {
  path: 'operators/runs',
  title: 'Runs',
  question: 'What did the last batches do?',
  filters: ['days', 'stage'],
  panels: [
    {
      kind: 'table',
      title: 'Last batches',
      note: 'One row for each attempted batch; at most 50.',
      query: 'runs',
      width: 'full',
      columns: [
        startedAt,
        stage,
        partition,
        column('plan', 'Batch', 'count'),
        status,
        column('elapsed_seconds', 'Took', 'seconds'),
        events,
        rows,
        column('rejected', 'Refused', 'count'),
        column('late', 'Late', 'count'),
        column('duplicates', 'Repeats', 'count'),
        error,
      ],
    },
  ],
};

/** Of every deployment, whatever its domains. */
export const operatorsPages: DomainPages = {
  domain: 'orchestrator',
  title: 'Operators',
  filters: [
    { name: 'stage', label: 'Stage', query: 'stages' },
    { name: 'domain', label: 'Domain', query: 'domains' },
  ],
  pages: [work, trouble, runs, ...cataloguePages],
};

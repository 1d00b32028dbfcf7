import { readLag } from '../source/kafka/lag.ts';
import { kafkaOf } from './brokers.ts';
import { count, print, printJson, table } from './output.ts';
import { stageTopics } from './prepare.ts';
import type { Registry } from './session.ts';

export function addLag({ program, handle }: Registry): void {
  const command = program
    .command('lag')
    .description('print how far behind the group is, by stage and partition')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
By the offsets that members tell the group after each batch. Where a task really is stands in its journal, which is
never behind them. Internal topics, which stages send each other, are listed with the stage that reads them.

Example:
  $ parley lag --json
`,
    );
  handle(command, async (session) => {
    const { app } = session.configuration;
    const kafka = kafkaOf(session.configuration, session.log);
    const found = await readLag(kafka, app, stageTopics(session));
    const total = found.reduce((sum, { lag }) => sum + lag, 0);
    if (command.opts<{ json?: true }>().json) {
      printJson({
        group: app,
        lag: total,
        partitions: found.map((one) => ({ ...one, committed: one.committed ?? null })),
      });
      return undefined;
    }
    if (found.length === 0) {
      print('None of the topics exists yet.');
      return undefined;
    }
    const right = (title: string) => ({ title, align: 'right' as const });
    const columns = [
      { title: 'stage' },
      { title: 'topic' },
      right('partition'),
      right('committed'),
      right('end'),
      right('lag'),
    ];
    const rows = found.map(({ stage, topic, partition, committed, end, lag }) => [
      stage,
      topic,
      partition,
      committed === undefined ? '–' : count(committed),
      count(end),
      count(lag),
    ]);
    print(`${table(columns, rows)}\n${count(total)} behind in all, group ${app}.`);
    return undefined;
  });
}

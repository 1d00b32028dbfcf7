/**
 * A member of a group in a process of its own. Arguments: brokers, group, stage as JSON. Says on standard output, a JSON
 * line each: `{"assigned":[partitions]}`, `{"taken":[partition, first number, count]}`. It begins each task anew.
 */
import { KafkaGroup } from '../../../../src/source/kafka/group.ts';
import type { StageTopics, TaskId } from '../../../../src/source/kafka/shard.ts';
import { client, decoder, limits, numberOf, quiet } from '../support.ts';

const [brokers = '', groupId = '', stageText = ''] = process.argv.slice(2);
const stage = JSON.parse(stageText) as StageTopics;
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function read(task: TaskId): Promise<void> {
  const source = group.source(task);
  await source.seek(new Map());
  // Without positions the task is another's.
  while (source.positions().size > 0) {
    const batch = await source.next(limits);
    if (batch === undefined) await source.ready();
    else say({ taken: [task.partition, numberOf(batch.records[0]!), batch.records.length] });
  }
}

const group = new KafkaGroup({
  kafka: client([brokers]),
  groupId,
  stages: [stage],
  decoder,
  now: () => Date.now(),
  log: quiet,
  sessionTimeoutMs: 1_500,
  heartbeatIntervalMs: 200,
  onAssigned: (tasks) => {
    say({ assigned: tasks.map(({ partition }) => partition) });
    for (const task of tasks) read(task).catch((error: unknown) => say({ error: String(error) }));
  },
  onFailure: (error) => say({ error: String(error) }),
});
await group.start();

import { createInterface } from 'node:readline/promises';
import { createKafkaJournal } from '../../../../src/state/kafka/journal.ts';
import { openLevelStore } from '../../../../src/state/level-store.ts';
import { MadeUpTask } from '../made-up-task.ts';
import { connect, optionsOf } from '../support-options.ts';

/** Takes plans until it is killed. Begins when it is told its store's folder; prints each commit acknowledged. */
const [brokers, app] = process.argv.slice(2);
const input = createInterface({ input: process.stdin });
process.stdout.write('ready\n');
const folder = await new Promise<string>((resolve) => input.once('line', resolve));
const store = await openLevelStore(folder);
const journal = createKafkaJournal(optionsOf(connect(brokers!.split(',')), app!));
const task = new MadeUpTask(journal, store);
await task.open();
process.stdout.write(`open ${task.committed}\n`);
for (;;) {
  await task.step();
  process.stdout.write(`${task.committed}\n`);
  if (task.committed % 5 === 0) {
    task.checkpoint().catch((error: unknown) => {
      process.stderr.write(String(error));
      process.exit(1);
    });
  }
}

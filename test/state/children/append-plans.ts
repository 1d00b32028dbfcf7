import { openLocalJournal } from '../../../src/state/local-journal.ts';

/** Commits plans that forward as many events as their number's last digit, until it is killed. */
const journal = await openLocalJournal(process.argv[2]!, 'test');
const task = journal.task('conversation', 0);
const state = await task.fence();
let number = state.committed;
if (state.plans.at(-1)?.number !== number + 1) await task.append({ plan: plan(number + 1) });
for (;;) {
  number++;
  const forwards = Array.from({ length: number % 10 }, (_, index) => ({
    topic: 'counts',
    key: `${number}`,
    time: number,
    value: index,
  }));
  await task.append({ commit: number, forwards, plan: plan(number + 1) });
  process.stdout.write(`${number}\n`);
  if (number % 16 === 0) await task.checkpoint({ plan: number - 3, positions: {} }, []);
}

function plan(planNumber: number) {
  return {
    number: planNumber,
    now: planNumber,
    ranges: [{ shard: 's', topic: 't', from: planNumber, to: planNumber }],
  };
}

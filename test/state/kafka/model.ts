import type { Forward, Plan } from '../../../src/state/journal.ts';
import { compareKeys } from '../../../src/state/key-order.ts';
import type { Change } from '../../../src/state/store.ts';

/** What a made-up task does, as a function of the plan's number alone: so what a state has to be is known at any plan. */
const keys = 60;
const padding = 'x'.repeat(300);

export function planAt(number: number): Plan {
  const ranges = [{ shard: 's', topic: 't', from: number * 10 - 10, to: number * 10 }];
  return { number, now: number, ranges, marks: {} };
}

/** A plan sets two keys and deletes one that an earlier plan had set. */
export function changesOf(plan: number): Change[] {
  return [
    [`k${plan % keys}`, `${plan} ${padding}`],
    [`only${plan}`, `${plan}`],
    [`only${plan - 3}`, undefined],
  ];
}

export function changesBetween(after: number, upTo: number): Change[] {
  const changes = new Map<string, string | undefined>();
  for (let plan = after + 1; plan <= upTo; plan++) for (const [key, value] of changesOf(plan)) changes.set(key, value);
  return [...changes];
}

export function stateAt(plan: number): [key: string, value: string][] {
  const all = changesBetween(0, plan).filter((change): change is [string, string] => change[1] !== undefined);
  return all.sort(([left], [right]) => compareKeys(left, right));
}

export function forwardsOf(plan: number): Forward[] {
  return Array.from({ length: plan % 4 }, (_, index) => ({
    topic: 'counts',
    key: `${plan}`,
    time: plan,
    value: index,
  }));
}

/** All forwards up to a plan, as `<key>/<value>`, sorted. */
export function forwardsUpTo(plan: number): string[] {
  return Array.from({ length: plan }, (_, index) => forwardsOf(index + 1))
    .flat()
    .map(({ key, time, value }) => `${key}/${JSON.stringify([time, value])}`)
    .sort();
}

import { openLevelStore } from '../../../src/state/level-store.ts';

/** Writes checkpoints, each of which sets every key to its number, until it is killed. */
const store = await openLevelStore(process.argv[2]!, { writeBufferBytes: 256 * 1024, segmentBytes: 512 * 1024 });
const first = ((await store.checkpoint())?.plan ?? 0) + 1;
for (let plan = first; ; plan++) {
  const value = JSON.stringify({ plan, padding: 'x'.repeat(400) });
  const changes = Array.from({ length: 500 }, (_, index) => [`k${index}`, value] as const);
  await store.write([...changes, [`only${plan}`, value], [`only${plan - 1}`, undefined]], { plan, positions: {} });
  process.stdout.write(`${plan}\n`);
}

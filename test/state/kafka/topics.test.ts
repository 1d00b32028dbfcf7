import { afterAll, beforeAll, expect, test } from 'vitest';
import { forwardTopic, journalTopic } from '../../../src/state/kafka/names.ts';
import { ensureTopics, trimForwards } from '../../../src/state/kafka/topics.ts';
import { planOf } from '../journal-suite.ts';
import { Cluster, stage } from './support.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 120_000);

afterAll(() => cluster?.stop());

test('topics are made once; one with other partitions, or that is not compacted alone, is PARLEY_TOPIC_UNFIT', async () => {
  const stages = [{ name: stage, partitions: 2 }];
  const forwards = [{ topic: 'counts', partitions: 3 }];
  const options = { app: 'made', stages, forwards };
  const names = ['made-journal-test.stage', 'made-forward-counts', 'made-dead-letters'];
  expect(await ensureTopics(cluster.admin, options)).toEqual(names);
  expect(await ensureTopics(cluster.admin, options)).toEqual([]);
  const unfit = { code: 'PARLEY_TOPIC_UNFIT' };
  const larger = [{ name: stage, partitions: 3 }];
  await expect(ensureTopics(cluster.admin, { ...options, stages: larger })).rejects.toMatchObject(unfit);
  for (const policy of ['delete', 'compact,delete']) {
    const app = `cut-${policy.replace(',', '-')}`;
    const configEntries = [{ name: 'cleanup.policy', value: policy }];
    const topics = [{ topic: journalTopic(app, stage), numPartitions: 2, configEntries }];
    await cluster.admin.createTopics({ topics, waitForLeaders: false });
    await expect(ensureTopics(cluster.admin, { ...options, app })).rejects.toMatchObject(unfit);
  }
});

test('forwards that a checkpoint has passed are let go of, and no others', async () => {
  const app = await cluster.app();
  const journal = cluster.journal(app);
  await journal.fence();
  await journal.append({ plan: planOf(1) });
  const forwards = Array.from({ length: 30 }, (_, index) => ({ topic: 'counts', key: `${index}`, time: 1, value: 1 }));
  await journal.append({ commit: 1, forwards });
  const before = await cluster.records(forwardTopic(app, 'counts'), 1);
  const offset = before[3]!.offset;
  await trimForwards(cluster.admin, app, 'counts', [
    { partition: 1, offset },
    { partition: 2, offset: 0 },
  ]);
  expect((await cluster.records(forwardTopic(app, 'counts'), 1)).map((record) => record.offset)).toEqual(
    before.slice(3).map((record) => record.offset),
  );
  const others = await cluster.records(forwardTopic(app, 'counts'), 2);
  expect(others.length).toBeGreaterThan(3);
  // Asked again, or for more than there is, it leaves things as they are.
  await trimForwards(cluster.admin, app, 'counts', [
    { partition: 1, offset },
    { partition: 2, offset: 1_000_000 },
  ]);
  expect(await cluster.records(forwardTopic(app, 'counts'), 2)).toEqual(others);
});

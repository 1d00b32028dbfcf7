import { basename } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Journal } from '../../../src/state/journal.ts';
import { createKafkaJournal } from '../../../src/state/kafka/journal.ts';
import { ensureTopics } from '../../../src/state/kafka/topics.ts';
import { journalSuite } from '../journal-suite.ts';
import { Cluster } from './support.ts';
import { optionsOf } from './support-options.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 120_000);

afterAll(() => cluster?.stop());

journalSuite('KafkaJournal', async (folder) => {
  const app = basename(folder).replaceAll(/[^\w-]/g, '');
  const stages = ['customer', 'custom', 'conversation', 'clinic'].map((name) => ({ name, partitions: 3 }));
  await ensureTopics(cluster.admin, { app, stages, forwards: [{ topic: 'counts', partitions: 3 }] });
  const opened: Journal[] = [];
  return {
    task(stage, partition) {
      const journal = createKafkaJournal({ ...optionsOf(cluster.kafka, app), stage, partition });
      opened.push(journal);
      return journal;
    },
    close: async () => void (await Promise.all(opened.map((journal) => journal.close()))),
  };
});

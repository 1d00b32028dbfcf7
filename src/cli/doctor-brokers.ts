import { forwardPartitionsOf, inputsOf, partitionsOf } from '../runtime/group/stage-topics.ts';
import { checkTopology } from '../source/kafka/topology.ts';
import { subjectOf } from '../source/registry/subjects.ts';
import { journalTopic } from '../state/kafka/names.ts';
import { type Admin, kafkaOf, withAdmin } from './brokers.ts';
import { type Check, failing } from './doctor-machine.ts';
import { stageTopics } from './prepare.ts';
import { registryAt } from './registry.ts';
import type { Session } from './session.ts';

/** What `parley run` needs of Kafka and the registry. Nothing where they are not configured. */
export async function checkBrokers(session: Session): Promise<Check[]> {
  const { kafka, schemaRegistry } = session.configuration;
  const checks: Check[] = [];
  if (kafka.brokers !== undefined) checks.push(...(await checkKafka(session)));
  if (schemaRegistry.url !== undefined) checks.push(await checkRegistry(session, schemaRegistry.url));
  return checks;
}

async function checkKafka(session: Session): Promise<Check[]> {
  try {
    return await withAdmin(kafkaOf(session.configuration, session.log), async (admin) => [
      await brokers(admin),
      ...(await topics(session, admin)),
    ]);
  } catch (error) {
    return [failing('brokers', error)];
  }
}

async function brokers(admin: Admin): Promise<Check> {
  const { brokers: found, clusterId } = await admin.describeCluster();
  const names = found.map(({ host, port }) => `${host}:${port}`).join(', ');
  return { name: 'brokers', status: 'ok', found: `${found.length} of cluster ${clusterId}: ${names}` };
}

async function topics(session: Session, admin: Admin): Promise<Check[]> {
  const { app } = session.configuration;
  const stages = stageTopics(session);
  let partitions: Map<string, number>;
  try {
    partitions = partitionsOf(await checkTopology(admin, inputsOf(stages)));
  } catch (error) {
    return [failing('topics', error)];
  }
  const counts = [...partitions].map(([stage, count]) => `${stage} ${count}`).join(', ');
  const input: Check = { name: 'topics', status: 'ok', found: `partitions: ${counts}` };
  const there = new Set(await admin.listTopics());
  const journals = stages.filter(({ stage }) => there.has(journalTopic(app, stage)));
  if (journals.length === 0) {
    return [input, { name: 'journals', status: 'ok', found: `none of app ${app} yet; \`parley run\` makes them` }];
  }
  try {
    // With its own partitions a stage that the group has worked on is as it was.
    const known = new Map(
      (await admin.fetchTopicMetadata({ topics: journals.map(({ stage }) => journalTopic(app, stage)) })).topics.map(
        ({ name, partitions: all }) => [name.slice(journalTopic(app, '').length), all.length],
      ),
    );
    await checkTopology(admin, inputsOf(journals), known);
    const forwards = Object.keys(forwardPartitionsOf(stages, partitions)).length;
    const found = `${journals.length} of app ${app}, ${forwards} internal topics`;
    return [input, { name: 'journals', status: 'ok', found }];
  } catch (error) {
    return [input, failing('journals', error)];
  }
}

/** Which topics have a schema there; producers may register theirs later, so that none is no failure. */
async function checkRegistry(session: Session, url: string): Promise<Check> {
  const name = 'registry';
  try {
    const registry = await registryAt(url, session.configuration, { timeoutMs: 5_000 });
    const subjects = session.domains.flatMap((domain) => domain.topics);
    let known = 0;
    for (const topic of subjects) {
      const subject = subjectOf(`${session.configuration.kafka.topicPrefix}${topic.name}`);
      if ((await registry.version(subject, 'latest')) !== undefined) known++;
    }
    return { name, status: 'ok', found: `answers; has schemas of ${known} of ${subjects.length} topics` };
  } catch (error) {
    return failing(name, error);
  }
}

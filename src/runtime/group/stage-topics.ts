import type { StageTopics } from '../../source/kafka/shard.ts';
import { forwardTopic } from '../../state/kafka/names.ts';
import type { Domain } from '../domain.ts';

/** The topics of every stage of these domains, by their names in Kafka. */
export function stageTopicsOf(domains: readonly Domain[], app: string, topicPrefix: string): StageTopics[] {
  return domains.flatMap((domain) => {
    const inputs = new Set(domain.topics.map(({ name }) => name));
    return domain.stages.map((stage) => ({
      stage: `${domain.name}.${stage.name}`,
      topics: stage.topics.map((name) => {
        const isForward = !inputs.has(name);
        return { name, isForward, kafkaTopic: isForward ? forwardTopic(app, name) : `${topicPrefix}${name}` };
      }),
    }));
  });
}

/** Only what producers write to: what has to exist before Parley makes the rest. */
export function inputsOf(stages: readonly StageTopics[]): StageTopics[] {
  return stages.map(({ stage, topics }) => ({ stage, topics: topics.filter(({ isForward }) => !isForward) }));
}

/**
 * Partitions of each stage, from those of its inputs. A stage without inputs of its own, fed by other stages alone, gets
 * as many as the largest of the others.
 */
export function partitionsOf(inputs: ReadonlyMap<string, number>): Map<string, number> {
  const most = Math.max(1, ...inputs.values());
  return new Map([...inputs].map(([stage, count]) => [stage, count === 0 ? most : count]));
}

/** Partitions of each internal topic, by its name in the domain: those of the stage that reads it. */
export function forwardPartitionsOf(
  stages: readonly StageTopics[],
  partitions: ReadonlyMap<string, number>,
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { stage, topics } of stages) {
    for (const { name, isForward } of topics) if (isForward) found[name] = partitions.get(stage)!;
  }
  return found;
}

import kafkajs from 'kafkajs';
import { balance, type Claimant } from './balance.ts';
import type { Assigner, GroupMember } from './internals.ts';
import type { StageTopics, TaskId } from './shard.ts';

/** What a member tells the leader of itself. */
export interface Claims {
  /** The group's generation in which it got its tasks; -1 for tasks that it only has the state of. */
  readonly generation: number;
  readonly tasks: readonly TaskId[];
}

export interface AssignerOptions {
  readonly stages: readonly StageTopics[];
  /** By stage. */
  readonly partitions: ReadonlyMap<string, number>;
  /** Asked each time that this member joins. */
  claims(): Claims;
}

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const version = 0;

/** The group's protocol round `balance`. A topic partition goes where its task goes. */
export function createAssigner({ stages, partitions, claims }: AssignerOptions): Assigner {
  return {
    name: 'parley-sticky',
    version,
    protocol({ topics }) {
      return {
        name: this.name,
        metadata: MemberMetadata.encode({ version, topics, userData: encodeClaims(claims()) }),
      };
    },
    async assign({ members }) {
      const counted = stages.map(({ stage }) => ({ stage, partitions: partitions.get(stage) ?? 0 }));
      const shared = balance(
        counted,
        members.map((member) => claimantOf(member, stages)),
      );
      return [...shared].map(([memberId, tasks]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version,
          assignment: partitionsOf(tasks, stages),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  };
}

/** The stages whose partitions of one number are all assigned, as tasks. */
export function tasksOf(
  assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  stages: readonly StageTopics[],
): TaskId[] {
  const byTopic = new Map(assigned.map(({ topic, partitions }) => [topic, partitions]));
  return stages.flatMap(({ stage, topics }) => {
    const [first = [], ...rest] = topics.map(({ kafkaTopic }) => byTopic.get(kafkaTopic) ?? []);
    const numbers = first.filter((partition) => rest.every((partitions) => partitions.includes(partition)));
    return [...numbers].sort((a, b) => a - b).map((partition) => ({ stage, partition }));
  });
}

export function encodeClaims({ generation, tasks }: Claims): Buffer {
  const byStage: Record<string, number[]> = {};
  for (const { stage, partition } of tasks) byStage[stage] = [...(byStage[stage] ?? []), partition];
  return Buffer.from(JSON.stringify([generation, byStage]));
}

/** Claims that cannot be read, of a member of another version, are none: it only loses what it could have kept. */
export function decodeClaims(bytes: Buffer): Claims {
  try {
    const [generation, byStage] = JSON.parse(bytes.toString()) as [number, Record<string, number[]>];
    const tasks = Object.entries(byStage).flatMap(([stage, numbers]) =>
      numbers.map((partition) => ({ stage, partition })),
    );
    if (Number.isInteger(generation)) return { generation, tasks };
  } catch {
    // Falls through.
  }
  return { generation: -1, tasks: [] };
}

function claimantOf({ memberId, memberMetadata }: GroupMember, stages: readonly StageTopics[]): Claimant {
  const metadata = MemberMetadata.decode(memberMetadata);
  const topics = new Set(metadata?.topics);
  const isRead = ({ topics: needed }: StageTopics) => needed.every(({ kafkaTopic }) => topics.has(kafkaTopic));
  return {
    id: memberId,
    stages: new Set(stages.filter(isRead).map(({ stage }) => stage)),
    ...decodeClaims(metadata?.userData ?? Buffer.alloc(0)),
  };
}

function partitionsOf(tasks: readonly TaskId[], stages: readonly StageTopics[]): Record<string, number[]> {
  const assignment: Record<string, number[]> = {};
  for (const { stage, topics } of stages) {
    const numbers = tasks.filter((task) => task.stage === stage).map(({ partition }) => partition);
    if (numbers.length === 0) continue;
    for (const { kafkaTopic } of topics) assignment[kafkaTopic] = numbers;
  }
  return assignment;
}

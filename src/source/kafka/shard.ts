/** A topic partition as a task reads it. */
export interface Shard {
  /** `kafka/<kafka topic>/<partition>`: its name in journals. */
  readonly name: string;
  /** As events name it. */
  readonly topic: string;
  readonly kafkaTopic: string;
  readonly partition: number;
  /** Place of the topic in its stage: breaks ties of time. */
  readonly place: number;
  readonly isForward: boolean;
}

export interface StageTopics {
  /** `<domain>.<stage>` */
  readonly stage: string;
  /** In the order in which the stage names them. `name` is the topic as events name it, without any prefix. */
  readonly topics: readonly { readonly name: string; readonly kafkaTopic: string; readonly isForward: boolean }[];
}

/** One partition number of a stage: that partition of each of its topics. */
export interface TaskId {
  /** `<domain>.<stage>` */
  readonly stage: string;
  readonly partition: number;
}

export function taskName({ stage, partition }: TaskId): string {
  return `${stage}/${partition}`;
}

export function shardName(kafkaTopic: string, partition: number): string {
  return `kafka/${kafkaTopic}/${partition}`;
}

export function shardsOf(stage: StageTopics, partition: number): Shard[] {
  return stage.topics.map(({ name, kafkaTopic, isForward }, place) => ({
    name: shardName(kafkaTopic, partition),
    topic: name,
    kafkaTopic,
    partition,
    place,
    isForward,
  }));
}

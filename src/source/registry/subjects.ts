import { avroSchemas } from '../../events/avro-schema.ts';
import { jsonSchemas } from '../../events/json-schema.ts';
import { schemaDifferences } from '../../events/schema-differences.ts';
import type { Topic } from '../../runtime/domain.ts';
import type { Compatibility, RegisteredSchema, SchemaRegistry } from './client.ts';

export type SchemaFormat = 'json' | 'avro';

/** A topic's schema as it would stand in the registry. */
export interface Subject {
  readonly topic: string;
  /** `<prefix><topic>-value`, where every serializer looks by default. */
  readonly subject: string;
  readonly schema: RegisteredSchema;
}

export type SubjectState =
  /** The schema is registered; `id` is its id. */
  | 'registered'
  /** There is no such subject yet. */
  | 'new'
  /** It may follow the subject's newest. */
  | 'compatible'
  /** It may not. */
  | 'refused';

export interface SubjectFinding {
  readonly topic: string;
  readonly subject: string;
  readonly state: SubjectState;
  readonly id?: number;
  /** Why it is refused. */
  readonly reasons: readonly string[];
}

export function subjectsOf(topics: readonly Topic[], format: SchemaFormat, topicPrefix: string): Subject[] {
  const [texts, ending, type] =
    format === 'json' ? [jsonSchemas(topics), 'json', 'JSON'] : [avroSchemas(topics), 'avsc', 'AVRO'];
  return topics.map(({ name }) => ({
    topic: name,
    subject: subjectOf(topicPrefix + name),
    schema: { type: type as string, text: texts.get(`${name}.${ending}`)!, references: [] },
  }));
}

/** `<topic>-value`, of the topic's whole name in Kafka. */
export function subjectOf(topic: string): string {
  return `${topic}-value`;
}

/** What the registry has of a subject, and whether it would take the schema at its present compatibility level. */
export async function inspectSubject(registry: SchemaRegistry, wanted: Subject): Promise<SubjectFinding> {
  const { topic, subject, schema } = wanted;
  const id = await registry.idOf(subject, schema);
  if (id !== undefined) return { topic, subject, state: 'registered', id, reasons: [] };
  const newest = await registry.version(subject, 'latest');
  if (newest === undefined) return { topic, subject, state: 'new', reasons: [] };
  const refused = (reasons: readonly string[]): SubjectFinding => ({ topic, subject, state: 'refused', reasons });
  // Registries differ in what they make of this; a reader of the topic would meet two formats.
  if (newest.type !== schema.type) return refused([`the subject has ${newest.type}, this schema is ${schema.type}`]);
  const reasons = await registry.incompatibilities(subject, schema);
  if (reasons === undefined) return { topic, subject, state: 'compatible', reasons: [] };
  const differences = schemaDifferences(JSON.parse(newest.text), JSON.parse(schema.text));
  return refused(reasons.length > 0 ? reasons : differences);
}

/** Sets the compatibility level, where one is wanted, and registers the schema. */
export async function registerSubject(
  registry: SchemaRegistry,
  { topic, subject, schema }: Subject,
  level: Compatibility | undefined,
): Promise<SubjectFinding> {
  const id = await registry.register(subject, schema);
  // After the first version: a registry may have no subject to give a level to before.
  if (level !== undefined) await registry.setCompatibility(subject, level);
  return { topic, subject, state: 'registered', id, reasons: [] };
}

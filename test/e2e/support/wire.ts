import { setTimeout as sleep } from 'node:timers/promises';
import { conversationTopics } from '../../../src/processors/conversations/domain.ts';
import { type Serialize, wireSerializer } from '../../../src/producer/serializer.ts';
import { createRegistry, type SchemaRegistry } from '../../../src/source/registry/client.ts';
import { subjectsOf } from '../../../src/source/registry/subjects.ts';
import { writeWireFormat } from '../../../src/source/registry/wire-format.ts';
import type { Encode } from './publish.ts';

/** Ids by topic and format. */
type Generation = ReadonlyMap<string, number>;

const formats = ['json', 'avro'] as const;
/** The registry's database has what it acknowledged on the disk after so long: a `kill -9` before that loses ids. */
const writtenMs = 1_500;

/**
 * What the producers of a deployment write, all at once: plain JSON, JSON with the id of its schema, and Avro. A new
 * generation of schemas has ids that no member has looked up.
 */
export class Wire {
  readonly #registry: SchemaRegistry;
  readonly #prefix: string;
  readonly #avro = new Map<string, Serialize>();
  #current: Generation = new Map();
  #next: Generation = new Map();
  #generations = 0;
  #turn = 0;

  private constructor(registry: SchemaRegistry, prefix: string) {
    this.#registry = registry;
    this.#prefix = prefix;
  }

  static async open(url: string, prefix: string): Promise<Wire> {
    const wire = new Wire(await createRegistry({ url }), prefix);
    for (const topic of conversationTopics) {
      const options = { format: 'avro', topicPrefix: `${prefix}avro.`, isRegistering: true } as const;
      wire.#avro.set(topic.name, await wireSerializer(wire.#registry, topic, options));
    }
    await wire.prepare();
    wire.renew();
    await wire.prepare();
    return wire;
  }

  /** Registers the next generation: schemas that differ from those before in their descriptions alone. */
  async prepare(): Promise<void> {
    const generation = ++this.#generations;
    const ids = new Map<string, number>();
    for (const format of formats) {
      for (const { topic, subject, schema } of subjectsOf(conversationTopics, format, `${this.#prefix}${format}.`)) {
        const said = format === 'json' ? { description: `${generation}` } : { doc: `${generation}` };
        const text = JSON.stringify({ ...JSON.parse(schema.text), ...said });
        ids.set(`${topic} ${format}`, await this.#registry.register(subject, { ...schema, text }));
      }
    }
    await sleep(writtenMs);
    this.#next = ids;
  }

  /** Writes by the generation that was prepared, from now on. */
  renew(): void {
    this.#current = this.#next;
  }

  /** A record as JSON with the id of its schema. */
  json(topic: string, payload: string): Buffer {
    return writeWireFormat(this.#current.get(`${topic} json`)!, Buffer.from(payload));
  }

  avro(topic: string, event: object): Buffer {
    const bytes = this.#avro.get(topic)!(event);
    bytes.writeInt32BE(this.#current.get(`${topic} avro`)!, 1);
    return bytes;
  }

  /** One line in three is Avro, one is plain. */
  readonly encode: Encode = ({ topic, text }) => {
    const turn = this.#turn++ % 3;
    if (turn === 0) return text;
    return turn === 1 ? this.json(topic, text) : this.avro(topic, JSON.parse(text) as object);
  };
}

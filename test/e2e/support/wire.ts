import { conversationTopics } from '../../../src/processors/conversations/domain.ts';
import { type Serialize, wireSerializer } from '../../../src/producer/serializer.ts';
import { createRegistry, type SchemaRegistry } from '../../../src/source/registry/client.ts';
import { subjectsOf } from '../../../src/source/registry/subjects.ts';
import { writeWireFormat } from '../../../src/source/registry/wire-format.ts';
import type { Encode } from './publish.ts';

/**
 * What the producers of a deployment write, all at once: plain JSON, JSON with the id of its schema, and Avro. A new
 * generation of schemas has ids that no member has seen.
 */
export class Wire {
  readonly #registry: SchemaRegistry;
  readonly #prefix: string;
  readonly #avro = new Map<string, Serialize>();
  readonly #json = new Map<string, number>();
  #generation = 0;
  #turn = 0;

  private constructor(registry: SchemaRegistry, prefix: string) {
    this.#registry = registry;
    this.#prefix = prefix;
  }

  static async open(url: string, prefix: string): Promise<Wire> {
    const wire = new Wire(await createRegistry({ url }), prefix);
    await wire.renew();
    return wire;
  }

  /** Registers schemas that differ from the ones before in their title alone, and writes by them from now on. */
  async renew(): Promise<void> {
    const generation = ++this.#generation;
    const prefix = `${this.#prefix}${generation}.`;
    for (const topic of conversationTopics) {
      const [{ subject, schema }] = subjectsOf([topic], 'json', this.#prefix) as [
        ReturnType<typeof subjectsOf>[number],
      ];
      const text = JSON.stringify({ ...JSON.parse(schema.text), title: `${topic.name}, ${generation}` });
      this.#json.set(topic.name, await this.#registry.register(subject, { ...schema, text }));
      const options = { format: 'avro', topicPrefix: prefix, isRegistering: true } as const;
      this.#avro.set(topic.name, await wireSerializer(this.#registry, topic, options));
    }
  }

  /** A record as JSON with the id of its schema. */
  json(topic: string, payload: string | Buffer): Buffer {
    return writeWireFormat(this.#json.get(topic)!, Buffer.from(payload));
  }

  avro(topic: string, event: object): Buffer {
    return this.#avro.get(topic)!(event);
  }

  /** One line in three is Avro, one is plain. */
  readonly encode: Encode = ({ topic, text }) => {
    const turn = this.#turn++ % 3;
    if (turn === 0) return text;
    return turn === 1 ? this.json(topic, text) : this.avro(topic, JSON.parse(text) as object);
  };
}

/** Parts of a line of a transcript, whatever its version: each reader takes what it knows and leaves the rest. */
export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** As in src/events/fields.ts: what another program wrote must not make an event be refused for an id it could do without. */
const identifier = /^[^\u0000-\u001f\u007f\ud800-\udfff]{1,512}$/u;

/** The text, when it can be an id. */
export function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 512 && identifier.test(value) ? value : undefined;
}

/** The name of a tool: 128 characters of it. */
export function toolNameOf(value: unknown): string | undefined {
  return typeof value === 'string' ? idOf(value.slice(0, 128)) : undefined;
}

/** The blocks of a message. A text alone is one block. */
export function blocksOf(content: unknown): readonly Fields[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((block: unknown): Fields | readonly Fields[] =>
    typeof block === 'string' ? { type: 'text', text: block } : (fieldsOf(block) ?? []),
  );
}

/** The texts among blocks, each on lines of its own. */
export function textOf(blocks: readonly Fields[]): string {
  return blocks.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? text : [])).join('\n');
}

import type { Domain, Topic } from '../src/runtime/domain.ts';

interface Property {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly items?: Property;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly description?: string;
  readonly anyOf?: readonly Property[];
}

interface Parts {
  readonly domains: readonly Domain[];
  /** JSON Schema files by their name, as schemas/ has them. */
  readonly schemas: ReadonlyMap<string, string>;
  /** Text of a file by its path in the repository. */
  readonly read: (path: string) => string;
}

/**
 * docs/producers.md with what it repeats of the code put in anew: between `<!-- topics -->` and `<!-- /topics -->` the
 * fields, between `<!-- examples/… -->` and its end that file.
 */
export function producersPage(page: string, { domains, schemas, read }: Parts): string {
  return page.replaceAll(/<!-- ((?!\/)\S+) -->\n[\s\S]*?<!-- \/\1 -->/g, (_, name: string) => {
    const content =
      name === 'topics'
        ? domains.flatMap(({ topics }) => topics.map((topic) => section(topic, schemas))).join('\n\n')
        : `\`\`\`${name.endsWith('.py') ? 'python' : 'ts'}\n${read(name).trimEnd()}\n\`\`\``;
    return `<!-- ${name} -->\n${content}\n<!-- /${name} -->`;
  });
}

function section({ name, key, time, description }: Topic, schemas: ReadonlyMap<string, string>): string {
  const schema = JSON.parse(schemas.get(`${name}.json`)!) as {
    properties: Record<string, Property>;
    required: string[];
  };
  const rows = Object.entries(schema.properties).map(([field, property]) => {
    const marks = [field === key ? 'key' : '', field === time ? 'time' : ''].filter((mark) => mark !== '');
    const meaning = [...marks.map((mark) => `**${mark}.**`), property.description ?? ''].join(' ').trim();
    return `| \`${field}\` | ${typeOf(property)} | ${schema.required.includes(field) ? 'yes' : ''} | ${meaning} |`;
  });
  const head = '| field | type | required | |\n|---|---|---|---|';
  return `### \`${name}\`\n${description}\n\n${head}\n${rows.join('\n')}`;
}

function typeOf(property: Property): string {
  const { type, format, items, minimum, maximum, maxLength, maxItems, anyOf } = property;
  const either =
    anyOf ?? (Array.isArray(type) ? type.map((one: string): Property => ({ ...property, type: one })) : []);
  if (either.length > 0) return [...new Set(either.map(typeOf))].filter((word) => word !== 'null').join(' or ');
  if (property.enum !== undefined) return property.enum.map((word) => `\`${word}\``).join(', ');
  if (format === 'date-time') return 'time';
  if (type === 'array') return `up to ${maxItems} of: ${typeOf(items ?? {})}`;
  if (maximum !== undefined) return `${type}, ${minimum} to ${maximum}`;
  return maxLength === undefined ? String(type) : `${type}, ${property.minLength ?? 0} to ${maxLength} characters`;
}

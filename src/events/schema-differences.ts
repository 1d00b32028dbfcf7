/**
 * What differs between two schemas (JSON Schema or Avro, as parsed JSON), a line for each place: for a person whose
 * registry only says that they do not fit together. Pure; words that change nothing (descriptions, titles) are left out.
 */
export function schemaDifferences(before: unknown, after: unknown): string[] {
  const lines: string[] = [];
  compare(named(before), named(after), '', lines);
  return lines;
}

const wordsOnly = new Set(['description', 'title', 'doc', '$id', '$schema', '$comment', 'x-key', 'x-time']);

function compare(before: unknown, after: unknown, path: string, lines: string[]): void {
  if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (wordsOnly.has(name) && !isFieldList(path)) continue;
      const place = path === '' ? name : `${path}.${name}`;
      if (!(name in before)) lines.push(`${place}: added, ${show(after[name])}`);
      else if (!(name in after)) lines.push(`${place}: gone, was ${show(before[name])}`);
      else compare(before[name], after[name], place, lines);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after) && path.endsWith('required')) {
    for (const item of after) if (!before.includes(item)) lines.push(`${path}: added, ${show(item)}`);
    for (const item of before) if (!after.includes(item)) lines.push(`${path}: gone, was ${show(item)}`);
    return;
  }
  const [left, right] = [JSON.stringify(before), JSON.stringify(after)];
  if (left !== right) lines.push(`${path || 'schema'}: ${show(before)}, now ${show(after)}`);
}

/** Avro lists its fields; by their names a field that moved is no difference. */
function named(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(named);
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([name, value]): [string, unknown] => {
    if (name !== 'fields' || !Array.isArray(value)) return [name, named(value)];
    return [name, Object.fromEntries(value.map(({ name: field, ...rest }) => [field as string, named(rest)]))];
  });
  return Object.fromEntries(entries);
}

function isFieldList(path: string): boolean {
  return /(^|\.)(properties|fields)$/.test(path);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 100 ? `${text.slice(0, 100)} …` : text;
}

import type { z } from 'zod';

/**
 * A quick yes for the events that are fine, which are nearly all: whether zod would accept a value and give it back as
 * it is. Compiled from the schema's own definition (`_zod.def`, zod's interface for libraries), so there is one contract.
 * A no says only that zod has to look: it words the refusal, and drops unknown fields. What is not known here makes
 * the whole answer a no. `test/events/checker.test.ts` holds the two against each other.
 */
export type Checker = (value: Readonly<Record<string, unknown>>) => boolean;

type Check = (value: unknown) => boolean;

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  /** Of a union. */
  readonly options?: readonly z.core.$ZodType[];
  readonly inclusive?: boolean;
  /** Of a record. */
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly entries?: Readonly<Record<string, string>>;
  readonly format?: string;
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDefinition } }[];
}

interface CheckDefinition {
  readonly check: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number | bigint | Date;
  readonly inclusive?: boolean;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly fn?: (value: never) => unknown;
}

/** Undefined when the schema has something that is not known here; then zod alone decides. */
export function compileChecker(schema: z.ZodType): Checker | undefined {
  const definition = definitionOf(schema);
  if (definition.type !== 'object' || definition.shape === undefined || definition.checks?.length) return undefined;
  const fields: { name: string; isOptional: boolean; check: Check }[] = [];
  for (const [name, field] of Object.entries(definition.shape)) {
    const inner = definitionOf(field);
    const isOptional = inner.type === 'optional';
    const check = compile(isOptional ? inner.innerType! : field);
    if (check === undefined) return undefined;
    fields.push({ name, isOptional, check });
  }
  // Once for every event: indexes and `for in`, because an iterator or a list of keys would be garbage each time.
  return (value) => {
    let known = 0;
    for (let index = 0; index < fields.length; index++) {
      const { name, isOptional, check } = fields[index]!;
      const field = value[name];
      if (field === undefined) {
        if (isOptional) continue;
        return false;
      }
      if (!check(field)) return false;
      known++;
    }
    let all = 0;
    for (const _name in value) all++;
    return all === known;
  };
}

function compile(schema: z.core.$ZodType): Check | undefined {
  const definition = definitionOf(schema);
  const base = compileType(definition);
  if (base === undefined) return undefined;
  const checks: Check[] = [base];
  for (const { _zod } of definition.checks ?? []) {
    const check = compileCheck(_zod.def);
    if (check === undefined) return undefined;
    checks.push(check);
  }
  const [first, second, third, fourth, fifth] = checks as [Check, ...Check[]];
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) && second(value);
  if (fourth === undefined) return (value) => first(value) && second(value) && third(value);
  if (fifth === undefined) return (value) => first(value) && second(value) && third(value) && fourth(value);
  // Apart, because naming the value in a function of its own makes two objects a call.
  return (value) => checks.every((check) => check(value));
}

function compileType(definition: Definition): Check | undefined {
  const { type, entries, element, format, innerType, options } = definition;
  if (type === 'string') return format === undefined ? (value) => typeof value === 'string' : undefined;
  if (type === 'boolean') return (value) => typeof value === 'boolean';
  if (type === 'number') {
    if (format === undefined) return (value) => typeof value === 'number' && Number.isFinite(value);
    return format === 'safeint' ? (value) => Number.isSafeInteger(value) : undefined;
  }
  if (type === 'enum' && entries !== undefined) {
    const values = new Set<unknown>(Object.values(entries));
    return (value) => values.has(value);
  }
  if (type === 'array' && element !== undefined) {
    const check = compile(element);
    return check && ((value) => Array.isArray(value) && value.every(check));
  }
  if (type === 'nullable' && innerType !== undefined) {
    const check = compile(innerType);
    return check && ((value) => value === null || check(value));
  }
  if (type === 'union' && options !== undefined && definition.inclusive !== false) {
    const checks = options.map(compile);
    return checks.includes(undefined) ? undefined : (value) => checks.some((check) => check!(value));
  }
  return type === 'record' ? compileRecord(definition) : undefined;
}

/** Only a record of anything by any name: JSON of any shape. zod drops `__proto__`, so it is left to zod. */
function compileRecord({ keyType, valueType }: Definition): Check | undefined {
  if (keyType === undefined || valueType === undefined) return undefined;
  const key = definitionOf(keyType);
  if (key.type !== 'string' || key.format !== undefined || key.checks?.length) return undefined;
  if (definitionOf(valueType).type !== 'unknown') return undefined;
  return (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.hasOwn(value, '__proto__');
}

function compileCheck(definition: CheckDefinition): Check | undefined {
  const { check, minimum, maximum, value: bound, inclusive, format, pattern, fn } = definition;
  if (check === 'min_length' && minimum !== undefined) return (value) => (value as string).length >= minimum;
  if (check === 'max_length' && maximum !== undefined) return (value) => (value as string).length <= maximum;
  if (check === 'greater_than' && typeof bound === 'number') {
    return inclusive ? (value) => (value as number) >= bound : (value) => (value as number) > bound;
  }
  if (check === 'less_than' && typeof bound === 'number') {
    return inclusive ? (value) => (value as number) <= bound : (value) => (value as number) < bound;
  }
  if (check === 'string_format' && format === 'regex' && pattern !== undefined && !pattern.global && !pattern.sticky) {
    return (value) => pattern.test(value as string);
  }
  if (check === 'custom' && fn !== undefined) return (value) => Boolean(fn(value as never));
  return undefined;
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

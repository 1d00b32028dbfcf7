import { z } from 'zod';

/**
 * What SQL cannot say of a domain's tables: `clickhouse/catalogue/<domain>.yaml`, and the files of data tests that users
 * write. What SQL can say (what a table or column means, what a view reads) is not repeated here: the comments and the
 * queries of the migrations are its only source. docs/data-tests.md explains every key.
 */
const text = z.string().min(1);
const severity = z.enum(['error', 'warn']);
const testName = z.string().regex(/^[A-Za-z0-9_.-]+$/, { error: 'expected letters, digits, _, . and -' });

/** What every data test can have. */
const common = {
  name: testName.optional(),
  /** `warn`: told, and no failure. */
  severity: severity.default('error'),
  tags: z.array(text).default([]),
  /** A condition in SQL: only these rows are looked at. */
  where: text.optional(),
};

const plain = z.preprocess((value) => value ?? {}, z.strictObject(common));
const acceptedValues = z.preprocess(
  (value) => (Array.isArray(value) ? { values: value } : value),
  z.strictObject({ ...common, values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1) }),
);
const relationships = z.preprocess(
  (value) => (typeof value === 'string' ? { to: value } : value),
  z.strictObject({
    ...common,
    /** The table that has the key. */
    to: text,
    /** Its column there, when it has another name. */
    column: text.optional(),
    /** The column with the time at which a version of the key must hold (SCD2); left out: any row will do. */
    as_of: text.optional(),
  }),
);

function oneOf<Shape extends z.ZodRawShape>(shape: Shape) {
  const kinds = Object.keys(shape).join(', ');
  return z.strictObject(shape).refine((value) => Object.keys(value).length === 1, {
    error: `expected exactly one of ${kinds}`,
  });
}

/** `- not_null` is `- not_null: {}`. */
const columnTest = z.preprocess(
  (value) => (typeof value === 'string' ? { [value]: {} } : value),
  oneOf({
    not_null: plain.optional(),
    unique: plain.optional(),
    accepted_values: acceptedValues.optional(),
    relationships: relationships.optional(),
  }),
);

const tableTest = oneOf({
  unique: z.strictObject({ ...common, columns: z.array(text).min(1) }).optional(),
  /** A condition in SQL that holds for every row. */
  expression: z.strictObject({ ...common, name: testName, sql: text }).optional(),
  /** SCD2: the versions of a key do not overlap, and one at most is current, the last. */
  history: z
    .strictObject({
      ...common,
      key: text,
      from: text.default('valid_from'),
      to: text.default('valid_to'),
      current: text.default('is_current'),
    })
    .optional(),
});

const table = z.strictObject({
  /** Columns of which each row has values of its own: tested as `unique`. */
  grain: z.array(text).min(1).optional(),
  /** False where several rows may be of one grain, and are to be added up: then it is not tested. */
  is_unique: z.boolean().default(true),
  /** Said where the name does not: see `layerOf`. */
  layer: text.optional(),
  questions: z.array(text).default([]),
  tags: z.array(text).default([]),
  tests: z.array(tableTest).default([]),
  columns: z.record(text, z.array(columnTest).min(1)).default({}),
});

const metric = z.strictObject({
  unit: z.enum(['count', 'seconds', 'minutes', 'hours', 'percent', 'rating', 'ratio', 'bytes', 'text']),
  /** An expression in SQL over the rows of `from`: the definition that the columns are tested against. */
  formula: text,
  from: text,
  where: text.optional(),
  /**
   * The columns that hold it, as `table.column`. The comment of the first is the metric's definition. `by`: the grain of
   * that table, each column with the expression over `from` that gives it; a column without it is not tested.
   */
  columns: z.record(text, z.strictObject({ by: z.record(text, text).optional() })),
  /** How far a column may be from the formula, as a part of it. */
  tolerance: z.number().min(0).max(1).default(0),
  severity: severity.default('error'),
  questions: z.array(text).default([]),
  tags: z.array(text).default([]),
});

const freshness = z
  .strictObject({
    /** The column with the newest time, as `table.column`. */
    loaded_at: text,
    warn_after_hours: z.number().positive().default(24),
    error_after_hours: z.number().positive().default(48),
  })
  .refine((value) => value.warn_after_hours <= value.error_after_hours, {
    error: 'expected warn_after_hours no larger than error_after_hours',
  });

export const declarationSchema = z.strictObject({
  /** Of tables named without one; default: the name of the file. */
  database: text.optional(),
  /** Questions that people ask, by a short name that tables and metrics refer to. */
  questions: z.record(text, text).default({}),
  /** Topics that producers write to, by name. */
  sources: z.record(text, z.strictObject({ freshness })).default({}),
  tables: z.record(text, table).default({}),
  metrics: z.record(testName, metric).default({}),
  /** Queries that give no row when all is well, by name. */
  tests: z
    .record(testName, z.strictObject({ ...common, name: z.never().optional(), where: z.never().optional(), sql: text }))
    .default({}),
});

export type Declaration = z.infer<typeof declarationSchema>;
export type TableDeclaration = z.infer<typeof table>;
export type MetricDeclaration = z.infer<typeof metric>;
export type ColumnTestDeclaration = z.infer<typeof columnTest>;
export type TableTestDeclaration = z.infer<typeof tableTest>;
export type Severity = z.infer<typeof severity>;

import type { Severity } from '../catalogue/declaration.ts';
import type { Literal } from './literal.ts';

/** What is looked for. Names of tables are `database.table`; conditions and expressions are SQL of the declaration. */
export type Check =
  | { readonly type: 'unique'; readonly columns: readonly string[] }
  | { readonly type: 'not_null'; readonly column: string }
  | { readonly type: 'accepted_values'; readonly column: string; readonly values: readonly Literal[] }
  | {
      readonly type: 'relationships';
      readonly column: string;
      readonly to: string;
      readonly key: string;
      /** The column with the time at which a version must hold. */
      readonly asOf: string | undefined;
    }
  | { readonly type: 'expression'; readonly sql: string }
  | {
      readonly type: 'history';
      readonly key: string;
      readonly from: string;
      readonly to: string;
      readonly current: string;
    }
  | {
      readonly type: 'metric';
      readonly column: string;
      readonly formula: string;
      readonly from: string;
      /** The grain of the table, each column with the expression over `from` that gives it. */
      readonly by: Readonly<Record<string, string>>;
      readonly tolerance: number;
    }
  | { readonly type: 'query'; readonly sql: string }
  | {
      readonly type: 'freshness';
      readonly topic: string;
      readonly column: string;
      readonly warnAfterHours: number;
      readonly errorAfterHours: number;
    };

export type CheckType = Check['type'];

export const checkTypes: readonly CheckType[] = [
  'unique',
  'not_null',
  'accepted_values',
  'relationships',
  'expression',
  'history',
  'metric',
  'query',
  'freshness',
];

export interface DataTest<Kind extends Check = Check> {
  /** Unique among all tests. */
  readonly name: string;
  readonly domain: string;
  /** The tested table; undefined for a query, which may look at many. */
  readonly table: string | undefined;
  /** A condition in SQL: only these rows are looked at. In a metric, of the rows that the formula reads. */
  readonly where: string | undefined;
  readonly severity: Severity;
  readonly tags: readonly string[];
  /** Columns by which a row of the table is known; empty when nobody has said. */
  readonly grain: readonly string[];
  readonly check: Kind;
  /** The file that declares it. */
  readonly path: string;
}

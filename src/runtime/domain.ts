import type { z } from 'zod';

/**
 * What a domain declares, and what the engine knows of it. The engine imports no domain; a domain imports only the
 * types of this file. One object, `src/processors/<domain>/domain.ts`, holds everything the engine needs.
 */
export interface Domain {
  /** Also the name of the ClickHouse database and of the folder in `clickhouse/`. */
  readonly name: string;
  readonly topics: readonly Topic[];
  readonly stages: readonly Stage[];
  readonly tables: readonly LandingTable[];
  /** Files of other programs from which its events can be made. */
  readonly formats?: readonly Format[];
  /** What its views need of the configuration, whole numbers by name; they read it from `orchestrator.settings`. */
  readonly settings?: Readonly<Record<string, number>>;
  /** Small tables that people write; they go to `<name>.landing_seeds`, and views read them there. */
  readonly seeds?: readonly Seed[];
  /** What views need of the configuration: name and value, kept beside the seeds as the seed `variables`. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What `orchestrator.settings` is to hold. */
export function settingsOf(domains: readonly Domain[]): Map<string, Readonly<Record<string, number>>> {
  return new Map(domains.map(({ name, settings }) => [name, settings ?? {}]));
}

/** Whether events of other stages come to it, beside those of producers or alone. */
export function isFed({ topics }: Domain, stage: Stage): boolean {
  return stage.topics.some((topic) => !topics.some(({ name }) => name === topic));
}

/** A table in a file `<name>.csv` that people edit: shipped in `seeds/`, or in a folder of their own. */
export interface Seed {
  readonly name: string;
  /** The column whose values are unique. */
  readonly key: string;
  /** A row: its columns in their order, each a text. An optional one may be left out of the file; its cells are then ''. */
  readonly row: z.ZodObject<Readonly<Record<string, z.ZodType<string | undefined>>>>;
}

/** A topic that producers write to. Its name is `<domain>.<name>`. */
export interface Topic {
  readonly name: string;
  readonly description: string;
  /** The field that is the record's key, so that a partition holds all events of a key. */
  readonly key: string;
  /** The field with the time at which the event happened. */
  readonly time: string;
  readonly schema: z.ZodType;
}

/**
 * Files of another program, each of whose lines gives any number of events of a topic, or none. What a line gives must
 * depend on nothing but the line and the path, and each event must have an id that is the same whenever it is read: a
 * file that was rewritten is read again from its start.
 */
export interface Format {
  readonly name: string;
  /** Of the events. */
  readonly topic: string;
  /** How the names of its files end. */
  readonly endings: readonly string[];
  /** Whether refused lines go to the dead letters byte for byte; if not, only with their place and the reason. */
  readonly keepsBytes: boolean;
  /** `path`: where the file was when it was first seen. */
  read(line: string, path: string): FormatLine;
}

/** Events (not checked yet), or why there are none: a fault refuses the line, `skipped` counts it under a reason. */
export type FormatLine =
  | { readonly events: readonly object[] }
  | { readonly skipped: string }
  | { readonly fault: string };

/** What files of a format go by where files of events go by their topic. No topic of Kafka has a plus in its name. */
export function formatTopic({ topic, name }: Format): string {
  return `${topic}+${name}`;
}

/** A topic between two stages of a domain: written by `Context.forward`, never by producers. */
export interface InternalTopic {
  readonly name: string;
}

/** Topics with the same key that share state, and the processor that reads them. */
export interface Stage<State = unknown> {
  readonly name: string;
  /** Names of `Topic`s and `InternalTopic`s. Their order here breaks ties between events of the same time. */
  readonly topics: readonly string[];
  readonly spaces: readonly StateSpace<State>[];
  readonly processor: Processor;
  /** The tables that it emits rows to, for the lineage; a domain with one stage may leave it out: all of them. */
  readonly tables?: readonly LandingTable[];
  /** The internal topics that it forwards to, for the lineage; none when left out. */
  readonly forwards?: readonly string[];
}

/** A validated event, as a processor sees it. `value` has the shape of its topic's schema. */
export interface StreamEvent<Value = unknown> {
  readonly topic: string;
  readonly key: string;
  /** Milliseconds since 1970, UTC: the time at which it happened. */
  readonly time: number;
  readonly value: Value;
}

/** A kind of keyed state: how it is stored, and what is done with it when a batch ends or it grows old. */
export interface StateSpace<State> {
  /** One or two characters, the prefix of its keys in the store. Never reuse one. */
  readonly prefix: string;
  readonly name: string;
  /** The version of the code that writes it; a record of another version is given to `decode` with that number. */
  readonly version: number;
  encode(state: State): string;
  decode(text: string, version: number, key: string): State;
  /**
   * Called for each key that changed, when the burst of events that changed it is over, and at the latest at the end of
   * the batch. Emits the difference between the rows that were true when it was last called and those that are true
   * now. It has its own state and can get no other one.
   */
  settle?(key: string, state: State, context: Context): void;
  /** What remains of a state that nothing touched for `idleMs`: the same, a smaller one, or nothing. */
  expire?(key: string, state: State, idleMs: number): State | undefined;
}

/**
 * Computes. Pure and synchronous: same events, same state, same output, always. It does no I/O, reads no clock
 * (`context.now` is the batch's journalled time) and draws no random number.
 */
export interface Processor {
  /** Names the states that `process` will get for this event, so that they are fetched many at a time. */
  reads(event: StreamEvent, read: Reader): void;
  process(event: StreamEvent, context: Context): void;
}

export type Reader = <State>(space: StateSpace<State>, key: string) => void;

export interface Context {
  /** Milliseconds since 1970 of the batch, from the journal. */
  readonly now: number;
  /** The state of a key; undefined when there is none. Only keys named by `reads` can be had. */
  get<State>(space: StateSpace<State>, key: string): State | undefined;
  /** Says that the state is new or was changed (states may be changed in place). */
  put<State>(space: StateSpace<State>, key: string, state: State): void;
  /** Writes a row to a landing table: `sign` +1 for what is now true, -1 for what is no longer. */
  emit<Table extends LandingTable>(table: Table, sign: 1 | -1, row: RowOf<Table>): void;
  /** Sends an event to an internal topic of the domain, once, with this batch. */
  forward(topic: string, key: string, time: number, value: unknown): void;
  /** Counts what operators watch: `late`, `too_late`, `duplicate` … */
  count(what: string, by?: number): void;
  /** Refuses the event in hand: it goes to the dead letters, with its bytes. */
  reject(reason: RejectionCode, message: string): void;
}

/** Why an event went to the dead letters. docs/producers.md says what to do for each. */
export type RejectionCode =
  | 'INVALID_JSON'
  | 'INVALID_EVENT'
  | 'SCHEMA_UNKNOWN'
  | 'WRONG_KEY'
  | 'EVENT_TOO_LARGE'
  | 'TIME_OUT_OF_RANGE'
  | 'CHANGE_TOO_LATE';

export type ColumnType =
  | 'String'
  | 'LowCardinality(String)'
  | 'Nullable(String)'
  | 'Bool'
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Int8'
  | 'Int32'
  | 'Int64'
  | 'Float64'
  | 'Nullable(UInt8)'
  | 'Nullable(UInt32)'
  | 'Nullable(Int64)'
  | 'Nullable(Float64)'
  | "DateTime64(3, 'UTC')"
  | "Nullable(DateTime64(3, 'UTC'))"
  | 'Array(String)'
  | 'Array(LowCardinality(String))';

/**
 * A table that receives the rows of a batch. The engine adds two columns after the declared ones:
 * `sign Int8` (+1 now true, -1 no longer true) and `row_version UInt64` (grows with every batch, across owners).
 * Times are given in milliseconds since 1970.
 */
export interface LandingTable {
  readonly database: string;
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /**
   * The columns by which a later row replaces an earlier one, for a table whose signs no incremental view reads. A
   * retraction that its replacement follows at once is then not sent: it would be replaced itself.
   */
  readonly replacedBy?: readonly string[];
}

type ValueOf<Type extends ColumnType> = Type extends `Nullable(${infer Inner extends ColumnType})`
  ? ValueOf<Inner> | null
  : Type extends 'String' | 'LowCardinality(String)'
    ? string
    : Type extends `Array(${string})`
      ? readonly string[]
      : Type extends 'Bool'
        ? boolean
        : number;

/** The row that a landing table takes, without the columns that the engine adds. */
export type RowOf<Table extends LandingTable> = {
  readonly [Column in keyof Table['columns']]: ValueOf<Table['columns'][Column]>;
};

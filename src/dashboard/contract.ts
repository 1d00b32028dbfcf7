/**
 * What the dashboard's server and its page agree on. A page is data: a domain brings its pages as values of these types
 * (`src/dashboard/pages/<domain>.ts`) and its questions as SQL (`clickhouse/dashboard/<domain>/<query>.sql`), and the page
 * that a browser runs draws any of them without knowing the domain.
 */

/** The pages of one domain, or of the operators (`orchestrator`). */
export interface DomainPages {
  readonly domain: string;
  readonly title: string;
  /** What a person can narrow the pages by, besides the days: each is a list of values. */
  readonly filters: readonly FilterSpec[];
  readonly pages: readonly Page[];
  /** How a person gives it data, while it has none; left out: it fills by itself. */
  readonly toFill?: { readonly text: string; readonly command: string };
}

export interface FilterSpec {
  /** Also the name of the query's parameter, `Array(String)`; empty: everything. */
  readonly name: string;
  readonly label: string;
  /** The query whose rows are the choices: columns `value`, `label`. */
  readonly query: string;
}

export interface Page {
  /** The address below `/`, such as `conversations/response-times`. */
  readonly path: string;
  readonly title: string;
  /** The question that the page answers, in a person's words. */
  readonly question: string;
  /** The filters that its panels heed, by name; `days` is the span of days. */
  readonly filters: readonly string[];
  readonly panels: readonly Panel[];
}

/**
 * How a value is shown. `percent` is 0 to 100 (34.5 is "34.5 %"); `ratio` is any other quotient, shown as it is; `rating`
 * is 1 to 5; `time` is a day (ISO 8601 date) or a moment (ISO 8601 in UTC, shown in the viewer's zone). Null is shown as –.
 */
export type Unit =
  | 'count'
  | 'seconds'
  | 'minutes'
  | 'hours'
  | 'percent'
  | 'rating'
  | 'ratio'
  | 'bytes'
  | 'time'
  | 'text';

interface PanelBase {
  readonly title: string;
  /** How the figure is defined, in a sentence or two. */
  readonly note?: string;
  /** What it means that there is nothing, when that is not plain. */
  readonly empty?: string;
  readonly query: string;
  /** Half of the page's width, or all of it. */
  readonly width?: 'half' | 'full';
}

export interface ColumnSpec {
  readonly column: string;
  readonly label: string;
  readonly unit: Unit;
}

/** A few large figures, from the query's first row. */
export interface FiguresPanel extends PanelBase {
  readonly kind: 'figures';
  readonly figures: readonly ColumnSpec[];
}

/** Bars (a category against a figure) and lines (a time against a figure); `series` colours them apart. */
export interface ChartPanel extends PanelBase {
  readonly kind: 'bars' | 'lines';
  readonly x: ColumnSpec;
  /** Several columns are drawn as several series, when `series` is left out. */
  readonly y: readonly ColumnSpec[];
  readonly series?: string;
}

/** A heat map, such as hour of day against weekday. */
export interface GridPanel extends PanelBase {
  readonly kind: 'grid';
  readonly x: ColumnSpec;
  readonly y: ColumnSpec;
  readonly value: ColumnSpec;
}

export interface TablePanel extends PanelBase {
  readonly kind: 'table';
  readonly columns: readonly ColumnSpec[];
}

/** Boxes and arrows: rows with `source`, `target`. */
export interface GraphPanel extends PanelBase {
  readonly kind: 'graph';
}

export type Panel = FiguresPanel | ChartPanel | GridPanel | TablePanel | GraphPanel;

/**
 * Where the bundled page is, from the root of the package: `index.html`, which answers every address of a page, and
 * `assets/`, whose names change with their content. Not `dist/dashboard/` itself: the compiled server is there.
 */
export const bundledPage = 'dist/dashboard/page';

/**
 * `GET /api/pages`: everything that the page needs to draw itself. `days` are the first and last with data; null when
 * there is none. `completeThrough` is ISO 8601, of the domains of which it is known: all their events up to then are counted.
 */
export interface Pages {
  readonly domains: readonly DomainPages[];
  readonly days: Readonly<Record<string, { readonly first: string; readonly last: string } | null>>;
  readonly completeThrough: Readonly<Record<string, string>>;
}

/**
 * `GET /api/query/<domain>/<query>?from=YYYY-MM-DD&to=YYYY-MM-DD&<filter>=value&<filter>=value`: days are whole, both ends
 * counted; a filter may be named several times.
 */
export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Numbers as numbers, 64-bit integers too; times as ISO 8601 in UTC. */
  readonly rows: readonly (readonly unknown[])[];
  /** ISO 8601: all events up to then are counted; null when nothing is known of it. */
  readonly completeThrough: string | null;
  readonly elapsedMs: number;
}

/** The body of every answer that is not 200. */
export interface Refusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly expected?: string;
    readonly received?: string;
  };
}

/** `GET /api/updates`, server-sent events: one `update` event whenever the warehouse has counted something more. */
export interface Update {
  /** Grows with every change of the warehouse. */
  readonly version: number;
  readonly completeThrough: string | null;
}

/**
 * What the process itself knows and ClickHouse does not: how far behind each partition is, how far a restoration is. It is
 * asked for as any query, `GET /api/query/orchestrator/partitions`, and a process that has nothing to tell (`parley serve`)
 * answers the same columns from `orchestrator.runs`.
 */
export const liveColumns = {
  partitions: [
    { name: 'stage', type: 'String' },
    { name: 'partition', type: 'UInt32' },
    { name: 'topic', type: 'String' },
    /** Partition of the topic, or file. */
    { name: 'shard', type: 'String' },
    /** opening, restoring, open, closing or waiting; empty when the process that has it does not say. */
    { name: 'state', type: 'String' },
    { name: 'position', type: 'Nullable(UInt64)' },
    /** Records that are there and not counted yet; null when nobody asked the brokers. */
    { name: 'lag', type: 'Nullable(UInt64)' },
    /** Per cent of the journal's records that are restored; null when it restores nothing. */
    { name: 'restored_percent', type: 'Nullable(Float64)' },
    /** Since when a batch waits for ClickHouse; null when none does. */
    { name: 'waiting_seconds', type: 'Nullable(Float64)' },
    /** Why it waits to be opened again. */
    { name: 'failure', type: 'Nullable(String)' },
  ],
} as const satisfies Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

/** What a statement of a migration makes. Positions are in its text. */
export type StatementShape =
  | { readonly kind: 'database'; readonly nameEnd: number }
  | { readonly kind: 'table'; readonly table: TableShape }
  | { readonly kind: 'view'; readonly nameEnd: number }
  | { readonly kind: 'materialized view'; readonly nameEnd: number; readonly names: readonly Span[] }
  | { readonly kind: 'dictionary'; readonly nameEnd: number }
  | { readonly kind: 'columns'; readonly nameEnd: number; readonly isOfTable: boolean };

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `CREATE TABLE IF NOT EXISTS database.name (columns) ENGINE = engine(arguments) ORDER BY … SETTINGS … COMMENT '…'`. */
export interface TableShape {
  readonly database: string;
  readonly name: string;
  readonly nameEnd: number;
  /** From the word ENGINE to the end of its arguments. */
  readonly engineSpan: Span;
  /** Such as ReplacingMergeTree. */
  readonly engine: string;
  /** Without parentheses; empty when it has none. */
  readonly engineArguments: string;
  /** Expressions of ORDER BY, without the parentheses around them. */
  readonly orderBy: string;
  /** Of `non_replicated_deduplication_window = N`. */
  readonly windowSpan: Span;
  readonly windowBlocks: number;
  /** The literal after COMMENT, with its quotes. */
  readonly comment: string;
}

/** Comments, literals and quoted names: what must not be taken for SQL. */
const opaque =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`|\$(\w*)\$[\s\S]*?\$\1\$/g;

/** The same text with every comment, literal and quoted name blotted out, so that positions stay. */
export function masked(text: string): string {
  return text.replace(opaque, (piece) => (piece.startsWith("'") ? `'${'_'.repeat(piece.length - 2)}'` : blank(piece)));
}

function blank(piece: string): string {
  return piece.replaceAll(/[^\n]/g, ' ');
}

/** The shape of a statement, or undefined for one that this does not know. */
export function shapeOf(text: string): StatementShape | undefined {
  const mask = masked(text);
  const altered =
    /^(ALTER TABLE \w+\.(\w+))\s+(COMMENT COLUMN \w+ '_*'(?:, COMMENT COLUMN \w+ '_*')*|ADD COLUMN IF NOT EXISTS [^;]+)$/.exec(
      mask,
    );
  if (altered?.[1] !== undefined) {
    // A view has comments in the same way. The name says which it is, as a test holds for all tables.
    const isOfTable = /^(landing|store)_/.test(altered[2] ?? '');
    if (!isOfTable && altered[3]?.startsWith('ADD')) return undefined;
    return { kind: 'columns', nameEnd: altered[1].length, isOfTable };
  }
  const [head, what, database, name] =
    /^CREATE (\w+(?: VIEW)?) IF NOT EXISTS (\w+)(?:\.(\w+))?(?![\w.])/.exec(mask) ??
    // A view that holds nothing can be put in the place of another, and so again.
    /^CREATE OR REPLACE (VIEW) (\w+)\.(\w+)(?![\w.])/.exec(mask) ??
    [];
  if (head === undefined || database === undefined) return undefined;
  const nameEnd = head.length;
  if (what === 'DATABASE') return name === undefined ? { kind: 'database', nameEnd } : undefined;
  if (name === undefined) return undefined;
  switch (what) {
    case 'TABLE': {
      const table = tableShape(text, mask, { database, name, nameEnd });
      return table && { kind: 'table', table };
    }
    case 'VIEW':
      return isKnownView(mask) ? { kind: 'view', nameEnd } : undefined;
    case 'MATERIALIZED VIEW': {
      // What is computed again by the clock asks what views ask, and writes a table that every server has whole.
      if (isRefreshOfSnapshot(mask, nameEnd)) return isKnownView(mask) ? { kind: 'view', nameEnd } : undefined;
      const names = feedNames(mask, nameEnd);
      return names && { kind: 'materialized view', nameEnd, names };
    }
    case 'DICTIONARY':
      return { kind: 'dictionary', nameEnd };
    default:
      return undefined;
  }
}

type Head = Pick<TableShape, 'database' | 'name' | 'nameEnd'>;

function tableShape(text: string, mask: string, head: Head): TableShape | undefined {
  const open = mask.indexOf('(', head.nameEnd);
  if (open < 0 || mask.slice(head.nameEnd, open).trim() !== '') return undefined;
  const columnsEnd = closing(mask, open);
  if (columnsEnd === undefined) return undefined;
  const engine = /^\s*(ENGINE = (\w*MergeTree))/.exec(mask.slice(columnsEnd));
  if (engine?.[1] === undefined || engine[2] === undefined) return undefined;
  const engineStart = columnsEnd + engine[0].length - engine[1].length;
  const nameOfEngineEnd = columnsEnd + engine[0].length;
  const engineEnd = mask[nameOfEngineEnd] === '(' ? closing(mask, nameOfEngineEnd) : nameOfEngineEnd;
  if (engineEnd === undefined) return undefined;
  const tail =
    /^\s+ORDER BY ([\s\S]+?)(?:\s+TTL [\s\S]+?)?\s+SETTINGS (non_replicated_deduplication_window = (\d+))\s+COMMENT ('_*')$/.exec(
      mask.slice(engineEnd),
    );
  const [whole, orderBy, setting, blocks, comment] = tail ?? [];
  if (!whole || !orderBy || !setting || !comment) return undefined;
  // What could stand in the list by mistake: clauses that this does not know.
  if (/\b(PARTITION|PRIMARY|SAMPLE|SETTINGS)\b/.test(orderBy)) return undefined;
  const windowStart = engineEnd + whole.indexOf(setting);
  return {
    ...head,
    engineSpan: { start: engineStart, end: engineEnd },
    engine: engine[2],
    engineArguments: text.slice(nameOfEngineEnd + 1, Math.max(nameOfEngineEnd + 1, engineEnd - 1)),
    orderBy: withoutParentheses(orderBy.trim()),
    windowSpan: { start: windowStart, end: windowStart + setting.length },
    windowBlocks: Number(blocks),
    comment: text.slice(text.length - comment.length),
  };
}

function withoutParentheses(list: string): string {
  return list.startsWith('(') && closing(list, 0) === list.length ? list.slice(1, -1).trim() : list;
}

/** The position after the parenthesis that closes the one at `open`. */
function closing(mask: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < mask.length; at++) {
    if (mask[at] === '(') depth++;
    else if (mask[at] === ')' && --depth === 0) return at + 1;
  }
  return undefined;
}

/**
 * A join is made GLOBAL, which is exact whatever stands on its sides. A subquery after IN is left as it is, so it may
 * only ask tables that every server has: ClickHouse would refuse, or answer from one shard, what asks a Distributed one.
 */
function isKnownView(mask: string): boolean {
  const asked = [...mask.matchAll(/\bIN\s*\(\s*SELECT\b[^()]*?\bFROM\s+([\w.]+)/g)].map(([, table]) => table);
  const subqueries = mask.match(/\bIN\s*\(\s*SELECT\b/g)?.length ?? 0;
  return asked.length === subqueries && asked.every((table) => table?.startsWith('system.'));
}

/** One that appends: to exchange a replicated table, ClickHouse would need a database that is replicated, too. */
function isRefreshOfSnapshot(mask: string, nameEnd: number): boolean {
  return /^\s+REFRESH EVERY \d+ [A-Z]+ APPEND TO \w+\.snapshot_\w+(?![\w.])/.test(mask.slice(nameEnd));
}

/** The target and the one source of a view that feeds a table. A second source would be another shard's half. */
function feedNames(mask: string, nameEnd: number): Span[] | undefined {
  const body = mask.slice(nameEnd);
  const target = /^\s+TO (\w+\.\w+)(?![\w.])/.exec(body);
  const sources = [...body.matchAll(/\bFROM\s+(\w+\.\w+)(?![\w.])/g)];
  const hasMore =
    /\bJOIN\b/.test(body) || body.match(/\bSELECT\b/g)?.length !== 1 || body.match(/\bFROM\b/g)?.length !== 1;
  const [source] = sources;
  if (target?.[1] === undefined || source === undefined || hasMore) return undefined;
  const targetEnd = nameEnd + target[0].length;
  const sourceEnd = nameEnd + source.index + source[0].length;
  return [
    { start: targetEnd - target[1].length, end: targetEnd },
    { start: sourceEnd - (source[1] ?? '').length, end: sourceEnd },
  ];
}

/** Whether a view is for people; the rest of a database is storage. */
export function isReaderView(name: string): boolean {
  return /^(fact|dim|agg)_|^waiting_now$/.test(name);
}

/** What a column of a type has to be to a person, whatever the driver calls it. */
export type Nature = 'text' | 'integer' | 'number' | 'yes or no' | 'day' | 'time' | 'list';

/** The nature of a ClickHouse type. Throws for one that no tool could show, such as AggregateFunction. */
export function natureOf(type: string): Nature {
  const inner = /^(?:Nullable|LowCardinality)\((.+)\)$/.exec(type)?.[1];
  if (inner !== undefined) return natureOf(inner);
  if (type === 'String') return 'text';
  if (type === 'Bool') return 'yes or no';
  if (type === 'Date') return 'day';
  if (/^U?Int(8|16|32|64)$/.test(type)) return 'integer';
  if (/^(Float(32|64)|Decimal\(.+\))$/.test(type)) return 'number';
  if (/^DateTime(64)?\(.+\)$/.test(type)) return 'time';
  if (/^Array\(.+\)$/.test(type)) return 'list';
  throw new Error(`No tool shows ${type}`);
}

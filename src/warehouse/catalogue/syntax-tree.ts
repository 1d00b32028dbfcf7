import { type ClickHouseClient, queryText } from '../client.ts';

/**
 * The tables and dictionaries that a statement names, among those that are known. The server parses it (`EXPLAIN AST`
 * runs nothing), so that no comment, literal or alias is taken for a table. A dictionary is named by a literal, as in
 * `dictGet('database.name', …)`.
 *
 * Fails with PARLEY_QUERY_FAILED for a statement that is no SQL.
 */
export async function namedIn(
  client: ClickHouseClient,
  statement: string,
  known: ReadonlySet<string>,
): Promise<Set<string>> {
  // As text: a FORMAT clause would be taken for a part of the statement.
  return tablesIn(await queryText(client, `EXPLAIN AST ${statement}`, 'TSVRaw'), known);
}

/** The same of a tree, as `EXPLAIN AST` prints it. A table of a cluster's own server counts as the one in front of it. */
export function tablesIn(tree: string, known: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (const [, table, literal] of tree.matchAll(/^ *(?:TableIdentifier (\S+)|Literal '([\w.]+)')/gm)) {
    const name = inFront(table ?? literal ?? '', known);
    if (name !== undefined) found.add(name);
  }
  return found;
}

/** `landing_x_local` is what a server of a cluster holds of `landing_x`. */
export function inFront(name: string, known: ReadonlySet<string>): string | undefined {
  if (known.has(name)) return name;
  const front = name.replace(/_local$/, '');
  return known.has(front) ? front : undefined;
}

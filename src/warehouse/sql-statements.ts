/** A statement of a script, without its closing semicolon, and the line on which it begins. */
export interface Statement {
  readonly text: string;
  readonly line: number;
}

/**
 * What can hold a semicolon that ends nothing: comments, literals, quoted names, and heredocs ($tag$ … $tag$). An
 * unfinished one reaches to the end of the script, so that the server sees it and says so.
 */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|"(?:[^"\\]|\\[\s\S])*(?:"|$)|`(?:[^`\\]|\\[\s\S])*(?:`|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|;|[^-/'"`$;]+|[\s\S]/g;

/** The statements of a script in ClickHouse's SQL. Pieces of comments and blanks alone are none. */
export function splitStatements(script: string): Statement[] {
  const statements: Statement[] = [];
  let text = '';
  let line = 1;
  let startLine = 1;
  let hasCode = false;
  const end = (): void => {
    if (hasCode) statements.push({ text: text.trim(), line: startLine });
    text = '';
    hasCode = false;
  };
  for (const [piece] of script.matchAll(token)) {
    if (piece === ';') {
      end();
      continue;
    }
    const isComment = piece.startsWith('--') || piece.startsWith('/*');
    if (!hasCode && !isComment && /\S/.test(piece)) {
      hasCode = true;
      // What stood before the first code were comments: the server has no use for them.
      startLine = line + lineBreaks(piece.slice(0, piece.search(/\S/)));
      text = '';
    }
    text += piece;
    line += lineBreaks(piece);
  }
  end();
  return statements;
}

function lineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

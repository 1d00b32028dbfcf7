import { quoteName } from '../row-encoder.ts';

/**
 * Data tests are shown to people as SQL that runs as it stands, so their values are literals and not parameters. These
 * are the only places that make one; a test holds them to what the server reads back.
 */
export type Literal = string | number | boolean;

export function literal(value: Literal): string {
  if (typeof value === 'string') return textLiteral(value);
  return String(value);
}

function textLiteral(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0');
  return `'${escaped}'`;
}

/** `database.table`, quoted where it has to be. */
export function tableName(name: string): string {
  const at = name.indexOf('.');
  return `${identifier(name.slice(0, at))}.${identifier(name.slice(at + 1))}`;
}

/** A name as a person would write it: quoted only where it has to be. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : quoteName(name);
}

/** Words that a name could have and that would be read otherwise. */
const reserved = new Set(
  'all any array asof between by case cross distinct end except final format from full global group having ilike in inner into interval is join left like limit not null offset on or order outer partition prewhere qualify right sample select semi settings tuple union using values when where window with true false and as then else date timestamp'.split(
    ' ',
  ),
);

/** What is derived from the text of a message. */
export const CODE = 1;
export const URL = 2;
export const QUESTION = 4;

const address = /\bhttps?:\/\/[^\s/]/i;
/** After a word, its closing quotes and brackets; and then nothing or white space: no query of a URL, no `a ? b : c`. */
const question = /[^\s?]\?+[!"'’”)\]*_`]*(?:\s|$)/;

/** CODE, URL and QUESTION, added up. Each is looked for with a plain search first: most texts have none. */
export function marksOf(text: string): number {
  let marks = 0;
  if (text.includes('```')) marks += CODE;
  if (text.includes('://') && address.test(text)) marks += URL;
  if (text.includes('?') && question.test(text)) marks += QUESTION;
  return marks;
}

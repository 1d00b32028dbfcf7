import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isReaderView } from './expected-types.ts';

const snapshot = fileURLToPath(new URL('../../clickhouse/schema/conversations.sql', import.meta.url));

export interface ViewColumn {
  readonly view: string;
  readonly column: string;
  readonly type: string;
  readonly comment: string;
}

/** The columns of the views that people read, from the committed snapshot of the schema: not from what is tested. */
export function documentedColumns(): ViewColumn[] {
  const text = readFileSync(snapshot, 'utf8');
  return [...text.matchAll(/^CREATE VIEW conversations\.(\w+)\n\(\n([\s\S]*?)\n\)\n/gm)].flatMap(([, view, body]) => {
    if (!isReaderView(view!)) return [];
    return body!.split('\n').map((line) => {
      const [, column, type, comment] = /^ +`(\w+)` (.+?) COMMENT '(.*)',?$/.exec(line)!;
      return { view: view!, column: column!, type: type!, comment: comment!.replaceAll("\\'", "'") };
    });
  });
}

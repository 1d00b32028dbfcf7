import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../deploy/grafana/dashboards/', import.meta.url));

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Target {
  readonly refId: string;
  readonly datasource: DataSource;
  readonly rawSql?: string;
  readonly queryType?: string;
  readonly format?: number;
  readonly expr?: string;
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly datasource: DataSource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly options: { readonly xField?: string };
  readonly targets: readonly Target[];
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string; readonly datasource: DataSource }[];
  };
}

export const dashboards: readonly Dashboard[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ ...(JSON.parse(readFileSync(folder + file, 'utf8')) as Omit<Dashboard, 'file'>), file }));

/** Every query of the dashboards in one of the two languages, with the place where it stands. */
export function queries(language: 'rawSql' | 'expr'): { where: string; panel: Panel; target: Target; text: string }[] {
  return dashboards.flatMap(({ file, panels }) =>
    panels.flatMap((panel) =>
      panel.targets.flatMap((target) => {
        const text = target[language];
        return text === undefined ? [] : [{ where: `${file}: ${panel.title}`, panel, target, text }];
      }),
    ),
  );
}

import { z } from 'zod';
import type { Seed } from '../../runtime/domain.ts';
import type { AssistantOptions } from './options.ts';

const filled = z.string().regex(/\S/, { error: 'expected a text' });

/** `tool_categories.csv`: what a tool is for. Users edit it; views look it up each time that they are read. */
export const toolCategories: Seed = {
  name: 'tool_categories',
  key: 'tool_name',
  row: z.object({
    tool_name: filled.regex(/^[^*]+\*?$/, { error: 'expected a name, with a * at its end or none' }),
    tool_category: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, {
      error: 'expected small letters, digits and underscores, such as file_op, search or shell',
    }),
    tool_description: z.string().optional(),
    operation_kind: z
      .enum(['file', 'search', 'shell', 'none', ''], { error: 'expected file, search, shell, none or nothing' })
      .optional(),
  }),
};

/** What the views take from the configuration. */
export function variablesOf({ startDate, endDate, timeZone }: AssistantOptions): Readonly<Record<string, string>> {
  return { start_date: startDate, end_date: endDate, time_zone: timeZone };
}

import { toolCategory } from '../../events/assistant-seeds.ts';
import type { Seed } from '../../runtime/domain.ts';
import type { AssistantOptions } from './options.ts';

/** `tool_categories.csv`: what a tool is for. Users edit it; views look it up each time that they are read. */
export const toolCategories: Seed = { name: 'tool_categories', key: 'tool_name', row: toolCategory };

/** What the views take from the configuration. */
export function variablesOf({ startDate, endDate, timeZone }: AssistantOptions): Readonly<Record<string, string>> {
  return { start_date: startDate, end_date: endDate, time_zone: timeZone };
}

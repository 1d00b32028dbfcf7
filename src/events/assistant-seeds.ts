import { z } from 'zod';

const filled = z.string().regex(/\S/, { error: 'expected a text' });

/** A row of `tool_categories.csv`. Its columns are texts; an optional one may be left out of the file. */
export const toolCategory = z.object({
  tool_name: filled.regex(/^[^*]+\*?$/, { error: 'expected a name, with a * at its end or none' }),
  tool_category: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, {
    error: 'expected small letters, digits and underscores, such as file_op, search or shell',
  }),
  tool_description: z.string().optional(),
  operation_kind: z
    .enum(['file', 'search', 'shell', 'none', ''], { error: 'expected file, search, shell, none or nothing' })
    .optional(),
});

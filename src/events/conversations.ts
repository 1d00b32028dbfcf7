import { z } from 'zod';
import { identifier, instant, label, tagList } from './fields.ts';

/** Events of the domain `conversations`, as CONTRACT states them. Unknown fields are dropped, not refused. */

export const message = z
  .object({
    message_id: identifier.describe('Unique; a repeated one counts once.'),
    conversation_id: identifier.describe('The key: messages of one conversation stay in order within a partition.'),
    customer_id: identifier,
    clinic_code: identifier,
    direction: z.enum(['in', 'out']).describe('`in` from the customer, `out` from the clinic.'),
    direction_type: z.enum(['initial', 'followup', 'response']),
    channel: label.describe('whatsapp, sms, email …'),
    message_timestamp: instant.describe('When it was sent.'),
    text_length: z.int().min(0).max(4_294_967_295).optional().describe('Characters of the text.'),
    text: z.string().optional().describe('Read for tags; not stored unless configured.'),
  })
  .describe('A message of a conversation between a customer and a clinic.');

export const conversation = z
  .object({
    conversation_id: identifier,
    customer_id: identifier,
    clinic_code: identifier,
    status: z.enum(['open', 'done', 'snoozed']),
    tags: tagList,
    is_urgent: z.boolean().optional().describe('Without it: whether a tag contains "urgent".'),
    is_sensitive: z.boolean().optional().describe('Without it: whether a tag contains "sensitive".'),
    changed_at: instant.describe('When it came to be so. A later one replaces, an earlier one is spliced in.'),
    is_deleted: z.boolean().optional(),
  })
  .describe('The attributes of a conversation from `changed_at` on.');

export const customer = z
  .object({
    customer_id: identifier,
    clinic_code: identifier,
    changed_at: instant,
    is_deleted: z.boolean().optional(),
  })
  .describe('The attributes of a customer from `changed_at` on.');

export const clinic = z
  .object({
    clinic_code: identifier,
    clinic_name: z.string().min(1).max(512),
    clinic_type: label.optional().describe('Without it: LLC, Inc or Group where the name has it, else Other.'),
    timezone: z
      .string()
      .refine(isTimeZone, { error: 'expected an IANA time zone such as Europe/London' })
      .optional()
      .describe('IANA name; UTC without it.'),
    changed_at: instant,
    is_deleted: z.boolean().optional(),
  })
  .describe('The attributes of a clinic from `changed_at` on.');

export const rating = z
  .object({
    conversation_id: identifier,
    rating: z.int().min(1).max(5),
    rated_at: instant,
  })
  .describe("A customer's rating of a conversation; of several the one given last counts.");

export type Message = z.infer<typeof message>;
export type Conversation = z.infer<typeof conversation>;
export type Customer = z.infer<typeof customer>;
export type Clinic = z.infer<typeof clinic>;
export type Rating = z.infer<typeof rating>;

const zones = new Map<string, boolean>();

/** Whether Intl knows the time zone. Cached: making a formatter costs 30 microseconds. */
function isTimeZone(name: string): boolean {
  let known = zones.get(name);
  if (known === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      known = /^[A-Za-z]/.test(name);
    } catch {
      known = false;
    }
    if (zones.size < 10_000) zones.set(name, known);
  }
  return known;
}

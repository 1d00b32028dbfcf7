import { z } from 'zod';

/** Field types that events of every domain share. */

/** An id or a code: 1 to 512 characters, none of them a control character (they would break keys and exports). */
export const identifier = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\u0000-\u001f\u007f]+$/, { error: 'expected no control characters' });

/** A short word that groups events: a channel, a kind. */
export const label = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\u0000-\u001f\u007f]+$/, { error: 'expected no control characters' });

export const tagList = z.array(label).max(256);

export { isoTimestamp as instant } from './time.ts';

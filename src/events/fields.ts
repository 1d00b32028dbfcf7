import { z } from 'zod';

/** Field types that events of every domain share. */

/** No control characters (they would break keys and exports), no half of a surrogate pair (it has no UTF-8). */
const wellFormed = /^[^\u0000-\u001f\u007f\ud800-\udfff]+$/u;

/** An id or a code: 1 to 512 characters. */
export const identifier = z
  .string()
  .min(1)
  .max(512)
  .regex(wellFormed, { error: 'expected no control characters and no half surrogate pairs' });

/** A short word that groups events: a channel, a kind. */
export const label = z
  .string()
  .min(1)
  .max(128)
  .regex(wellFormed, { error: 'expected no control characters and no half surrogate pairs' });

export const tagList = z.array(label).max(256);

export { isoTimestamp as instant } from './time.ts';

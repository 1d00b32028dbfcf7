import { checkKnown } from '../known-ids.ts';
import type { About } from './message-pass.ts';
import { emptyMessages, type Messages } from './messages.ts';
import { restorePass, type StoredPass, storePass } from './messages-pack.ts';

/** The stored form of `Messages`, which is closed between two batches; its two long texts stand beside it as they are. */
export type StoredMessages = readonly [
  tail: StoredPass,
  base: StoredPass | null,
  count: number,
  firstTime: number,
  gapMs: number,
  ...abouts: StoredAbout[],
];

type StoredAbout = readonly [customer: string, clinic: string, direction: 'in' | 'out', type: string, channel: string];

export function storeMessages({ tail, base, pack, gapMs }: Messages): StoredMessages {
  return [
    storePass(tail),
    base === null ? null : storePass(base),
    pack.count,
    pack.firstTime,
    gapMs,
    ...pack.abouts.map(
      ({ customer_id, clinic_code, direction, direction_type, channel }): StoredAbout => [
        customer_id,
        clinic_code,
        direction,
        direction_type,
        channel,
      ],
    ),
  ];
}

export function restoreMessages(stored: StoredMessages, known: string, text: string): Messages {
  const [tail, base, count, firstTime, gapMs, ...abouts] = stored;
  const messages = emptyMessages(gapMs);
  messages.known = checkKnown(known);
  messages.tail = restorePass(tail);
  messages.base = base === null ? null : restorePass(base);
  messages.pack.count = count;
  messages.pack.firstTime = firstTime;
  messages.pack.text = text;
  messages.pack.abouts = abouts.map(
    ([customer_id, clinic_code, direction, direction_type, channel]): About => ({
      customer_id,
      clinic_code,
      direction,
      direction_type,
      channel,
    }),
  );
  return messages;
}

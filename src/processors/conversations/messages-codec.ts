import type { About } from './message-pass.ts';
import { emptyMessages, type Messages } from './messages.ts';
import { restorePass, type StoredPass, storePass } from './messages-pack.ts';

/** The stored form of `Messages`, which is closed between two batches; the packed text stands beside it as it is. */
export type StoredMessages = readonly [
  tail: StoredPass,
  base: StoredPass | null,
  count: number,
  firstTime: number,
  ...abouts: StoredAbout[],
];

type StoredAbout = readonly [customer: string, clinic: string, direction: 'in' | 'out', type: string, channel: string];

export function storeMessages({ tail, base, pack }: Messages): StoredMessages {
  return [
    storePass(tail),
    base === null ? null : storePass(base),
    pack.count,
    pack.firstTime,
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

export function restoreMessages(stored: StoredMessages, text: string): Messages {
  const [tail, base, count, firstTime, ...abouts] = stored;
  const messages = emptyMessages();
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

import { NEVER } from '../gaps.ts';
import { decodeKnown } from '../known-ids.ts';
import type { About, Pass } from './message-pass.ts';
import { emptyMessages, type Messages } from './messages.ts';
import type { Names } from './names.ts';

/**
 * The stored form of `Messages`, which is closed between two batches; its two long texts stand beside it as they are.
 * Times are distances from `start`, words places in `names`.
 */
export type StoredMessages = readonly [
  count: number,
  firstTime: number,
  gapMs: number,
  tail: StoredPass,
  base: StoredPass | 0,
  /** Five items for each `About`. */
  abouts: readonly number[],
];

type StoredPass = readonly [
  last: number | null,
  /** Empty where the packed text says it. */
  lastId: string,
  unansweredSince: number | null,
  hasResponse: 0 | 1,
  sessionStartedAt: number,
  sessionCustomer: number,
  sessionClinic: number,
  inCount: number,
  outCount: number,
  /** The last two only while somebody waits. */
  unansweredCount?: number,
  unansweredChannel?: number,
];

export function storeMessages({ tail, base, pack, gapMs }: Messages, names: Names, start: number): StoredMessages {
  const abouts: number[] = [];
  for (const { customer_id, clinic_code, direction, direction_type, channel } of pack.abouts) {
    abouts.push(names.place(customer_id), names.place(clinic_code), direction === 'in' ? 1 : 0);
    abouts.push(names.place(direction_type), names.place(channel));
  }
  return [
    pack.count,
    pack.count > 0 ? pack.firstTime - start : 0,
    gapMs,
    storePass(tail, names, start),
    base === null ? 0 : storePass(base, names, start),
    abouts,
  ];
}

export function restoreMessages(
  stored: StoredMessages,
  names: Names,
  start: number,
  known: string,
  text: string,
): Messages {
  const [count, firstTime, gapMs, tail, base, places] = stored;
  const messages = emptyMessages(gapMs);
  messages.known = decodeKnown(known);
  messages.pack.count = count;
  messages.pack.firstTime = start + firstTime;
  if (count > 0) messages.pack.parts.push(text);
  messages.pack.abouts = Array.from({ length: places.length / 5 }, (_, place): About => {
    const at = 5 * place;
    return {
      customer_id: names.at(places[at]!),
      clinic_code: names.at(places[at + 1]!),
      direction: places[at + 2] === 1 ? 'in' : 'out',
      direction_type: names.at(places[at + 3]!),
      channel: names.at(places[at + 4]!),
    };
  });
  messages.tail = restorePass(tail, names, start);
  messages.base = base === 0 ? null : restorePass(base, names, start);
  return messages;
}

function storePass(pass: Pass, names: Names, start: number): StoredPass {
  const stored = [
    pass.last === NEVER ? null : pass.last - start,
    pass.lastId,
    pass.unansweredSince === NEVER ? null : pass.unansweredSince - start,
    pass.hasResponse ? 1 : 0,
    pass.sessionStartedAt - start,
    names.place(pass.sessionCustomer),
    names.place(pass.sessionClinic),
    pass.inCount,
    pass.outCount,
  ] as const;
  if (pass.unansweredCount === 0) return stored;
  return [...stored, pass.unansweredCount, names.place(pass.unansweredChannel)];
}

function restorePass(stored: StoredPass, names: Names, start: number): Pass {
  return {
    last: stored[0] === null ? NEVER : start + stored[0],
    lastId: stored[1],
    unansweredSince: stored[2] === null ? NEVER : start + stored[2],
    hasResponse: stored[3] === 1,
    sessionStartedAt: start + stored[4],
    sessionCustomer: names.at(stored[5]),
    sessionClinic: names.at(stored[6]),
    inCount: stored[7],
    outCount: stored[8],
    unansweredCount: stored[9] ?? 0,
    unansweredChannel: stored[10] === undefined ? '' : names.at(stored[10]),
  };
}

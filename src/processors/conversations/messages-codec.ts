import type { About, KeptMessage, MessageRules, Messages, Pass } from './messages.ts';
import { emptyMessages, isSameAbout, rebuildMessages } from './messages.ts';

/**
 * The stored form of `Messages`: what cannot be computed again. Derived values and sessions are rebuilt on reading.
 * Attributes that messages share are stored once, times as distances from the first.
 */
export interface StoredMessages {
  /** Horizon's id and the pass there. */
  readonly h?: readonly [id: string, ...pass: StoredPass];
  readonly a: readonly StoredAbout[];
  /** Time of the first kept message. */
  readonly t: number;
  /** id, milliseconds after t, index in a, text length (or null); four items a message. */
  readonly k: readonly (string | number | null)[];
  /** Text and tags of the messages that have any, by their place. */
  readonly x?: Readonly<Record<number, readonly [text: string | null, tags: readonly string[]]>>;
}

type StoredAbout = readonly [customer: string, clinic: string, direction: 'in' | 'out', type: string, channel: string];

type StoredPass = readonly [
  last: number,
  unansweredSince: number | null,
  hasResponse: 0 | 1,
  sessionStartedAt: number,
  sessionCustomer: string,
  sessionClinic: string,
  inCount: number,
  outCount: number,
];

export function storeMessages(messages: Messages): StoredMessages {
  const first = messages.entries[0]?.time ?? 0;
  const abouts: About[] = [];
  const kept: (string | number | null)[] = [];
  let texts: Record<number, [string | null, readonly string[]]> | undefined;
  for (const [index, message] of messages.entries.entries()) {
    let about = abouts.findIndex((known) => isSameAbout(known, message.about));
    if (about < 0) about = abouts.push(message.about) - 1;
    kept.push(message.id, message.time - first, about, message.textLength);
    if (message.text !== null || message.textTags.length > 0) {
      texts ??= {};
      texts[index] = [message.text, message.textTags];
    }
  }
  return {
    ...(messages.horizon && messages.base ? { h: [messages.horizon.id, ...storePass(messages.base)] as const } : {}),
    a: abouts.map((about) => [
      about.customer_id,
      about.clinic_code,
      about.direction,
      about.direction_type,
      about.channel,
    ]),
    t: first,
    k: kept,
    ...(texts ? { x: texts } : {}),
  };
}

export function restoreMessages(id: string, stored: StoredMessages, rules: MessageRules): Messages {
  const messages = emptyMessages();
  if (stored.h) {
    const [horizonId, ...pass] = stored.h;
    messages.base = restorePass(pass);
    messages.horizon = { id: horizonId, time: pass[0] };
    messages.latest = pass[0];
  }
  const abouts = stored.a.map(
    ([customer_id, clinic_code, direction, direction_type, channel]): About => ({
      customer_id,
      clinic_code,
      direction,
      direction_type,
      channel,
    }),
  );
  for (let index = 0; index < stored.k.length; index += 4) {
    const text = stored.x?.[index / 4];
    const message: KeptMessage = {
      id: stored.k[index] as string,
      time: stored.t + (stored.k[index + 1] as number),
      about: abouts[stored.k[index + 2] as number]!,
      textLength: stored.k[index + 3] as number | null,
      text: text?.[0] ?? null,
      textTags: text?.[1] ?? [],
      previous: null,
      responseSeconds: null,
      isFirstResponse: false,
      sessionStartedAt: null,
    };
    messages.entries.push(message);
    messages.latest = message.time;
  }
  rebuildMessages(id, messages, rules);
  return messages;
}

function storePass(pass: Pass): StoredPass {
  return [
    pass.last!,
    pass.unansweredSince,
    pass.hasResponse ? 1 : 0,
    pass.sessionStartedAt,
    pass.sessionCustomer,
    pass.sessionClinic,
    pass.inCount,
    pass.outCount,
  ];
}

function restorePass(stored: StoredPass): Pass {
  const [last, unansweredSince, hasResponse, sessionStartedAt, sessionCustomer, sessionClinic, inCount, outCount] =
    stored;
  return {
    last,
    unansweredSince,
    hasResponse: hasResponse === 1,
    sessionStartedAt,
    sessionCustomer,
    sessionClinic,
    inCount,
    outCount,
  };
}

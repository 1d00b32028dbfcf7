import type { About, KeptMessage, MessageRules, Messages, Pass } from './messages.ts';
import { emptyMessages, rebuildMessages } from './messages.ts';

/**
 * The stored form of `Messages`: what cannot be computed again. Derived values and sessions are rebuilt on reading.
 * Attributes that messages share are stored once, times as distances from the first.
 */
export interface StoredMessages {
  /** Horizon's id and the pass there. */
  readonly h?: readonly [id: string, pass: Pass];
  readonly a: readonly About[];
  /** Time of the first kept message. */
  readonly t: number;
  /** id, milliseconds after t, index in a, text length (or null); four items a message. */
  readonly k: readonly (string | number | null)[];
  /** Text and tags of the messages that have any, by their place. */
  readonly x?: Readonly<Record<number, readonly [text: string | null, tags: readonly string[]]>>;
}

export function storeMessages(messages: Messages): StoredMessages {
  const first = messages.entries[0]?.time ?? 0;
  const abouts: About[] = [];
  const kept: (string | number | null)[] = [];
  let texts: Record<number, [string | null, readonly string[]]> | undefined;
  for (const [index, message] of messages.entries.entries()) {
    let about = abouts.indexOf(message.about);
    if (about < 0) about = abouts.push(message.about) - 1;
    kept.push(message.id, message.time - first, about, message.textLength);
    if (message.text !== null || message.textTags.length > 0) {
      texts ??= {};
      texts[index] = [message.text, message.textTags];
    }
  }
  return {
    ...(messages.horizon && messages.base ? { h: [messages.horizon.id, messages.base] as const } : {}),
    a: abouts,
    t: first,
    k: kept,
    ...(texts ? { x: texts } : {}),
  };
}

export function restoreMessages(id: string, stored: StoredMessages, rules: MessageRules): Messages {
  const messages = emptyMessages();
  if (stored.h) {
    const [horizonId, base] = stored.h;
    messages.base = base;
    messages.horizon = { id: horizonId, time: base.last! };
    messages.latest = base.last!;
  }
  for (let index = 0; index < stored.k.length; index += 4) {
    const text = stored.x?.[index / 4];
    const message: KeptMessage = {
      id: stored.k[index] as string,
      time: stored.t + (stored.k[index + 1] as number),
      about: stored.a[stored.k[index + 2] as number]!,
      textLength: stored.k[index + 3] as number | null,
      text: text?.[0] ?? null,
      textTags: text?.[1] ?? [],
      derived: null,
    };
    messages.entries.push(message);
    messages.latest = message.time;
  }
  rebuildMessages(id, messages, rules);
  return messages;
}

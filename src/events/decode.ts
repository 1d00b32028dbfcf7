import type { z } from 'zod';
import type { RejectionCode, StreamEvent, Topic } from '../runtime/domain.ts';
import type { Rejection } from '../source/source.ts';
import { type Checker, compileChecker } from './checker.ts';
import { parseTimestamp } from './time.ts';

export interface DecoderOptions {
  /** Characters of a key. Keys are kept in state and sent to Kafka. Default 1024. */
  readonly keyMax?: number;
  /** Bytes of an event as it came. Default 1 MiB. */
  readonly eventBytesMax?: number;
  /** The earliest time of an event, milliseconds since 1970. Default 2000-01-01. */
  readonly timeMin?: number;
  /** How far an event's time may be ahead of `now`: a clock set wrong must not close sessions years ahead. Default a day. */
  readonly aheadMaxMs?: number;
}

export type Decoded =
  | { readonly event: StreamEvent; readonly rejection?: undefined }
  | { readonly event?: undefined; readonly rejection: Rejection };

export interface Decoder {
  /**
   * A record's text as a validated event, or why it is none. `now` is the batch's time, milliseconds since 1970: the
   * answer depends on it (TIME_OUT_OF_RANGE), so a batch that is read again must be given the same. Throws
   * only for a topic that the decoder was not made for.
   */
  decode(topic: string, text: string, now: number): Decoded;
  /** The same for what is no text any more: an object of another format (Avro), to be checked by the same rules. */
  check(topic: string, input: unknown, now: number): Decoded;
  /**
   * What of that does not depend on the batch's time: the event, with any time, or undefined where `decode` has to say
   * what is wrong. `isInTime` is the rest.
   */
  recognise(topic: string, text: string): StreamEvent | undefined;
  /** Whether events of that time are taken in a batch of time `now`. */
  isInTime(time: number, now: number): boolean;
  readonly eventBytesMax: number;
}

const issuesMax = 5;
const shownMax = 48;

export function createDecoder(topics: readonly Topic[], options: DecoderOptions = {}): Decoder {
  const { keyMax = 1024, eventBytesMax = 1_048_576 } = options;
  const { timeMin = Date.UTC(2000, 0, 1), aheadMaxMs = 86_400_000 } = options;
  const byName = new Map(topics.map((topic) => [topic.name, { topic, isFine: compileChecker(topic.schema) }]));
  type Known = { readonly topic: Topic; readonly isFine: Checker | undefined };

  function knownTopic(topicName: string): Known {
    const known = byName.get(topicName);
    if (known === undefined) throw new RangeError(`No schema for topic ${topicName}`);
    return known;
  }

  function isInTime(time: number, now: number): boolean {
    return time >= timeMin && time <= now + aheadMaxMs;
  }

  /** An event of any time, or why it is none. */
  function read(topicName: string, text: string): Decoded {
    const known = knownTopic(topicName);
    if (isLarger(text, eventBytesMax)) return tooLarge(Buffer.byteLength(text), eventBytesMax);

    let input: unknown;
    try {
      input = JSON.parse(text);
    } catch (error) {
      return rejected('INVALID_JSON', `expected a JSON object, received ${show(text)}: ${(error as Error).message}`);
    }
    return examine(known, input);
  }

  function examine({ topic, isFine }: Known, input: unknown): Decoded {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      return rejected('INVALID_JSON', `expected a JSON object, received ${show(input)}`);
    }
    let value = input as Readonly<Record<string, unknown>>;
    if (isFine === undefined || !isFine(value)) {
      const parsed = topic.schema.safeParse(input);
      if (!parsed.success) return rejected('INVALID_EVENT', describeIssues(parsed.error.issues, input));
      value = parsed.data as Readonly<Record<string, unknown>>;
    }

    const key = value[topic.key];
    const keyFault = faultOfKey(key, keyMax);
    if (keyFault) return rejected('INVALID_EVENT', `${topic.key}: ${keyFault}, received ${show(key)}`);
    const written = value[topic.time];
    const time = typeof written === 'string' ? parseTimestamp(written) : Number.NaN;
    if (Number.isNaN(time)) {
      return rejected('INVALID_EVENT', `${topic.time}: expected an ISO 8601 time, received ${show(written)}`);
    }
    return { event: { topic: topic.name, key: key as string, time, value } };
  }

  /** The same, or refused for its time. */
  function dated(topicName: string, decoded: Decoded, now: number): Decoded {
    const { event } = decoded;
    if (event === undefined || isInTime(event.time, now)) return decoded;
    const until = new Date(now + aheadMaxMs).toISOString();
    const expected = `a time from ${new Date(timeMin).toISOString()} to ${until}`;
    const name = knownTopic(topicName).topic.time;
    const written = (event.value as Readonly<Record<string, unknown>>)[name];
    return rejected('TIME_OUT_OF_RANGE', `${name}: expected ${expected}, received ${show(written)}`);
  }

  return {
    decode: (topicName, text, now) => dated(topicName, read(topicName, text), now),
    check: (topicName, input, now) => dated(topicName, examine(knownTopic(topicName), input), now),
    recognise: (topicName, text) => read(topicName, text).event,
    isInTime,
    eventBytesMax,
  };
}

/** The rejection of a record that is over the limit, for sources that know so before they have read all of it. */
export function tooLarge(bytes: number, bytesMax: number): { rejection: Rejection } {
  return rejected('EVENT_TOO_LARGE', `expected at most ${bytesMax} bytes, received ${bytes}`);
}

/** Why a record is no event. */
export function rejected(code: RejectionCode, message: string): { rejection: Rejection } {
  return { rejection: { code, message } };
}

/** Counts bytes only where characters alone do not tell: a character is one to three bytes. */
function isLarger(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}

function faultOfKey(key: unknown, keyMax: number): string | undefined {
  if (typeof key !== 'string' || key === '') return 'expected a string that is not empty';
  if (key.length > keyMax) return `expected at most ${keyMax} characters`;
  // Stores write half a surrogate pair as U+FFFD, so that two such keys would become one.
  if (/[\ud800-\udfff]/u.test(key)) return 'expected well-formed Unicode';
  return undefined;
}

function describeIssues(issues: readonly z.core.$ZodIssue[], input: object): string {
  const lines = issues.slice(0, issuesMax).map((issue) => describeIssue(issue, input));
  if (issues.length > issuesMax) lines.push(`and ${issues.length - issuesMax} more`);
  return lines.join('; ');
}

/** zod's message starts with a word for the kind of fault and sometimes ends with what came, which we show ourselves. */
export function describeIssue(issue: z.core.$ZodIssue, input: object): string {
  const path = issue.path.map(String).join('.');
  const expected = issue.message.replace(/^[^:]*: (?=expected )/, '').replace(/, received .*$/s, '');
  let received: unknown = input;
  for (const part of issue.path) received = (received as Record<PropertyKey, unknown> | null | undefined)?.[part];
  return `${path || 'event'}: ${expected}, received ${path === '' ? 'this object' : show(received)}`;
}

/** A value on one line, cut to what a person needs to recognise it. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, shownMax)) : safeStringify(value);
  const isCut = typeof value === 'string' ? value.length > shownMax : text.length > shownMax;
  return isCut ? `${text.slice(0, shownMax + 2)} …` : text;
}

function safeStringify(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

import { type Decoded, type Decoder, rejected, tooLarge } from '../../events/decode.ts';
import { type Format, formatTopic, type StreamEvent } from '../../runtime/domain.ts';

/** What a line of a file is: a record, or with `more` the first of several. Skipped is what holds nothing to count. */
export type ReadLine = (Decoded | Skipped) & { readonly more?: readonly Decoded[] };

export interface Skipped {
  readonly event?: undefined;
  readonly rejection?: undefined;
  /** Why; counted as `skipped_<reason>`. */
  readonly skipped: string;
}

/** Makes records of the lines of one file. The same line, with the same `now`, always gives the same. */
export interface LineReader {
  readonly topic: string;
  /** Whether a refused line is kept, byte for byte. */
  readonly keepsBytes: boolean;
  read(text: string, now: number): ReadLine;
  /** An event that was recognised already, as `read` would give it; undefined where that has to look. */
  accept?(event: StreamEvent | undefined, now: number): ReadLine | undefined;
  /** For a line that is not even kept in memory. */
  tooLarge(bytes: number): ReadLine;
}

export interface LineReaderOptions {
  readonly decoder: Decoder;
  readonly formats: readonly Format[];
  /** As in a position: of a topic, or of a format. */
  readonly topic: string;
  /** Where the file was when it was first seen: what is made of a line must not change when the file is moved. */
  readonly path: string;
}

export function createLineReader({ decoder, formats, topic, path }: LineReaderOptions): LineReader {
  const format = formats.find((candidate) => formatTopic(candidate) === topic);
  if (format === undefined) {
    const { eventBytesMax } = decoder;
    return {
      topic,
      keepsBytes: true,
      read: (text, now) => decoder.decode(topic, text, now),
      accept: (event, now) => (event !== undefined && decoder.isInTime(event.time, now) ? { event } : undefined),
      tooLarge: (bytes) => tooLarge(bytes, eventBytesMax),
    };
  }
  return {
    topic,
    keepsBytes: format.keepsBytes,
    read: (text, now) => readFormat(format, decoder, text, path, now),
    tooLarge: (bytes) => rejected('EVENT_TOO_LARGE', `expected a line of at most 16 MiB, received ${bytes} bytes`),
  };
}

/** A line of which one event is refused is refused whole. */
function readFormat(format: Format, decoder: Decoder, text: string, path: string, now: number): ReadLine {
  const line = format.read(text, path);
  if ('fault' in line) return rejected('INVALID_JSON', line.fault);
  if ('skipped' in line) return line;
  const all = line.events.map((event) => decoder.check(format.topic, event, now));
  const [first, ...more] = all;
  if (first === undefined) return { skipped: 'empty' };
  return all.find(({ rejection }) => rejection !== undefined) ?? { ...first, more };
}

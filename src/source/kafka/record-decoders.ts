import { isUtf8 } from 'node:buffer';
import { type Decoded, type Decoder, rejected, tooLarge } from '../../events/decode.ts';
import type { RecordDecoder } from '../record-decoder.ts';

/** Events as plain JSON, without a registry. */
export function createJsonRecordDecoder(decoder: Decoder, clock: () => number = Date.now): RecordDecoder {
  return {
    decode(topic, value, _key, _headers, now = clock()): Decoded {
      if (value === null) return rejected('INVALID_JSON', 'expected a JSON object, received a record without a value');
      // Before the bytes are made into text, which for a hundred megabytes would stop everything else.
      if (value.length > decoder.eventBytesMax) return tooLarge(value.length, decoder.eventBytesMax);
      if (!isUtf8(value)) return rejected('INVALID_JSON', 'expected UTF-8, received bytes that are not');
      return decoder.decode(topic, value.toString(), now);
    },
  };
}

/**
 * Events on their way between two stages: the record's key is the event's, its value `[time, value]` as JSON. Only
 * journals write them, so nothing but their shape is checked.
 */
export const forwardRecordDecoder: RecordDecoder = {
  decode(topic, value, key): Decoded {
    try {
      const parsed: unknown = JSON.parse(value?.toString() ?? '');
      if (key !== null && Array.isArray(parsed) && parsed.length === 2 && Number.isFinite(parsed[0])) {
        return { event: { topic, key: key.toString(), time: parsed[0] as number, value: parsed[1] } };
      }
    } catch {
      // Falls through.
    }
    return rejected('INVALID_JSON', 'expected a key and [time, value], as Parley writes them to a topic of its own');
  },
};

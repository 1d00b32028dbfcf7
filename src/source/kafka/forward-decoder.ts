import { type Decoded, rejected } from '../../events/decode.ts';
import type { RecordDecoder } from '../record-decoder.ts';

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

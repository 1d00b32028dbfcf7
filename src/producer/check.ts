import { ParleyError } from '../errors.ts';
import { type Decoder, describeIssue } from '../events/decode.ts';
import type { Topic } from '../runtime/domain.ts';

/** What is wrong with one of the events of a call. */
export interface EventFault {
  /** Its place in the call. */
  readonly index: number;
  /** Where in the event, what was expected, and what came. */
  readonly message: string;
}

/** An event that has been checked, without the fields that its topic does not have. */
export interface CheckedEvent {
  readonly key: string;
  readonly value: object;
}

/** PARLEY_EVENT_INVALID, with every fault of every event. */
export class InvalidEventsError extends ParleyError {
  readonly faults: readonly EventFault[];

  constructor(topic: string, count: number, faults: readonly EventFault[]) {
    const bad = new Set(faults.map(({ index }) => index)).size;
    super('PARLEY_EVENT_INVALID', `${bad} of ${count} events are not what ${topic} takes`, {
      received: faults.map(({ index, message }) => `event ${index}: ${message}`).join('; '),
      where: topic,
    });
    this.faults = faults;
  }
}

/** All of the events, or InvalidEventsError. */
export function checkEvents(decoder: Decoder, topic: Topic, events: readonly unknown[], now: number): CheckedEvent[] {
  const faults: EventFault[] = [];
  const checked: CheckedEvent[] = [];
  for (const [index, event] of events.entries()) {
    const decoded = decoder.check(topic.name, event, now);
    if (decoded.event !== undefined) {
      checked.push({ key: decoded.event.key, value: decoded.event.value as object });
      continue;
    }
    // A rejection names a few faults; whoever writes a producer wants all of them.
    const parsed = topic.schema.safeParse(event);
    const issues = typeof event === 'object' && event !== null ? (parsed.error?.issues ?? []) : [];
    if (issues.length === 0) faults.push({ index, message: decoded.rejection.message });
    for (const issue of issues) faults.push({ index, message: describeIssue(issue, event as object) });
  }
  if (faults.length > 0) throw new InvalidEventsError(topic.name, events.length, faults);
  return checked;
}

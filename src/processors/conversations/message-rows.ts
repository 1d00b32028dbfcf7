import { minutesBetween, secondsBetween } from '../gaps.ts';
import type { KeptMessage } from './message-pass.ts';
import type { MessageRow, SessionRow } from './tables.ts';

/** The row of a message; of one that was never placed, without gap and session, and flagged. */
export function messageRow(id: string, message: KeptMessage): MessageRow {
  const { about, previous, time } = message;
  return {
    message_id: message.id,
    conversation_id: id,
    customer_id: about.customer_id,
    clinic_code: about.clinic_code,
    message_timestamp: time,
    direction: about.direction,
    direction_type: about.direction_type,
    channel: about.channel,
    text_length: message.textLength,
    text: message.text,
    text_tags: message.textTags,
    previous_message_timestamp: previous,
    minutes_since_last_message: minutesBetween(previous, time),
    seconds_since_last_message: secondsBetween(previous, time),
    response_seconds: message.responseSeconds,
    is_first_response: message.isFirstResponse,
    session_started_at: message.sessionStartedAt,
    is_too_late: message.sessionStartedAt === null,
  };
}

export function startOf(session: SessionRow): number {
  return session.started_at;
}

export function isSameSession(left: SessionRow, right: SessionRow): boolean {
  return (
    left.ended_at === right.ended_at &&
    left.in_count === right.in_count &&
    left.out_count === right.out_count &&
    left.customer_id === right.customer_id &&
    left.clinic_code === right.clinic_code
  );
}

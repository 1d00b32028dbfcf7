import { NEVER, type Turn, takeTurn } from '../gaps.ts';
import { startsSession } from '../sessions.ts';
import type { TimelineEntry } from '../timeline.ts';
import type { SessionRow } from './tables.ts';

/** A message as it is kept for a while, so that a late one can find its place and its neighbours be corrected. */
export interface KeptMessage extends TimelineEntry {
  readonly about: About;
  readonly textLength: number | null;
  readonly text: string | null;
  readonly textTags: readonly string[];
  /** What follows is derived from the messages before it, as its row has it. */
  previous: number | null;
  responseSeconds: number | null;
  isFirstResponse: boolean;
  /** Null until it is placed; a message that came too late never is. */
  sessionStartedAt: number | null;
}

/** What messages of a conversation mostly share; kept once for all that do. */
export interface About {
  readonly customer_id: string;
  readonly clinic_code: string;
  readonly direction: 'in' | 'out';
  readonly direction_type: string;
  readonly channel: string;
}

/** Everything about earlier messages that the next one needs: whose turn it is, and the session so far. */
export interface Pass extends Turn {
  /** Time and id of the last message; NEVER before the first. */
  last: number;
  lastId: string;
  /** Channel of the last unanswered inbound message; empty when nobody waits. */
  unansweredChannel: string;
  sessionStartedAt: number;
  sessionCustomer: string;
  sessionClinic: string;
  inCount: number;
  outCount: number;
}

export function newPass(): Pass {
  return {
    unansweredSince: NEVER,
    unansweredCount: 0,
    hasResponse: false,
    last: NEVER,
    lastId: '',
    unansweredChannel: '',
    sessionStartedAt: 0,
    sessionCustomer: '',
    sessionClinic: '',
    inCount: 0,
    outCount: 0,
  };
}

/** Takes the next message by time: sets what is derived for it, and moves the pass past it. */
export function advance(pass: Pass, message: KeptMessage, gapMs: number): void {
  const { time, about } = message;
  const isInbound = about.direction === 'in';
  const hadResponse = pass.hasResponse;
  message.previous = pass.last === NEVER ? null : pass.last;
  message.responseSeconds = takeTurn(pass, isInbound, time);
  message.isFirstResponse = message.responseSeconds !== null && !hadResponse;
  if (startsSession(pass.last, time, gapMs)) {
    pass.sessionStartedAt = time;
    pass.sessionCustomer = about.customer_id;
    pass.sessionClinic = about.clinic_code;
    pass.inCount = 0;
    pass.outCount = 0;
  }
  pass.unansweredChannel = isInbound ? about.channel : '';
  if (isInbound) pass.inCount++;
  else pass.outCount++;
  pass.last = time;
  pass.lastId = message.id;
  message.sessionStartedAt = pass.sessionStartedAt;
}

/** The session that the pass is in. */
export function sessionOf(id: string, pass: Pass): SessionRow {
  return {
    conversation_id: id,
    customer_id: pass.sessionCustomer,
    clinic_code: pass.sessionClinic,
    started_at: pass.sessionStartedAt,
    ended_at: pass.last,
    message_count: pass.inCount + pass.outCount,
    in_count: pass.inCount,
    out_count: pass.outCount,
  };
}

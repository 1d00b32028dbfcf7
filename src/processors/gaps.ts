/**
 * Time since the last message: whole minutes and whole seconds elapsed, never minute boundaries crossed
 * (10:00:59 to 10:01:01 is 0 minutes). Null without a previous message.
 */
export function minutesBetween(previous: number | null, time: number): number | null {
  return previous === null ? null : Math.floor((time - previous) / 60_000);
}

export function secondsBetween(previous: number | null, time: number): number | null {
  return previous === null ? null : Math.floor((time - previous) / 1000);
}

/** A time that never was, in states that are kept: null beside numbers would make an object of every number. */
export const NEVER = Number.NEGATIVE_INFINITY;

/** Whose turn it is in a conversation: since when the customer waits, and whether anybody ever answered. */
export interface Turn {
  /** Time of the first inbound message that nothing outbound has followed; NEVER when nobody waits. */
  unansweredSince: number;
  /** Inbound messages since then, itself among them; 0 when nobody waits. */
  unansweredCount: number;
  hasResponse: boolean;
}

/**
 * Takes the next message by time. For an outbound one that answers: the seconds since the first unanswered inbound
 * one; otherwise null.
 */
export function takeTurn(turn: Turn, isInbound: boolean, time: number): number | null {
  if (isInbound) {
    if (turn.unansweredSince === NEVER) turn.unansweredSince = time;
    turn.unansweredCount++;
    return null;
  }
  if (turn.unansweredSince === NEVER) return null;
  const seconds = secondsBetween(turn.unansweredSince, time);
  turn.unansweredSince = NEVER;
  turn.unansweredCount = 0;
  turn.hasResponse = true;
  return seconds;
}

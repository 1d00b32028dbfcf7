import { NEVER } from '../gaps.ts';
import type { EntryKind, PassEnd } from '../ordered-entries.ts';
import { startsSession } from '../sessions.ts';
import { type About, hasFailed, isToolEntry, type KeptEntry, packedForm, type Role, roleOf } from './entry.ts';

/** Everything about earlier entries of a session that the next one needs. */
export interface Pass extends PassEnd {
  messages: number;
  toolEntries: number;
  /** The last message; NEVER and empty before the first. */
  messageTime: number;
  messageRole: Role | '';
  lastCall: LastCall | null;
  period: Period;
}

/** The call made last, to know a retry by. Never changed: made anew. */
export interface LastCall {
  readonly toolUseId: string;
  readonly fingerprint: number;
  readonly retryCount: number;
  readonly hasFailed: boolean;
}

/** An activity period, so far. Never changed: made anew. */
export interface Period {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Of its first entry. */
  readonly projectId: string;
  readonly entries: number;
  readonly userMessages: number;
  readonly assistantMessages: number;
  readonly calls: number;
}

const noPeriod: Period = {
  startedAt: NEVER,
  endedAt: NEVER,
  projectId: '',
  entries: 0,
  userMessages: 0,
  assistantMessages: 0,
  calls: 0,
};

export const entryKind: EntryKind<KeptEntry, About, Pass, Period> = {
  form: packedForm,
  newPass: () => ({
    last: NEVER,
    lastId: '',
    messages: 0,
    toolEntries: 0,
    messageTime: NEVER,
    messageRole: '',
    lastCall: null,
    period: noPeriod,
  }),
  copyPass: (pass) => ({ ...pass }),
  advance,
  isPlaced: ({ periodStartedAt }) => periodStartedAt !== NEVER,
  isSameDerived: (left, right) =>
    left.sequence === right.sequence &&
    left.previousTime === right.previousTime &&
    left.previousRole === right.previousRole &&
    left.retryCount === right.retryCount &&
    left.periodStartedAt === right.periodStartedAt,
  stretchOf: ({ period }) => period,
  startOf: ({ startedAt }) => startedAt,
  isSameStretch: (left, right) =>
    left.endedAt === right.endedAt &&
    left.entries === right.entries &&
    left.userMessages === right.userMessages &&
    left.assistantMessages === right.assistantMessages &&
    left.calls === right.calls &&
    left.projectId === right.projectId,
};

function advance(pass: Pass, entry: KeptEntry, gapMs: number): void {
  const { type, projectId } = entry.about;
  const role = roleOf(type);
  if (role !== undefined) {
    entry.sequence = ++pass.messages;
    entry.previousTime = pass.messageTime;
    entry.previousRole = pass.messageRole;
    pass.messageTime = entry.time;
    pass.messageRole = role;
  } else if (isToolEntry(type)) {
    entry.sequence = ++pass.toolEntries;
    if (type === 'tool_use') call(pass, entry);
    else result(pass, entry);
  }
  const period = startsSession(pass.last, entry.time, gapMs)
    ? { ...noPeriod, startedAt: entry.time, projectId }
    : pass.period;
  pass.period = {
    startedAt: period.startedAt,
    endedAt: entry.time,
    projectId: period.projectId,
    entries: period.entries + 1,
    userMessages: period.userMessages + (role === 'user' ? 1 : 0),
    assistantMessages: period.assistantMessages + (role === 'assistant' ? 1 : 0),
    calls: period.calls + (type === 'tool_use' ? 1 : 0),
  };
  pass.last = entry.time;
  pass.lastId = entry.id;
  entry.periodStartedAt = pass.period.startedAt;
}

/** A retry: the call right before it, by whatever tool, was the same and its failure was known by then. */
function call(pass: Pass, entry: KeptEntry): void {
  const { lastCall } = pass;
  const isRetry = lastCall?.hasFailed === true && lastCall.fingerprint === entry.fingerprint;
  entry.retryCount = isRetry ? lastCall.retryCount + 1 : 0;
  pass.lastCall = {
    toolUseId: entry.toolUseId,
    fingerprint: entry.fingerprint,
    retryCount: entry.retryCount,
    hasFailed: false,
  };
}

function result(pass: Pass, entry: KeptEntry): void {
  const { lastCall } = pass;
  if (lastCall === null || entry.toolUseId === '' || lastCall.toolUseId !== entry.toolUseId) return;
  if (hasFailed(entry) && !lastCall.hasFailed) pass.lastCall = { ...lastCall, hasFailed: true };
}

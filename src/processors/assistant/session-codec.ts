import { type EntryType, entryTypes } from '../../events/assistant.ts';
import { NEVER } from '../gaps.ts';
import { decodeKnown, encodeKnown } from '../known-ids.ts';
import { newPack, packedText } from '../packed-entries.ts';
import type { About, Role } from './entry.ts';
import type { LastCall, Pass, Period } from './entry-pass.ts';
import type { SessionState } from './session-state.ts';
import { noTotals, type SessionTotals } from './session-totals.ts';
import type { OpenEntry } from './tool-calls.ts';

/**
 * The stored form of a session, which is settled between two batches. JSON on the first line, the known ids on the
 * second, the packed entries after it as they are. Names that repeat are places in `names`.
 */
interface StoredSession {
  readonly names: readonly string[];
  readonly gap: number;
  /** Packed entries, and the time of the first. */
  readonly pack: readonly [count: number, firstTime: number];
  /** Five items for each `About`. */
  readonly abouts: readonly number[];
  readonly tail: StoredPass;
  readonly base?: StoredPass;
  readonly totals: StoredTotals;
  readonly calls?: readonly StoredOpen[];
  readonly results?: readonly StoredOpen[];
}

type StoredPass = readonly [
  last: number | null,
  lastId: string,
  messages: number,
  toolEntries: number,
  messageTime: number | null,
  messageRole: Role | '',
  lastCall: readonly [toolUseId: string, fingerprint: number, retryCount: number, hasFailed: 0 | 1] | 0,
  period: readonly [startedAt: number | null, endedAt: number | null, projectId: string, ...counts: number[]],
];

type StoredTotals = readonly [
  numbers: readonly number[],
  projects: readonly Count[],
  tools: readonly Count[],
  categories: readonly Count[],
];
type Count = readonly [name: string, count: number];
type StoredOpen = readonly [toolUseId: string, entry: Omit<OpenEntry, 'isWritten'>];

const END = '\n';

/** The order in which the numbers of the totals are stored: never to be changed, only added to. */
const totalsOrder = [
  'start',
  'end',
  'userMessages',
  'assistantMessages',
  'contentLength',
  'withCode',
  'questions',
  'responses',
  'responseMs',
  'calls',
  'results',
  'errors',
  'periods',
  'activeMs',
  'tooLate',
] as const satisfies readonly (keyof SessionTotals)[];

export function encodeSession({ entries, totals, tools }: SessionState): string {
  const { pack, tail, base, gapMs } = entries;
  const names: string[] = [];
  const placeOf = (name: string) => {
    const known = names.indexOf(name);
    return known >= 0 ? known : names.push(name) - 1;
  };
  const abouts = pack.abouts.flatMap(({ projectId, type, sourceFile, toolName, taskCategory }) => [
    placeOf(projectId),
    entryTypes.indexOf(type),
    placeOf(sourceFile),
    placeOf(toolName),
    placeOf(taskCategory),
  ]);
  const stored: StoredSession = {
    names,
    gap: gapMs,
    pack: [pack.count, pack.firstTime],
    abouts,
    tail: storePass(tail),
    ...(base === null ? {} : { base: storePass(base) }),
    totals: [totalsOrder.map((name) => totals[name]), [...totals.projects], [...totals.tools], [...totals.categories]],
    ...(tools.calls.size === 0 ? {} : { calls: storeOpen(tools.calls) }),
    ...(tools.results.size === 0 ? {} : { results: storeOpen(tools.results) }),
  };
  return JSON.stringify(stored) + END + encodeKnown(entries.known) + END + packedText(pack);
}

export function decodeSession(text: string): SessionState {
  const end = text.indexOf(END);
  const endOfKnown = text.indexOf(END, end + 1);
  if (end < 0 || endOfKnown < 0) throw new Error('a session without its two line breaks');
  const stored = JSON.parse(text.slice(0, end)) as StoredSession;
  const pack = newPack<About>();
  [pack.count, pack.firstTime] = stored.pack;
  pack.abouts = restoreAbouts(stored);
  if (pack.count > 0) pack.parts.push(text.slice(endOfKnown + 1));
  return {
    entries: {
      base: stored.base === undefined ? null : restorePass(stored.base),
      tail: restorePass(stored.tail),
      pack,
      entries: [],
      stretches: [],
      isOpen: false,
      known: decodeKnown(text.slice(end + 1, endOfKnown)),
      gapMs: stored.gap,
    },
    tools: { calls: restoreOpen(stored.calls), results: restoreOpen(stored.results) },
    totals: restoreTotals(stored.totals),
    written: null,
    isChanged: false,
  };
}

function restoreAbouts({ abouts, names }: StoredSession): About[] {
  return Array.from({ length: abouts.length / 5 }, (_, index): About => {
    const [project, type, file, tool, category] = abouts.slice(5 * index, 5 * index + 5) as [number, ...number[]];
    return {
      projectId: names[project]!,
      type: entryTypes[type!] as EntryType,
      sourceFile: names[file!]!,
      toolName: names[tool!]!,
      taskCategory: names[category!]!,
    };
  });
}

function storePass({
  last,
  lastId,
  messages,
  toolEntries,
  messageTime,
  messageRole,
  lastCall,
  period,
}: Pass): StoredPass {
  return [
    stored(last),
    lastId,
    messages,
    toolEntries,
    stored(messageTime),
    messageRole,
    lastCall === null ? 0 : [lastCall.toolUseId, lastCall.fingerprint, lastCall.retryCount, lastCall.hasFailed ? 1 : 0],
    [
      stored(period.startedAt),
      stored(period.endedAt),
      period.projectId,
      period.entries,
      period.userMessages,
      period.assistantMessages,
      period.calls,
    ],
  ];
}

function restorePass(pass: StoredPass): Pass {
  const [last, lastId, messages, toolEntries, messageTime, messageRole, call, period] = pass;
  const [startedAt, endedAt, projectId, entries, userMessages, assistantMessages, calls] = period;
  const lastCall: LastCall | null =
    call === 0 ? null : { toolUseId: call[0], fingerprint: call[1], retryCount: call[2], hasFailed: call[3] === 1 };
  return {
    last: last ?? NEVER,
    lastId,
    messages,
    toolEntries,
    messageTime: messageTime ?? NEVER,
    messageRole,
    lastCall,
    period: {
      startedAt: startedAt ?? NEVER,
      endedAt: endedAt ?? NEVER,
      projectId,
      entries,
      userMessages,
      assistantMessages,
      calls,
    } as Period,
  };
}

/** JSON has no -Infinity. */
function stored(time: number): number | null {
  return time === NEVER ? null : time;
}

function storeOpen(open: ReadonlyMap<string, OpenEntry>): StoredOpen[] {
  return [...open].map(([toolUseId, { isWritten, ...entry }]) => [toolUseId, entry]);
}

/** All of them were written when the state was settled. */
function restoreOpen(open: readonly StoredOpen[] = []): Map<string, OpenEntry> {
  return new Map(open.map(([toolUseId, entry]) => [toolUseId, { ...entry, isWritten: true }]));
}

function restoreTotals([numbers, projects, tools, categories]: StoredTotals): SessionTotals {
  const totals = { ...noTotals(), projects: new Map(projects), tools: new Map(tools), categories: new Map(categories) };
  for (const [index, name] of totalsOrder.entries()) totals[name] = numbers[index] ?? 0;
  return totals;
}

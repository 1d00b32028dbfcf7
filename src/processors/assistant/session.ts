import type { Entry } from '../../events/assistant.ts';
import type { Context, Stage, StateSpace, StreamEvent } from '../../runtime/domain.ts';
import { EntryOrder, TOO_LATE } from '../ordered-entries.ts';
import { hasFailed, isToolEntry, type KeptEntry } from './entry.ts';
import { entryKind } from './entry-pass.ts';
import { entryRow, periodRow } from './entry-rows.ts';
import type { AssistantOptions } from './options.ts';
import { readEntry } from './read-entry.ts';
import { decodeSession, encodeSession } from './session-codec.ts';
import type { SessionState } from './session-state.ts';
import { addEntry, addPeriod, addResponse, noTotals, sessionRow } from './session-totals.ts';
import { landingActivityPeriods, landingEntries, landingSessions, type SessionRow } from './tables.ts';
import { createCategoriser } from './task-category.ts';
import { noToolCalls, settleToolCalls, takeToolEntry } from './tool-calls.ts';
import { topicNames } from './topics.ts';

const DAY_MS = 86_400_000;
/** After this long without an entry, a session keeps no entries for late ones: only where it stands. */
const COMPACT_AFTER_MS = 8 * DAY_MS;
/** After this long it forgets the ids that it has seen, and the calls that wait. Where it stands it never forgets. */
const FORGET_AFTER_MS = 400 * DAY_MS;

/** The stage `session`: entries, by session_id. */
export function sessionStage(options: AssistantOptions): Stage {
  const { openCallsMax, storeText } = options;
  const order = new EntryOrder(entryKind, {
    gapMs: options.sessionGapMinutes * 60_000,
    latenessMs: options.allowedLatenessHours * 3_600_000,
    entriesMax: options.keptEntriesMax,
  });
  const categories = Object.keys(options.taskPatterns);
  const readRules = { categoryOf: createCategoriser(options.taskPatterns), storeText };
  const from = Date.parse(options.startDate);
  const until = Date.parse(options.endDate) + DAY_MS;

  const space: StateSpace<SessionState> = {
    prefix: 's',
    name: 'session',
    version: 1,
    encode: encodeSession,
    decode: decodeSession,
    settle,
    expire(_key, state, idleMs) {
      if (idleMs >= COMPACT_AFTER_MS) order.compact(state.entries);
      if (idleMs >= FORGET_AFTER_MS) {
        state.entries.known = [];
        state.tools.calls.clear();
        state.tools.results.clear();
      }
      return state;
    },
  };

  function process({ key, time, value }: StreamEvent, context: Context): void {
    const event = value as Entry;
    if (time < from || time >= until) {
      context.count('outside_dates');
      return;
    }
    const known = context.get(space, key);
    if (known === undefined) context.count('new_session');
    const state = known ?? newSession();
    if (order.isRepeat(state.entries, event.conversation_id)) {
      context.count('duplicate'); // Whatever else it says: the first one with that id counts.
      return;
    }
    if (!state.isChanged) state.written = rowOf(key, state);
    state.isChanged = true;
    const { entry, filePath } = readEntry(event, time, state.entries.pack.abouts, readRules);
    const following = order.take(state.entries, entry);
    if (following === TOO_LATE) {
      context.count('too_late');
      context.emit(landingEntries, 1, entryRow(key, entry));
    } else if (following > 0) {
      context.count('late');
    }
    addEntry(state.totals, entry, following === TOO_LATE);
    if (isToolEntry(entry.about.type)) takeTool(key, state, entry, filePath, context);
    context.put(space, key, state);
  }

  function takeTool(key: string, { tools }: SessionState, entry: KeptEntry, filePath: string, context: Context): void {
    const { about, contentLength: length } = entry;
    const { projectId, toolName, sourceFile } = about;
    const isError = hasFailed(entry);
    const open = { id: entry.id, time: entry.time, projectId, toolName, length, sourceFile, filePath, isError };
    takeToolEntry(
      tools,
      key,
      entry.toolUseId,
      about.type === 'tool_use',
      { ...open, isWritten: false },
      openCallsMax,
      context,
    );
  }

  function settle(key: string, state: SessionState, context: Context): void {
    const { totals } = state;
    order.settle(state.entries, {
      onEntry(entry, old) {
        if (old !== null) {
          addResponse(totals, -1, old);
          context.emit(landingEntries, -1, entryRow(key, old));
        }
        addResponse(totals, 1, entry);
        context.emit(landingEntries, 1, entryRow(key, entry));
      },
      onStretch(sign, period) {
        addPeriod(totals, sign, period);
        context.emit(landingActivityPeriods, sign, periodRow(key, period));
      },
    });
    settleToolCalls(state.tools, key, context);
    if (state.written !== null) context.emit(landingSessions, -1, state.written);
    context.emit(landingSessions, 1, sessionRow(key, totals, categories));
    state.written = null;
    state.isChanged = false;
  }

  function newSession(): SessionState {
    return { entries: order.empty(), tools: noToolCalls(), totals: noTotals(), written: null, isChanged: false };
  }

  /** Null for a session that has no row yet. */
  function rowOf(key: string, { totals }: SessionState): SessionRow | null {
    return totals.projects.size === 0 ? null : sessionRow(key, totals, categories);
  }

  return {
    name: 'session',
    topics: [topicNames.entries],
    spaces: [space as StateSpace<unknown>],
    processor: { reads: (event, read) => read(space, event.key), process },
  };
}

import type { OrderedEntries } from '../ordered-entries.ts';
import type { About, KeptEntry } from './entry.ts';
import type { Pass, Period } from './entry-pass.ts';
import type { SessionTotals } from './session-totals.ts';
import type { SessionRow } from './tables.ts';
import type { ToolCalls } from './tool-calls.ts';

/** Entries of a session in order. */
export type SessionEntries = OrderedEntries<KeptEntry, About, Pass, Period>;

/** Everything kept under a session_id. */
export interface SessionState {
  readonly entries: SessionEntries;
  readonly tools: ToolCalls;
  readonly totals: SessionTotals;
  /** The session's row as it was before what came since the last settling; null when there was none. */
  written: SessionRow | null;
  /** Whether entries came since the last settling. */
  isChanged: boolean;
}

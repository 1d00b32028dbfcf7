import { isSameRow } from '../difference.ts';
import { type Change, datesOf, emptyHistory, forget, type History, isBlank, versionsOf } from '../history.ts';
import { countBefore, type Starts, totalOf } from './customer-starts.ts';
import type { CustomerRow } from './tables.ts';

/** Everything kept under a customer_id. */
export interface CustomerState {
  /** Changes of clinic_code. */
  readonly history: History<string>;
  /** Of its conversations. */
  readonly starts: Starts;
  /** The earliest event of a conversation that names it; of several at that instant, the clinic that sorts first. */
  named: { readonly at: number; readonly clinicCode: string } | null;
  /** Rows that went out of reach since rows were last written, and how many ever did. */
  closed: CustomerRow[];
  closedCount: number;
  /** The rows as written; null while nobody asked since they were, or since the state was read. */
  written: readonly CustomerRow[] | null;
}

interface Attributes {
  readonly clinic: string;
  readonly segment: string;
}

/** High Volume from 10 conversations, Medium Volume from 5. Source: REQUIREMENTS 1.4. */
export function segmentOf(conversations: number): string {
  if (conversations >= 10) return 'High Volume';
  return conversations >= 5 ? 'Medium Volume' : 'Low Volume';
}

/**
 * Versions by clinic and segment, without those out of reach. The segment changed when the fifth and the tenth
 * conversation (by time) started. `total_conversations` opens no version: the current one carries the total, a closed
 * one what it was when it closed.
 */
export function customerRows(id: string, state: CustomerState): CustomerRow[] {
  const { starts, closedCount } = state;
  const isInferred = isBlank(state.history);
  const thresholds = [starts.kept[4], starts.kept[9]].filter((time) => time !== undefined);
  const history = emptyHistory<Attributes>();
  history.changes.push(...withSegments(clinicsOf(state, isInferred), thresholds));
  return versionsOf(history, isSameRow).map((version) => ({
    customer_id: id,
    clinic_code: version.attributes.clinic,
    total_conversations: version.isCurrent ? totalOf(starts) : countBefore(starts, version.validTo),
    customer_segment: version.attributes.segment,
    ...datesOf(version),
    version: closedCount + version.number,
    is_inferred: isInferred,
  }));
}

/** Forgets the oldest changes of clinic past the bound; the rows before the last of them stay as they are from then on. */
export function forgetChanges(id: string, state: CustomerState, changesMax: number): void {
  const { history } = state;
  while (history.changes.length > changesMax) {
    const { at } = history.changes[0]!;
    const rows = customerRows(id, state);
    forget(history, history.changes.length - 1, (left, right) => left === right, firstSeen(state));
    if (history.closed.length === 0) continue;
    history.closed = [];
    const closed = rows.filter((row) => row.valid_from < at);
    state.closed.push(...closed);
    state.closedCount += closed.length;
  }
}

/**
 * The changes of clinic, from the first time that anything named the customer. That it is stretched before the segments
 * are laid over it keeps those that it passed through before its first event came.
 */
function clinicsOf(state: CustomerState, isInferred: boolean): readonly Change<string>[] {
  const { changes, base } = state.history;
  const seen = firstSeen(state);
  if (isInferred) return seen === null ? [] : [{ at: seen, attributes: state.named!.clinicCode }];
  if (base !== null) return base.from === null ? changes : [{ at: base.from, attributes: base.attributes }, ...changes];
  const first = changes[0]!;
  if (seen === null || first.attributes === null || first.at <= seen) return changes;
  return [{ ...first, at: seen }, ...changes.slice(1)];
}

function firstSeen({ named, starts }: CustomerState): number | null {
  return named === null ? null : Math.min(named.at, starts.kept[0] ?? named.at);
}

/** The changes of clinic with the changes of segment among them. */
function withSegments(clinics: readonly Change<string>[], thresholds: readonly number[]): Change<Attributes>[] {
  const first = clinics[0];
  if (first === undefined) return [];
  const inside = thresholds.filter((time) => time > first.at);
  const times = [...new Set([...clinics.map(({ at }) => at), ...inside])].sort((left, right) => left - right);
  return times.map((at) => {
    const clinic = clinics.findLast((change) => change.at <= at)!.attributes;
    const reached = thresholds.filter((threshold) => threshold <= at).length;
    return { at, attributes: clinic === null ? null : { clinic, segment: segmentOf(reached * 5) } };
  });
}

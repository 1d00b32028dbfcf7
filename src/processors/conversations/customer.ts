import type { Customer } from '../../events/conversations.ts';
import type { Stage, StateSpace, StreamEvent } from '../../runtime/domain.ts';
import { difference, isSameRow } from '../difference.ts';
import { type Change, emptyHistory, type History, splice, trim, versionsOf } from '../history.ts';
import { clinicSeenSpace, seeClinic } from './clinics-seen.ts';
import type { ConversationsOptions } from './options.ts';
import { type CustomerRow, landingCustomers } from './tables.ts';
import { type CustomerConversation, topicNames } from './topics.ts';

/** Earliest starts kept exactly; later ones are only counted. */
const STARTS_MAX = 1000;

/** Everything kept under a customer_id. */
interface CustomerState {
  /** Changes of clinic_code. */
  readonly history: History<string>;
  /** Starts of its conversations, ascending: the earliest STARTS_MAX. */
  readonly starts: number[];
  /** Conversations that started after those. */
  laterStarts: number;
  /** The earliest event of a conversation that names it; of several at that instant, the clinic that sorts first. */
  named: { readonly at: number; readonly clinicCode: string } | null;
  written: readonly CustomerRow[];
}

interface Attributes {
  readonly clinic: string;
  readonly segment: string;
}

/** The stage `customer`: customers, and the counts that the stage `conversation` forwards, by customer_id. */
export function customerStage(options: ConversationsOptions): Stage {
  const space = customerSpace(options);
  return {
    name: 'customer',
    topics: [topicNames.customers, topicNames.customerConversations],
    spaces: [space as StateSpace<unknown>, clinicSeenSpace as StateSpace<unknown>],
    processor: {
      reads(event, read) {
        read(space, event.key);
        if (event.topic === topicNames.customers) read(clinicSeenSpace, (event.value as Customer).clinic_code);
      },
      process(event, context) {
        const state = context.get(space, event.key) ?? emptyCustomer();
        if (event.topic === topicNames.customers) {
          const change = event.value as Customer;
          const attributes = change.is_deleted ? null : change.clinic_code;
          if (!splice(state.history, { at: event.time, attributes }, options.keptChangesMax)) {
            context.reject(
              'CHANGE_TOO_LATE',
              `more than ${options.keptChangesMax} later changes of this customer are known`,
            );
            return;
          }
          seeClinic(change.clinic_code, event.time, context);
        } else {
          count(state, event);
        }
        context.put(space, event.key, state);
      },
    },
  };
}

function emptyCustomer(): CustomerState {
  return { history: emptyHistory(), starts: [], laterStarts: 0, named: null, written: [] };
}

function customerSpace(options: ConversationsOptions): StateSpace<CustomerState> {
  return {
    prefix: 'u',
    name: 'customer',
    version: 1,
    encode({ history, starts, laterStarts, named }) {
      return JSON.stringify([history.changes, history.dropped, starts, laterStarts, named]);
    },
    decode(text, _version, key) {
      const [changes, dropped, starts, laterStarts, named] = JSON.parse(text) as [
        Change<string>[],
        number,
        number[],
        number,
        CustomerState['named'],
      ];
      const state: CustomerState = { history: { changes, dropped }, starts, laterStarts, named, written: [] };
      state.written = rowsOf(key, state);
      return state;
    },
    settle(key, state, context) {
      const rows = rowsOf(key, state);
      difference(
        state.written,
        rows,
        (row) => row.valid_from,
        isSameRow,
        (sign, row) => {
          context.emit(landingCustomers, sign, row);
        },
      );
      trim(state.history, options.keptChangesMax, (left, right) => left === right);
      state.written = state.history.dropped > 0 ? rowsOf(key, state) : rows;
    },
  };
}

function count(state: CustomerState, event: StreamEvent): void {
  const { named_at: at, clinic_code: clinicCode, ...change } = event.value as CustomerConversation;
  const { named } = state;
  if (named === null || at < named.at || (at === named.at && clinicCode < named.clinicCode)) {
    state.named = { at, clinicCode };
  }
  if (change.previous_started_at !== null) removeStart(state, change.previous_started_at);
  if (change.started_at !== null) addStart(state, change.started_at);
}

function addStart(state: CustomerState, start: number): void {
  const { starts } = state;
  let index = starts.length;
  while (index > 0 && starts[index - 1]! > start) index--;
  starts.splice(index, 0, start);
  if (starts.length > STARTS_MAX) {
    starts.pop();
    state.laterStarts++;
  }
}

function removeStart(state: CustomerState, start: number): void {
  const index = state.starts.indexOf(start);
  if (index >= 0) state.starts.splice(index, 1);
  else if (state.laterStarts > 0) state.laterStarts--;
}

/** High Volume from 10 conversations, Medium Volume from 5. Source: REQUIREMENTS 1.4. */
export function segmentOf(conversations: number): string {
  if (conversations >= 10) return 'High Volume';
  return conversations >= 5 ? 'Medium Volume' : 'Low Volume';
}

/**
 * Versions by clinic and segment. The segment changed when the fifth and the tenth conversation (by time) started.
 * `total_conversations` opens no version: the current one carries the total, a closed one what it was when it closed.
 */
function rowsOf(id: string, state: CustomerState): CustomerRow[] {
  const { starts } = state;
  const { changes, dropped } = state.history;
  const isInferred = dropped === 0 && changes.every(({ attributes }) => attributes === null);
  const thresholds = [starts[4], starts[9]].filter((time) => time !== undefined);
  const history: History<Attributes> = { changes: withSegments(clinicsOf(state, isInferred), thresholds), dropped };
  const total = starts.length + state.laterStarts;
  return versionsOf(history, isSameRow).map((version) => ({
    customer_id: id,
    clinic_code: version.attributes.clinic,
    total_conversations: version.isCurrent ? total : startsBefore(starts, version.validTo),
    customer_segment: version.attributes.segment,
    valid_from: version.validFrom,
    valid_to: version.validTo,
    is_current: version.isCurrent,
    version: version.number,
    is_inferred: isInferred,
  }));
}

/**
 * The changes of clinic, from the first time that anything named the customer. That it is stretched before the segments
 * are laid over it keeps those that it passed through before its first event came.
 */
function clinicsOf({ named, starts, history }: CustomerState, isInferred: boolean): readonly Change<string>[] {
  const { changes, dropped } = history;
  if (named === null) return changes;
  const firstSeen = Math.min(named.at, starts[0] ?? named.at);
  if (isInferred) return [{ at: firstSeen, attributes: named.clinicCode }];
  const first = changes[0]!;
  if (dropped > 0 || first.attributes === null || first.at <= firstSeen) return changes;
  return [{ ...first, at: firstSeen }, ...changes.slice(1)];
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

function startsBefore(starts: readonly number[], time: number): number {
  let count = 0;
  while (count < starts.length && starts[count]! < time) count++;
  return count;
}

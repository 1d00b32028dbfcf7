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
  /** Clinic of the first conversation heard of, while no customer event has come. */
  inferredClinic: { readonly clinicCode: string; readonly startedAt: number } | null;
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
  return { history: emptyHistory(), starts: [], laterStarts: 0, inferredClinic: null, written: [] };
}

function customerSpace(options: ConversationsOptions): StateSpace<CustomerState> {
  return {
    prefix: 'u',
    name: 'customer',
    version: 1,
    encode({ history, starts, laterStarts, inferredClinic }) {
      return JSON.stringify([history.changes, history.dropped, starts, laterStarts, inferredClinic]);
    },
    decode(text, _version, key) {
      const [changes, dropped, starts, laterStarts, inferredClinic] = JSON.parse(text) as [
        Change<string>[],
        number,
        number[],
        number,
        CustomerState['inferredClinic'],
      ];
      const state: CustomerState = { history: { changes, dropped }, starts, laterStarts, inferredClinic, written: [] };
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
  const { previous_started_at: previous, started_at: started, clinic_code } = event.value as CustomerConversation;
  if (previous !== null) removeStart(state, previous);
  if (started === null) return;
  addStart(state, started);
  if (state.inferredClinic === null || started < state.inferredClinic.startedAt) {
    state.inferredClinic = { clinicCode: clinic_code, startedAt: started };
  }
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
  const { starts, inferredClinic } = state;
  const isInferred = state.history.changes.length === 0;
  const clinics: readonly Change<string>[] =
    isInferred && inferredClinic !== null
      ? [{ at: inferredClinic.startedAt, attributes: inferredClinic.clinicCode }]
      : state.history.changes;
  const thresholds = [starts[4], starts[9]].filter((time) => time !== undefined);
  const history: History<Attributes> = { changes: withSegments(clinics, thresholds), dropped: state.history.dropped };
  const total = starts.length + state.laterStarts;
  return versionsOf(history, isSameRow, starts[0] ?? null).map((version) => ({
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

/** The changes of clinic with the changes of segment among them. */
function withSegments(clinics: readonly Change<string>[], thresholds: readonly number[]): Change<Attributes>[] {
  const times = [...new Set([...clinics.map(({ at }) => at), ...thresholds])].sort((left, right) => left - right);
  const changes: Change<Attributes>[] = [];
  for (const at of times) {
    const clinic = clinics.findLast((change) => change.at <= at) ?? clinics[0];
    if (clinic === undefined) continue;
    const reached = thresholds.filter((threshold) => threshold <= at).length;
    const segment = segmentOf(reached * 5);
    changes.push({ at, attributes: clinic.attributes === null ? null : { clinic: clinic.attributes, segment } });
  }
  return changes;
}

function startsBefore(starts: readonly number[], time: number): number {
  let count = 0;
  while (count < starts.length && starts[count]! < time) count++;
  return count;
}

import type { Customer } from '../../events/conversations.ts';
import type { Stage, StateSpace, StreamEvent } from '../../runtime/domain.ts';
import { difference, isSameRow } from '../difference.ts';
import { type Base, type Change, emptyHistory, splice } from '../history.ts';
import { clinicSeenSpace, seeClinic } from './clinics-seen.ts';
import { type CustomerState, customerRows, forgetChanges } from './customer-rows.ts';
import { addStart, removeStart } from './customer-starts.ts';
import type { ConversationsOptions } from './options.ts';
import { type CustomerRow, landingCustomers } from './tables.ts';
import { type CustomerConversation, topicNames } from './topics.ts';

/** The stage `customer`: customers, and the counts that the stage `conversation` forwards, by customer_id. */
export function customerStage(options: ConversationsOptions): Stage {
  const space = customerSpace();
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
        // What was written is a function of the state as it was; most states rest, and each would hold on to its rows.
        state.written ??= customerRows(event.key, state);
        if (event.topic === topicNames.customers) {
          const change = event.value as Customer;
          const attributes = change.is_deleted ? null : change.clinic_code;
          if (!splice(state.history, { at: event.time, attributes }, options.keptChangesMax)) {
            context.reject('CHANGE_TOO_LATE', `${options.keptChangesMax} later changes of this customer are known`);
            return;
          }
          forgetChanges(event.key, state, options.keptChangesMax);
          seeClinic(change.clinic_code, event.time, context);
        } else {
          count(state, event);
        }
        context.put(space, event.key, state);
      },
    },
    tables: [landingCustomers],
    forwards: [topicNames.clinicsSeen],
  };
}

function emptyCustomer(): CustomerState {
  return {
    history: emptyHistory(),
    starts: { kept: [], between: null },
    named: null,
    closed: [],
    closedCount: 0,
    written: [],
  };
}

/** The stored form of a customer. */
type StoredCustomer = readonly [
  changes: Change<string>[],
  base: Base<string> | null,
  starts: CustomerState['starts'],
  named: CustomerState['named'],
  closedCount: number,
];

function customerSpace(): StateSpace<CustomerState> {
  return {
    prefix: 'u',
    name: 'customer',
    version: 1,
    encode({ history, starts, named, closedCount }) {
      return JSON.stringify([history.changes, history.base, starts, named, closedCount] satisfies StoredCustomer);
    },
    decode(text) {
      const [changes, base, starts, named, closedCount] = JSON.parse(text) as StoredCustomer;
      const history = { changes, base, closed: [] };
      return { history, starts, named, closedCount, closed: [], written: null };
    },
    settle(key, state, context) {
      const rows = customerRows(key, state);
      const report = (sign: 1 | -1, row: CustomerRow) => context.emit(landingCustomers, sign, row);
      difference(state.written ?? [], [...state.closed, ...rows], (row) => row.valid_from, isSameRow, report);
      state.closed = [];
      state.written = null;
    },
  };
}

function count(state: CustomerState, event: StreamEvent): void {
  const { named_at: at, clinic_code: clinicCode, ...change } = event.value as CustomerConversation;
  const { named } = state;
  if (named === null || at < named.at || (at === named.at && clinicCode < named.clinicCode)) {
    state.named = { at, clinicCode };
  }
  if (change.previous_started_at !== null) removeStart(state.starts, change.previous_started_at);
  if (change.started_at !== null) addStart(state.starts, change.started_at, state.history.changes);
}

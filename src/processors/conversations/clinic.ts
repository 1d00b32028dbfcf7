import type { Clinic } from '../../events/conversations.ts';
import type { Stage, StateSpace } from '../../runtime/domain.ts';
import { difference, isSameRow } from '../difference.ts';
import {
  type Base,
  type Change,
  datesOf,
  emptyHistory,
  forget,
  type History,
  inferredDates,
  isBlank,
  splice,
  versionsOf,
} from '../history.ts';
import type { ConversationsOptions } from './options.ts';
import { type ClinicRow, landingClinics } from './tables.ts';
import { topicNames } from './topics.ts';

interface Attributes {
  readonly clinic_name: string;
  readonly clinic_type: string;
  readonly timezone: string;
}

/** Everything kept under a clinic_code. */
interface ClinicState {
  readonly history: History<Attributes>;
  /** The earliest event that named it; null when none did. */
  firstSeenAt: number | null;
  written: readonly ClinicRow[];
}

/** The stage `clinic`: clinics, and those that other stages saw named, by clinic_code. */
export function clinicStage(options: ConversationsOptions): Stage {
  const space = clinicSpace();
  return {
    name: 'clinic',
    topics: [topicNames.clinics, topicNames.clinicsSeen],
    spaces: [space as StateSpace<unknown>],
    processor: {
      reads(event, read) {
        read(space, event.key);
      },
      process(event, context) {
        const state = context.get(space, event.key) ?? { history: emptyHistory(), firstSeenAt: null, written: [] };
        if (event.topic === topicNames.clinics) {
          const change = event.value as Clinic;
          const attributes = change.is_deleted ? null : attributesOf(change);
          if (!splice(state.history, { at: event.time, attributes }, options.keptChangesMax)) {
            context.reject('CHANGE_TOO_LATE', `${options.keptChangesMax} later changes of this clinic are known`);
            return;
          }
          forget(state.history, options.keptChangesMax, isSameRow, state.firstSeenAt);
        } else {
          state.firstSeenAt = Math.min(state.firstSeenAt ?? event.time, event.time);
        }
        context.put(space, event.key, state);
      },
    },
    tables: [landingClinics],
  };
}

function clinicSpace(): StateSpace<ClinicState> {
  return {
    prefix: 'k',
    name: 'clinic',
    version: 1,
    encode: ({ history, firstSeenAt }) => JSON.stringify([history.changes, history.base, firstSeenAt]),
    decode(text, _version, key) {
      const [changes, base, firstSeenAt] = JSON.parse(text) as [
        Change<Attributes>[],
        Base<Attributes> | null,
        number | null,
      ];
      const state: ClinicState = { history: { changes, base, closed: [] }, firstSeenAt, written: [] };
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
          context.emit(landingClinics, sign, row);
        },
      );
      state.written = rows.slice(state.history.closed.length);
      state.history.closed = [];
    },
  };
}

function attributesOf(change: Clinic): Attributes {
  return {
    clinic_name: change.clinic_name,
    clinic_type: change.clinic_type ?? clinicTypeOf(change.clinic_name),
    timezone: change.timezone ?? 'UTC',
  };
}

/** Source: REQUIREMENTS 1.4, the first that the name contains. */
export function clinicTypeOf(name: string): string {
  return ['LLC', 'Inc', 'Group'].find((word) => name.includes(word)) ?? 'Other';
}

function rowsOf(code: string, state: ClinicState): ClinicRow[] {
  if (state.firstSeenAt !== null && isBlank(state.history)) {
    return [
      {
        clinic_code: code,
        clinic_name: '',
        clinic_type: '',
        timezone: 'UTC',
        ...inferredDates(state.firstSeenAt),
      },
    ];
  }
  return versionsOf(state.history, isSameRow, state.firstSeenAt).map((version) => ({
    clinic_code: code,
    ...version.attributes,
    ...datesOf(version),
    is_inferred: false,
  }));
}

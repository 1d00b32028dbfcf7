import type { Context, StateSpace } from '../../runtime/domain.ts';
import { topicNames } from './topics.ts';

/** When a clinic was first named by an event of this task, and what the stage `clinic` was told of it. */
export interface ClinicSeen {
  firstSeenAt: number;
  told: number;
}

/** One small state a clinic and task, so that the stage `clinic` hears of a clinic once and not with every message. */
export const clinicSeenSpace: StateSpace<ClinicSeen> = {
  prefix: 's',
  name: 'clinic-seen',
  version: 1,
  encode: (state) => String(state.firstSeenAt),
  decode: (text) => ({ firstSeenAt: Number(text), told: Number(text) }),
  settle(key, state, context) {
    if (state.told === state.firstSeenAt) return;
    state.told = state.firstSeenAt;
    context.forward(topicNames.clinicsSeen, key, state.firstSeenAt, {});
  },
};

export function seeClinic(clinicCode: string, time: number, context: Context): void {
  const seen = context.get(clinicSeenSpace, clinicCode);
  if (seen !== undefined && seen.firstSeenAt <= time) return;
  const state = seen ?? { firstSeenAt: time, told: Number.POSITIVE_INFINITY };
  state.firstSeenAt = time;
  context.put(clinicSeenSpace, clinicCode, state);
}

import { ParleyError } from '../../errors.ts';
import type { RawRecord } from '../../source/kafka/partition-reader.ts';
import type { Plan } from '../journal.ts';
import type { Change, Checkpoint } from '../store.ts';
import type { OutgoingRecord } from './record-encoder.ts';

/**
 * The records of a journal topic. Keys:
 *
 * | key | value | written by |
 * |---|---|---|
 * | `identity` | the id that the journal got when it was made | the first owner |
 * | `owner` | who has the task | each owner, when it has fenced the others |
 * | `position` | the last plan committed, the last one planned | each append |
 * | `plan/<number>` | the plan; deleted by the checkpoint that covers it | append |
 * | `checkpoint` | the plan that the state has, and positions | checkpoint |
 * | `state/<store key>` | the number of that plan, and the state | checkpoint |
 *
 * Position and checkpoint have keys of their own, since the two are written at the same time. Every value begins with
 * the layout's version, one character, so that a later one can be told. A deleted state says its plan in a header.
 */
const layout = '1';
const layoutByte = layout.charCodeAt(0);
const statePrefix = 'state/';
const planPrefix = 'plan/';
const planHeader = 'p';

export interface PositionRecord {
  readonly committed: number;
  readonly planned: number;
}

export interface OwnerRecord {
  readonly owner: string;
  /** Milliseconds since 1970, by that owner's clock. */
  readonly at: number;
}

export type JournalRecord =
  | { readonly kind: 'identity'; readonly id: string }
  | ({ readonly kind: 'owner' } & OwnerRecord)
  | ({ readonly kind: 'position' } & PositionRecord)
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'plan'; readonly number: number; readonly plan: Plan | undefined }
  | { readonly kind: 'state'; readonly plan: number; readonly change: Change };

export function identityRecord(id: string): OutgoingRecord {
  return { key: 'identity', value: sealed({ id }) };
}

export function ownerRecord(owner: OwnerRecord): OutgoingRecord {
  return { key: 'owner', value: sealed(owner) };
}

export function positionRecord({ committed, planned }: PositionRecord): OutgoingRecord {
  return { key: 'position', value: sealed({ committed, planned }) };
}

export function planRecord(plan: Plan): OutgoingRecord {
  return { key: `${planPrefix}${plan.number}`, value: sealed(plan) };
}

/** What one checkpoint writes; made one by one, since there may be tens of thousands. */
export function* checkpointRecords(
  { plan, positions }: Checkpoint,
  changes: readonly Change[],
  covered: number,
): Generator<OutgoingRecord> {
  const stamp = layout + plan.toString(36);
  const headers = { [planHeader]: stamp };
  for (const [key, state] of changes) {
    if (state === undefined) yield { key: statePrefix + key, value: null, headers };
    else yield { key: statePrefix + key, value: `${stamp} ${state}` };
  }
  yield { key: 'checkpoint', value: sealed({ plan, positions }) };
  for (let number = covered + 1; number <= plan; number++) yield { key: `${planPrefix}${number}`, value: null };
}

/** Whether it is a record of the state; cheaper than to decode it. */
export function isState({ key }: RawRecord): boolean {
  return key !== null && key[0] === 0x73 && key.length > statePrefix.length;
}

/** Fails with PARLEY_STATE_VERSION for what a later version wrote, with PARLEY_STATE_CORRUPT for what none did. */
export function decodeRecord(record: RawRecord, where: string): JournalRecord {
  if (isState(record)) return decodeState(record, where);
  const key = record.key?.toString() ?? '';
  const content = record.value === null ? undefined : unseal(record, record.value, where);
  if (key.startsWith(planPrefix)) {
    const number = Number(key.slice(planPrefix.length));
    const plan = content as Plan | undefined;
    if (
      !Number.isSafeInteger(number) ||
      (plan !== undefined && (plan.number !== number || !Array.isArray(plan.ranges)))
    ) {
      throw corrupt(record, `plan ${number}`, where);
    }
    return { kind: 'plan', number, plan };
  }
  const found = (content ?? {}) as Record<string, unknown>;
  const isCount = (name: string) => Number.isSafeInteger(found[name]) && (found[name] as number) >= 0;
  if (key === 'position' && isCount('committed') && isCount('planned')) {
    return { kind: 'position', committed: found.committed as number, planned: found.planned as number };
  }
  if (key === 'checkpoint' && isCount('plan') && typeof found.positions === 'object' && found.positions !== null) {
    return { kind: 'checkpoint', checkpoint: content as Checkpoint };
  }
  if (key === 'identity' && typeof found.id === 'string') return { kind: 'identity', id: found.id };
  if (key === 'owner' && typeof found.owner === 'string') {
    return { kind: 'owner', owner: found.owner, at: Number(found.at) };
  }
  throw corrupt(record, 'a record of a journal', where);
}

function decodeState(record: RawRecord, where: string): JournalRecord {
  const key = record.key!.toString('utf8', statePrefix.length);
  const { value } = record;
  if (value === null) {
    const stamp = record.headers[planHeader];
    if (!Buffer.isBuffer(stamp)) throw corrupt(record, 'the plan of a deleted state', where);
    checkLayout(record, stamp, where);
    return { kind: 'state', plan: planOf(record, stamp, stamp.length, where), change: [key, undefined] };
  }
  checkLayout(record, value, where);
  const space = value.indexOf(0x20);
  const plan = planOf(record, value, space, where);
  return { kind: 'state', plan, change: [key, value.toString('utf8', space + 1)] };
}

/** Base 36, from after the layout's character. */
function planOf(record: RawRecord, bytes: Buffer, end: number, where: string): number {
  let plan = end > 1 ? 0 : Number.NaN;
  for (let at = 1; at < end; at++) {
    const byte = bytes[at]!;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x7a ? byte - 87 : Number.NaN;
    plan = plan * 36 + digit;
  }
  if (!Number.isSafeInteger(plan)) throw corrupt(record, 'the plan of a state', where);
  return plan;
}

function sealed(content: unknown): string {
  return layout + JSON.stringify(content);
}

function unseal(record: RawRecord, value: Buffer, where: string): unknown {
  checkLayout(record, value, where);
  try {
    return JSON.parse(value.toString('utf8', 1));
  } catch {
    throw corrupt(record, 'JSON', where);
  }
}

function checkLayout(record: RawRecord, bytes: Buffer, where: string): void {
  if (bytes[0] === layoutByte) return;
  throw new ParleyError('PARLEY_STATE_VERSION', 'The journal was written by another version of Parley', {
    expected: `layout ${layout}`,
    received: `layout ${JSON.stringify(bytes.toString('utf8', 0, 1))}`,
    where: placeOf(record, where),
  });
}

function corrupt(record: RawRecord, expected: string, where: string): ParleyError {
  return new ParleyError('PARLEY_STATE_CORRUPT', 'The journal topic has a record that no journal writes', {
    expected,
    received: `key ${JSON.stringify(record.key?.toString().slice(0, 100) ?? null)}`,
    where: placeOf(record, where),
  });
}

function placeOf({ offset }: RawRecord, where: string): string {
  return `${where}, offset ${offset}`;
}

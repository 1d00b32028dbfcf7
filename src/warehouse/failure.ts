import { ClickHouseError } from '@clickhouse/client';
import { codeOf, type ErrorCode, isDiskFull, messageOf, ParleyError } from '../errors.ts';

/**
 * What a failed call to ClickHouse means. `refused`: the same call will fail again. The others can pass by themselves:
 * `unreachable` (no answer, or one cut off), `full` (its disk), `busy` (too much load, or it is coming up or going down).
 */
export type FailureKind = 'unreachable' | 'full' | 'busy' | 'refused';

export interface Failure {
  readonly kind: FailureKind;
  readonly error: ParleyError;
}

const codes: Record<FailureKind, ErrorCode> = {
  unreachable: 'PARLEY_WAREHOUSE_UNREACHABLE',
  full: 'PARLEY_DISK_FULL',
  busy: 'PARLEY_WAREHOUSE_BUSY',
  refused: 'PARLEY_WAREHOUSE_REFUSED',
};

const notEnoughSpace = 243;

/**
 * Numbers of ClickHouse's errors that can pass by themselves. One that is missing here ends the process with the
 * server's message, and its next start repeats the plan: nothing is lost. One too many would be repeated for ever.
 */
const passing = new Set([
  ...[74, 75, 76, 204, 294, 586], // the disk: read, write, open, fsync, create
  ...[159, 160, 209, 394, 734, 735], // too slow, or cancelled
  ...[173, 241, 777, 778], // memory
  ...[201, 202, 203, 290, 364, 439, 700, 745, 749, 762, 776], // too many queries, connections, threads; quotas
  ...[95, 96, 198, 210, 279, 297, 410], // the network behind the server
  ...[225, 242, 244, 254, 265, 285, 286, 289, 319, 416, 529, 999], // Keeper, replicas, quorums
  ...[236, 473, 696, 722, 763], // coming up or going down
  ...[252, 574, 692], // too many parts, pending bytes, mutations: merges catch up
  ...[425, 499, 1000], // the operating system, object storage, the network library
]);

/** Tells failures apart. A ParleyError, and what only a fault of ours throws, is thrown again as it is. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ParleyError || isOurFault(error)) throw error;
  if (error instanceof ClickHouseError) return serverFailure(error);
  if (isDiskFull(error)) return coded('full', error, messageOf(error));
  if (codeOf(error) !== undefined || isTransport(error)) {
    return coded('unreachable', error, `ClickHouse cannot be reached: ${transportMessage(error)}`);
  }
  // An answer that is not ClickHouse's comes from what stands before it, and that is a matter of time.
  return coded(
    'busy',
    error,
    `Not ClickHouse but something before it answered: ${messageOf(error).trim().slice(0, 300)}`,
  );
}

/**
 * What a Distributed table says of a shard that went away in the middle of an insert, under the numbers of a broken
 * stream: from a stream of ours they would be a fault that stays.
 */
const lostShard = /while (receiving packet from|sending packet to) /i;

function serverFailure(error: ClickHouseError): Failure {
  const number = Number(error.code);
  const received = `${error.type ?? 'error'} (${error.code})`;
  const message = error.message.trim();
  if (number === notEnoughSpace || isDiskFull(error)) {
    return coded('full', error, `The disk of ClickHouse is full: ${message}`, received);
  }
  const isPassing = passing.has(number) || lostShard.test(message);
  return coded(isPassing ? 'busy' : 'refused', error, message, received);
}

function coded(kind: FailureKind, cause: unknown, message: string, received?: string): Failure {
  return {
    kind,
    error: new ParleyError(codes[kind], message, received === undefined ? { cause } : { received, cause }),
  };
}

function isOurFault(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

/** The client's own errors that have no code. */
function isTransport(error: unknown): boolean {
  return /^(Timeout error|socket hang up|aborted|The user aborted a request)/.test(messageOf(error));
}

/** A name with two addresses fails with an AggregateError whose own message is empty. */
function transportMessage(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}

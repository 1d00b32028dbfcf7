import { messageOf, ParleyError } from '../../errors.ts';
import { typeOf } from '../../source/kafka/broker-access.ts';
import type { OwnerRecord } from './journal-records.ts';

/**
 * What brokers say to a producer that may not write any more: because a newer owner has fenced it, or because a
 * transaction ran out of its time, or the id was forgotten after days of silence. They do not say which.
 * (KAFKAJS_UNKNOWN_ERROR_CODE is PRODUCER_FENCED and TRANSACTION_ABORTABLE, which are younger than kafkajs.)
 */
const lostTypes = new Set([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'KAFKAJS_UNKNOWN_ERROR_CODE',
]);

/** An error of the journal with its code. `findNewerOwner` is asked only where it decides. */
export async function journalError(
  error: unknown,
  where: string,
  findNewerOwner: () => Promise<OwnerRecord | undefined>,
): Promise<ParleyError> {
  if (error instanceof ParleyError && error.code !== 'PARLEY_KAFKA_UNREACHABLE') return error;
  const type = typeOf(error);
  const received = type === undefined ? messageOf(error) : `${type}: ${messageOf(error)}`;
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return new ParleyError('PARLEY_CONFIGURATION', 'A record is larger than the topic takes', {
      expected: 'a larger `max.message.bytes` of the topic',
      received,
      where,
      cause: error,
    });
  }
  if (type?.endsWith('AUTHORIZATION_FAILED')) {
    const expected = 'the rights to write the topics of the app, and its transactional ids';
    return new ParleyError('PARLEY_CONFIGURATION', 'The brokers refuse the journal', {
      expected,
      received,
      where,
      cause: error,
    });
  }
  if (type !== undefined && lostTypes.has(type)) {
    const newer = await findNewerOwner().catch(() => undefined);
    if (newer !== undefined)
      return fenced(where, `owner ${newer.owner}, since ${new Date(newer.at).toISOString()}`, error);
  }
  return new ParleyError('PARLEY_JOURNAL_UNAVAILABLE', 'The journal cannot be written', {
    received,
    where,
    cause: error,
  });
}

export function fenced(where: string, received: string, cause?: unknown): ParleyError {
  return new ParleyError('PARLEY_FENCED', 'This is not the owner of the task', {
    received,
    where,
    ...(cause === undefined ? {} : { cause }),
  });
}

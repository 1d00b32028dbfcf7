import { ParleyError } from '../../errors.ts';

/** A position that the log does not have: it was deleted before it was read, or the log is another one. */
export function inputGone(where: string, position: number, beginning: number, end: number): ParleyError {
  return new ParleyError('PARLEY_INPUT_GONE', 'The topic does not have the next record any more', {
    expected: `offset ${position}`,
    received:
      position > end ? `a log that ends before it, at ${end}: was the topic made anew?` : `a log from ${beginning} on`,
    where,
  });
}

export function topicGone(where: string): ParleyError {
  return new ParleyError('PARLEY_INPUT_GONE', 'The topic is not there any more', {
    expected: 'the topic that the position belongs to',
    received: 'no such topic',
    where,
  });
}

/** A journalled range that does not have all of its records any more. */
export function recordsGone(where: string, expected: number, received: number): ParleyError {
  return new ParleyError('PARLEY_INPUT_GONE', 'Records of a journalled batch are not there any more', {
    expected: `${expected} records`,
    received: `${received}: compaction removes records that have the key of a later one`,
    where,
  });
}

import { expect, test } from 'vitest';
import { Answers } from '../../src/dashboard/answers.ts';
import { Changes } from '../../src/dashboard/changes.ts';

const waiting = new AbortController().signal;

/** Makes `text`, counting how often it is asked to. */
function maker(text: string) {
  const make = Object.assign(
    async () => {
      make.times++;
      return text;
    },
    { times: 0 },
  );
  return make;
}

test('an answer is kept for its version, and for so long', async () => {
  const answers = new Answers({ keptMs: 60_000 });
  const make = maker('one');
  for (let times = 0; times < 3; times++) expect(await answers.get('q', 1, make, waiting)).toBe('one');
  expect(make.times).toBe(1);
  await answers.get('q', 2, make, waiting);
  expect(make.times).toBe(2);
  const forgetful = new Answers({ keptMs: 0 });
  await forgetful.get('q', 1, make, waiting);
  await forgetful.get('q', 1, make, waiting);
  expect(make.times).toBe(4);
});

test('the answers that were used longest ago go first when there are too many', async () => {
  const answers = new Answers({ lettersMax: 10 });
  const [a, b, c] = [maker('aaaa'), maker('bbbb'), maker('cccc')];
  await answers.get('a', 1, a, waiting);
  await answers.get('b', 1, b, waiting);
  await answers.get('a', 1, a, waiting);
  await answers.get('c', 1, c, waiting);
  await answers.get('a', 1, a, waiting);
  expect([a.times, b.times, c.times]).toEqual([1, 1, 1]);
  await answers.get('b', 1, b, waiting);
  expect(b.times).toBe(2);
});

test('a failure is told to all who wait, and not kept', async () => {
  const answers = new Answers();
  let times = 0;
  const fail = async (): Promise<string> => {
    times++;
    throw new Error('away');
  };
  const asked = [1, 2].map(() => answers.get('q', 1, fail, waiting));
  for (const one of asked) await expect(one).rejects.toThrow('away');
  expect(times).toBe(1);
  expect(await answers.get('q', 1, maker('back'), waiting)).toBe('back');
});

test('one who leaves does not take the answer from the others; the last one ends it', async () => {
  const answers = new Answers();
  let signal: AbortSignal | undefined;
  let finish: (text: string) => void = () => undefined;
  const make = (given: AbortSignal) => {
    signal = given;
    return new Promise<string>((resolve) => {
      finish = resolve;
    });
  };
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  const asked = [first, second, third].map((one) => answers.get('q', 1, make, one.signal));
  first.abort();
  second.abort();
  await expect(asked[0]).rejects.toThrow();
  await expect(asked[1]).rejects.toThrow();
  expect(signal?.aborted).toBe(false);
  finish('done');
  expect(await asked[2]).toBe('done');

  const alone = new AbortController();
  const ended = answers.get('other', 1, make, alone.signal);
  alone.abort();
  await expect(ended).rejects.toThrow();
  expect(signal?.aborted).toBe(true);
});

test('a version is asked for once in an interval, and grows with each change', async () => {
  let print = 'a';
  const changes = new Changes({
    fingerprint: async () => print,
    completeThrough: async () => print,
    intervalMs: 5,
    firstVersion: 7,
  });
  const both = await Promise.all([changes.current(), changes.current()]);
  expect(both).toEqual([
    { version: 7, completeThrough: 'a' },
    { version: 7, completeThrough: 'a' },
  ]);
  expect(changes.polls).toBe(1);
  print = 'b';
  const told = await new Promise((resolve) => changes.listen(resolve));
  expect(told).toEqual({ version: 8, completeThrough: 'b' });
  changes.close();
});

test('a warehouse that is away for a while is no change, and is heard of when it is back', async () => {
  let isAway = false;
  let print = 'a';
  const fingerprint = async () => {
    if (isAway) throw new Error('away');
    return print;
  };
  const changes = new Changes({ fingerprint, completeThrough: async () => null, intervalMs: 2, firstVersion: 1 });
  await changes.current();
  isAway = true;
  const told = new Promise((resolve) => changes.listen(resolve));
  const { polls } = changes;
  while (changes.polls < polls + 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await expect(changes.current()).rejects.toThrow('away');
  print = 'b';
  isAway = false;
  expect(await told).toEqual({ version: 2, completeThrough: null });
  changes.close();
});

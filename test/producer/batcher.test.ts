import { expect, test } from 'vitest';
import { Batcher } from '../../src/producer/batcher.ts';

interface Item {
  readonly name: string;
  readonly bytes: number;
}
const item = (name: string, bytes = 1): Item => ({ name, bytes });

function recorded(options: { batchBytesMax?: number; lingerMs?: number; fails?: (names: string[]) => boolean } = {}) {
  const { batchBytesMax = 10, lingerMs = 1, fails = () => false } = options;
  const batches: string[][] = [];
  let isSending = false;
  const batcher = new Batcher<Item>({
    lingerMs,
    batchBytesMax,
    async send(items) {
      expect(isSending).toBe(false);
      isSending = true;
      const names = items.map(({ name }) => name);
      batches.push(names);
      await new Promise((resolve) => setImmediate(resolve));
      isSending = false;
      if (fails(names)) throw new Error('down');
    },
  });
  return { batcher, batches };
}

test('calls at about the same time share a batch, in their order', async () => {
  const { batcher, batches } = recorded();
  await Promise.all([batcher.add([item('a'), item('b')]), batcher.add([item('c')]), batcher.add([])]);
  expect(batches).toEqual([['a', 'b', 'c']]);
});

test('a batch is no larger than it may be; an item that is larger goes alone', async () => {
  const { batcher, batches } = recorded({ lingerMs: 60_000 });
  const items = [item('a', 6), item('b', 4), item('c', 4), item('d', 30), item('e', 10)];
  await batcher.add(items);
  expect(batches).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
});

test('a batch that fails fails its calls, sends nothing more of them, and nobody after them', async () => {
  const { batcher, batches } = recorded({ fails: (names) => names.includes('b') });
  const answers = await Promise.allSettled([
    batcher.add([item('a', 5), item('b', 5), item('c', 5)]),
    batcher.add([item('d', 5)]),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(batches).toEqual([['a', 'b'], ['d']]);
});

test('flush waits for what is under way and sends what lingers', async () => {
  const { batcher, batches } = recorded({ lingerMs: 60_000 });
  const first = batcher.add([item('a', 10)]);
  const second = batcher.add([item('b')]);
  await batcher.flush();
  expect(batches).toEqual([['a'], ['b']]);
  await Promise.all([first, second]);
});

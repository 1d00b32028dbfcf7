import { describe, expect, test } from 'vitest';
import type { Change, Checkpoint, Restoration, StateStore } from '../../src/state/store.ts';
import { temporaryFolder } from './folders.ts';

/** What every StateStore does. `open` opens the one in a folder, or makes it. */
export function storeSuite(name: string, open: (folder: string) => Promise<StateStore>): void {
  describe(`${name} as a StateStore`, () => {
    test('a new one has no checkpoint and no keys', async () => {
      const store = await open(temporaryFolder());
      expect(await store.checkpoint()).toBeUndefined();
      expect(await store.getMany(['a', 'b'])).toEqual([undefined, undefined]);
      expect(await store.scan('', 10)).toEqual([]);
      await store.close();
    });

    test('gives back what was written, in the order asked for, also when opened again', async () => {
      const folder = temporaryFolder();
      const store = await open(folder);
      const checkpoint = {
        plan: 3,
        positions: { 'file/1': { topic: 'a.b', offset: 12, mark: { crc: 1 } } },
        extra: { late: 2 },
      };
      const wide = 'é漢😀"\\\n\0';
      const changes = [
        ['c', 'three'],
        ['a', ''],
        ['b', wide],
        [`k${wide}`, 'odd key'],
      ] as const;
      await store.write(changes, checkpoint);
      const check = async (opened: StateStore) => {
        expect(await opened.checkpoint()).toEqual(checkpoint);
        expect(await opened.getMany(['c', 'none', 'b', 'a', `k${wide}`, 'c'])).toEqual([
          'three',
          undefined,
          wide,
          '',
          'odd key',
          'three',
        ]);
      };
      await check(store);
      await store.close();
      const again = await open(folder);
      await check(again);
      await again.close();
    });

    test('overwrites, deletes, and moves the checkpoint with the changes', async () => {
      const store = await open(temporaryFolder());
      await store.write(
        [
          ['a', '1'],
          ['b', '1'],
        ],
        { plan: 1, positions: {} },
      );
      await store.write(
        [
          ['a', undefined],
          ['b', '2'],
          ['none', undefined],
        ],
        { plan: 2, positions: {} },
      );
      expect(await store.getMany(['a', 'b', 'none'])).toEqual([undefined, '2', undefined]);
      expect((await store.checkpoint())?.plan).toBe(2);
      await store.write([], { plan: 5, positions: {} });
      expect((await store.checkpoint())?.plan).toBe(5);
      expect(await store.getMany(['b'])).toEqual(['2']);
      await store.close();
    });

    test('scans by UTF-8 bytes, after exclusive and until inclusive, and shows no bookkeeping', async () => {
      const store = await open(temporaryFolder());
      const keys = ['\u0001', 'a', 'b', 'ba', 'c', 'é', '\uffee', '😀'];
      await store.write(
        [...keys].reverse().map((key) => [key, `v${key}`] as const),
        { plan: 1, positions: {} },
      );
      const scanned = async (...range: Parameters<StateStore['scan']>) =>
        (await store.scan(...range)).map(([key]) => key);
      expect(await scanned('', 100)).toEqual(keys);
      expect(await scanned('', 3)).toEqual(keys.slice(0, 3));
      expect(await scanned('a', 100, 'ba')).toEqual(['b', 'ba']);
      expect(await scanned('ab', 100, 'bb')).toEqual(['b', 'ba']);
      expect(await scanned('c', 1)).toEqual(['é']);
      expect(await scanned('😀', 100)).toEqual([]);
      expect(await scanned('', 0)).toEqual([]);
      expect(await store.scan('b', 1)).toEqual([['ba', 'vba']]);
      await store.close();
    });

    test('refuses a key that is not for state, and a checkpoint that goes backwards', async () => {
      const store = await open(temporaryFolder());
      await store.write([['a', '1']], { plan: 7, positions: {} });
      for (const key of ['', '\0checkpoint']) {
        const write = store.write([[key, 'x']], { plan: 8, positions: {} });
        await expect(write).rejects.toMatchObject({ code: 'PARLEY_INTERNAL' });
      }
      await expect(store.write([['a', '2']], { plan: 6, positions: {} })).rejects.toMatchObject({
        code: 'PARLEY_INTERNAL',
      });
      expect(await store.getMany(['a'])).toEqual(['1']);
      await store.close();
    });

    test('is restored as a whole: what it had is gone, and the portions hold in their order', async () => {
      const folder = temporaryFolder();
      const store = await open(folder);
      await store.write(
        [
          ['old', '1'],
          ['a', 'old'],
        ],
        { plan: 9, positions: {} },
      );
      const checkpoint = { plan: 4, positions: { s: { topic: 't', offset: 7 } }, extra: { from: 12 } };
      const portions: Change[][] = [
        [
          ['a', '1'],
          ['b', '1'],
        ],
        [],
        [
          ['b', undefined],
          ['c', '1'],
          ['none', undefined],
        ],
        [
          ['a', '2'],
          ['a', '3'],
        ],
      ];
      await store.restore(restoration(true, portions, checkpoint));
      const check = async (opened: StateStore) => {
        expect(await opened.checkpoint()).toEqual(checkpoint);
        expect(await opened.scan('', 10)).toEqual([
          ['a', '3'],
          ['c', '1'],
        ]);
      };
      await check(store);
      await store.close();
      const again = await open(folder);
      await check(again);
      // It goes on from there.
      await again.write([['d', '1']], { plan: 5, positions: {} });
      expect((await again.checkpoint())?.plan).toBe(5);
      await again.close();
    });

    test('is restored in part: changes are laid over what it has', async () => {
      const store = await open(temporaryFolder());
      await store.write(
        [
          ['a', '1'],
          ['b', '1'],
          ['c', '1'],
        ],
        { plan: 1, positions: {} },
      );
      const portions: Change[][] = [[['b', undefined]], [['c', '2']]];
      await store.restore(restoration(false, portions, { plan: 3, positions: {} }));
      expect(await store.scan('', 10)).toEqual([
        ['a', '1'],
        ['c', '2'],
      ]);
      expect(await store.checkpoint()).toEqual({ plan: 3, positions: {} });
      await store.close();
    });

    test('a new one is restored only as a whole', async () => {
      const store = await open(temporaryFolder());
      const checkpoint = { plan: 1, positions: {} };
      await expect(store.restore(restoration(false, [[['a', '1']]], checkpoint))).rejects.toMatchObject({
        code: 'PARLEY_INTERNAL',
      });
      await store.restore(restoration(true, [], checkpoint));
      expect(await store.checkpoint()).toEqual(checkpoint);
      expect(await store.scan('', 10)).toEqual([]);
      await store.close();
    });

    test.each([true, false])('a restoration that breaks off (whole: %s) leaves no checkpoint', async (isWhole) => {
      const folder = temporaryFolder();
      const store = await open(folder);
      await store.write([['old', '1']], { plan: 2, positions: {} });
      async function* changes(): AsyncGenerator<Change[]> {
        yield [['a', '1']];
        throw new Error('the brokers are gone');
      }
      const broken = { isWhole, changes: changes(), checkpoint: () => ({ plan: 3, positions: {} }) };
      await expect(store.restore(broken)).rejects.toThrow('the brokers are gone');
      await store.close();
      const again = await open(folder);
      expect(await again.checkpoint()).toBeUndefined();
      // Whatever is left of it, only a whole restoration makes it a state again.
      await expect(again.restore(restoration(false, [], { plan: 3, positions: {} }))).rejects.toMatchObject({
        code: 'PARLEY_INTERNAL',
      });
      await again.restore(restoration(true, [[['b', '2']]], { plan: 3, positions: {} }));
      expect(await again.scan('', 10)).toEqual([['b', '2']]);
      await again.close();
    });

    test('takes a portion when it is done with the one before', async () => {
      const store = await open(temporaryFolder());
      let written = 0;
      async function* changes(): AsyncGenerator<Change[]> {
        for (let portion = 0; portion < 50; portion++) {
          // Asked for the next one, it has written the one before, or that is the one that it still has in hand.
          expect(portion - written).toBeLessThanOrEqual(1);
          yield Array.from({ length: 100 }, (_, index): Change => [`${portion}/${index}`, 'v']);
          written = portion + 1;
        }
      }
      await store.restore({ isWhole: true, changes: changes(), checkpoint: () => ({ plan: written, positions: {} }) });
      expect((await store.checkpoint())?.plan).toBe(50);
      expect((await store.scan('', 10_000)).length).toBe(5_000);
      await store.close();
    });
  });
}

function restoration(isWhole: boolean, portions: readonly (readonly Change[])[], checkpoint: Checkpoint): Restoration {
  async function* changes() {
    yield* portions;
  }
  return { isWhole, changes: changes(), checkpoint: () => checkpoint };
}

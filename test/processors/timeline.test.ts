import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fold, isKeptAt, place, type Timeline, type TimelineEntry, TOO_LATE } from '../../src/processors/timeline.ts';

const empty = (): Timeline<TimelineEntry> => ({ latest: Number.NEGATIVE_INFINITY, horizon: null, entries: [] });
const options = { latenessMs: 100, entriesMax: 1000 };
const entry = (id: string, time: number) => ({ id, time });

describe('a timeline', () => {
  test('orders by time, ties by id, whatever the order of arrival', () => {
    const timeline = empty();
    const places = [entry('b', 10), entry('a', 10), entry('z', 5), entry('c', 12)].map((one) =>
      place(timeline, one, options),
    );
    expect(places).toEqual([0, 0, 0, 3]);
    expect(timeline.entries.map(({ id }) => id)).toEqual(['z', 'a', 'b', 'c']);
  });

  test('takes what is exactly as late as allowed, and nothing later', () => {
    const timeline = empty();
    place(timeline, entry('new', 1000), options);
    expect(place(timeline, entry('edge', 900), options)).toBe(0);
    expect(place(timeline, entry('late', 899), options)).toBe(TOO_LATE);
    expect(timeline.entries).toHaveLength(2);
  });

  test('keeps no more than its bound, and lets nothing in before what it folded', () => {
    const timeline = empty();
    const bounded = { latenessMs: 100, entriesMax: 2 };
    for (const time of [1, 2, 3]) place(timeline, entry(`${time}`, time), bounded);
    const folded: string[] = [];
    fold(timeline, bounded, ({ id }) => folded.push(id));
    expect(folded).toEqual(['1']);
    expect(place(timeline, entry('0', 0), bounded)).toBe(TOO_LATE);
    expect(place(timeline, entry('1b', 1), bounded)).toBe(0);
  });

  test('answers the same whenever it is folded', () => {
    const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.boolean()), { maxLength: 40, size: 'max' });
    const property = fc.property(events, fc.integer({ min: 1, max: 4 }), (list, entriesMax) => {
      const bounded = { latenessMs: 100, entriesMax };
      const answers = (isFoldedAfter: (index: number) => boolean) => {
        const timeline = empty();
        const folded: string[] = [];
        const isLate = list.map(([time], index) => {
          const where = place(timeline, entry(`m${index}`, time), bounded);
          if (isFoldedAfter(index)) fold(timeline, bounded, ({ id }) => folded.push(id));
          return where === TOO_LATE;
        });
        const kept = timeline.entries.filter((_, index) => isKeptAt(timeline, index, bounded));
        fold(timeline, bounded, ({ id }) => folded.push(id));
        expect(kept).toEqual(timeline.entries);
        return { isLate, folded, kept, horizon: timeline.horizon };
      };
      const always = answers(() => true);
      expect(answers(() => false)).toEqual(always);
      expect(answers((index) => list[index]![1])).toEqual(always);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

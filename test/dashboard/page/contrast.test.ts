import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** WCAG 2.2 AA: 4.5:1 for text, 3:1 for marks and for the edges of what can be used. */
const css = readFileSync(new URL('../../../src/dashboard/page/styles/tokens.css', import.meta.url), 'utf8');

function colours(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]));
}

const [light, systemDark, chosenDark] = [
  /:root \{([^}]*)\}/,
  /data-theme="light"\]\) \{([^}]*)\}/,
  /data-theme="dark"\] \{([^}]*)\}/,
].map((pattern) => colours(pattern.exec(css)![1]!));

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(left: string, right: string): number {
  const [low, high] = [luminance(left), luminance(right)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

const texts: readonly (readonly [string, readonly string[]])[] = [
  ['ink', ['ground', 'surface', 'raised', 'sunken', 'warn-soft', 'bad-soft']],
  ['ink-2', ['ground', 'surface', 'raised', 'sunken']],
  ['ink-3', ['ground', 'surface', 'raised', 'sunken']],
  ['accent', ['ground', 'surface', 'raised', 'sunken', 'accent-soft']],
  ['accent-ink', ['accent']],
  ['warn', ['surface']],
  ['bad', ['surface', 'sunken']],
];
const marks: readonly (readonly [string, readonly string[]])[] = [
  ['line-strong', ['surface', 'ground', 'raised']],
  ['focus', ['surface', 'ground', 'raised']],
  ['good', ['surface']],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((number) => [`series-${number}`, ['surface']] as const),
  ['series-rest', ['surface']],
];

test.each([
  ['light', light!],
  ['dark', chosenDark!],
])('text and marks can be seen in the %s theme', (_theme, palette) => {
  const faint = [
    ...texts.flatMap(([name, grounds]) => grounds.map((ground) => ({ name, ground, least: 4.5 }))),
    ...marks.flatMap(([name, grounds]) => grounds.map((ground) => ({ name, ground, least: 3 }))),
  ]
    .map((pair) => ({ ...pair, is: contrast(palette.get(pair.name)!, palette.get(pair.ground)!) }))
    .filter(({ is, least }) => !(is >= least))
    .map(({ name, ground, is }) => `${name} on ${ground}: ${is.toFixed(2)}`);
  expect(faint).toEqual([]);
});

test('who follows the system sees the dark theme that others choose', () => {
  expect(systemDark!.size).toBeGreaterThan(20);
  expect(systemDark).toEqual(chosenDark);
});

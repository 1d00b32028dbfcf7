import type { Random } from './random.ts';

/** What conversations are about: a tag, its weight at the start and its weight at the end, so that some themes grow. */
const themes = [
  ['appointment', 30, 26],
  ['billing', 16, 14],
  ['prescription', 14, 16],
  ['delivery', 8, 22],
  ['results', 10, 10],
  ['refund', 4, 12],
  ['side effects', 6, 6],
  ['feedback', 5, 4],
] as const;

/** The tags of a conversation, sorted; `progress` is how far the run is, 0 to 1. */
export function pickTags(random: Random, progress: number): string[] {
  const tags = new Set<string>();
  for (let left = random.chance(0.25) ? 2 : 1; left > 0; left--) {
    let point = random.next() * weightAt(progress);
    for (const [tag, first, last] of themes) {
      point -= first + (last - first) * progress;
      if (point > 0) continue;
      tags.add(tag);
      break;
    }
  }
  if (random.chance(0.05 + 0.03 * progress)) tags.add('urgent');
  if (random.chance(0.03)) tags.add('sensitive');
  return [...tags].sort();
}

function weightAt(progress: number): number {
  return themes.reduce((sum, [, first, last]) => sum + first + (last - first) * progress, 0);
}

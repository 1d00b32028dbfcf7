import { ParleyError } from '../errors.ts';

/** What is wrong with a key or a variable of the configuration. */
export interface Fault {
  readonly where: string;
  readonly expected: string;
  readonly received: string;
}

/** PARLEY_CONFIGURATION, with all faults. */
export function configurationError(faults: readonly Fault[]): ParleyError {
  const [first] = faults;
  const several = faults.length > 1;
  return new ParleyError(
    'PARLEY_CONFIGURATION',
    `The configuration has ${several ? `${faults.length} faults` : 'a fault'}`,
    {
      expected: several ? faults.map(({ where, expected }) => `${where}: ${expected}`).join('; ') : first!.expected,
      received: several ? faults.map(({ where, received }) => `${where}: ${received}`).join('; ') : first!.received,
      where: faults.map(({ where }) => where).join(', '),
    },
  );
}

/** The known name that a wrong one is most like, by the pairs of letters that they share. */
export function near(wrong: string, known: readonly string[]): string {
  const likeness = (name: string) => {
    const pairs = new Set(pairsOf(name));
    const shared = pairsOf(wrong).filter((pair) => pairs.has(pair)).length;
    return (2 * shared) / (pairs.size + wrong.length);
  };
  const best = [...known].sort((left, right) => likeness(right) - likeness(left))[0]!;
  return likeness(best) > 0.5 ? `perhaps ${best}` : 'one of the keys in docs/configuration.md';
}

function pairsOf(text: string): string[] {
  const lower = text.toLowerCase();
  return Array.from({ length: Math.max(0, lower.length - 1) }, (_, index) => lower.slice(index, index + 2));
}

export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

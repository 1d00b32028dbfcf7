import { ParleyError } from '../../src/errors.ts';

/** Where the servers of docker compose are, from its environment. The names are Parley's own where it has them. */
export interface Places {
  readonly brokers: string[];
  readonly registryUrl: string;
  readonly partitions: number;
  readonly ratePerSecond: number;
}

/** Fails with PARLEY_CONFIGURATION. */
export function placesOf(environment: Readonly<Record<string, string | undefined>>): Places {
  const needed = (name: string) => {
    const value = environment[name];
    if (value) return value;
    throw new ParleyError('PARLEY_CONFIGURATION', 'A variable is not set', { expected: 'a value', where: name });
  };
  const positive = (name: string, otherwise: number) => {
    const value = Number(environment[name] || otherwise);
    if (value > 0 && Number.isFinite(value)) return value;
    const received = environment[name] ?? '';
    throw new ParleyError('PARLEY_CONFIGURATION', 'A variable is wrong', {
      expected: 'a number above 0',
      received,
      where: name,
    });
  };
  return {
    brokers: needed('PARLEY_KAFKA_BROKERS').split(','),
    registryUrl: needed('PARLEY_SCHEMA_REGISTRY_URL'),
    partitions: Math.round(positive('STACK_PARTITIONS', 8)),
    ratePerSecond: positive('STACK_RATE', 20),
  };
}

import type { LandingTable } from '../../runtime/domain.ts';

/**
 * Seeds of a domain, a row each: header and cells stand in arrays, so that one row of one insert replaces all of a seed
 * at once, on every shard. Grain: seed. Views spread it out.
 */
export function seedTable(database: string) {
  return {
    database,
    name: 'landing_seeds',
    columns: {
      seed: 'LowCardinality(String)',
      header: 'Array(String)',
      /** Row by row, each as long as the header. */
      cells: 'Array(String)',
      /** SHA-256 of header and cells, in hexadecimal. */
      checksum: 'String',
      /** `shipped`, `folder` (a person's own) or `configuration`. */
      origin: 'LowCardinality(String)',
      loaded_at: "DateTime64(3, 'UTC')",
    },
    replacedBy: ['seed'],
  } as const satisfies LandingTable;
}

/** Where the rows of a seed are from. */
export type SeedOrigin = 'shipped' | 'folder' | 'configuration';

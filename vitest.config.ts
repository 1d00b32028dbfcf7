import { defineConfig } from 'vitest/config';

/**
 * Tests in which several processes hold sessions with a broker: when they have to share two cores with other tests, a
 * session times out that should not. They run after the others, a file at a time.
 */
const alone = ['test/e2e/group*.test.ts', 'test/source/kafka/**/*.test.ts', 'test/state/kafka/**/*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/global-setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    setupFiles: ['test/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

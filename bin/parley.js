#!/usr/bin/env -S node --min-semi-space-size=32 --max-semi-space-size=32 --v8-pool-size=1 --heap-growing-percent=45 --no-allocation-site-pretenuring
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(program))) {
  const { main } = await import(program.href);
  await main(process.argv);
} else {
  process.stderr.write('Parley has not been built yet. Run `npm run build` in its folder, then try again.\n');
  process.exitCode = 1;
}

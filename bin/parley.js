#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// V8's flags have to be set before anything is allocated: this is their place, should a measurement ask for some.

const program = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(program))) {
  const { main } = await import(program.href);
  await main(process.argv);
} else {
  process.stderr.write('Parley has not been built yet. Run `npm run build` in its folder, then try again.\n');
  process.exitCode = 1;
}

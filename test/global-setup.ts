import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { apicurioJars, javaProgram, kafkaJars } from '../scripts/stack/artifacts.ts';
import { ParleyError } from '../src/errors.ts';
import { downloadClients } from './bi/artifacts.ts';
import { hasDocker } from './kafka/docker.ts';

const doneName = 'TESTS_ARE_SET_UP';

/** Once for all tests, whichever of the projects in vitest.config.ts they belong to. */
export default async function setup(): Promise<void> {
  if (process.env[doneName] !== undefined) return;
  process.env[doneName] = 'yes';
  build();
  if (!hasDocker()) await download('Kafka', downloadServers);
  await download('BI clients', downloadClients);
}

/** Builds `dist/`: the tests that kill processes run the program that people run, not the sources. */
function build(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}

/** So that no test's time goes into it. Without Java, Maven or Python the tests that need them say what is missing. */
async function download(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
    const { expected, received } = error.detail;
    console.warn(
      `Tests of ${what} will fail: ${error.code} ${error.message}: expected ${expected}, received ${received}`,
    );
  }
}

async function downloadServers(): Promise<void> {
  await javaProgram();
  await Promise.all([kafkaJars(), apicurioJars()]);
}

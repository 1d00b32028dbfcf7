import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs a script of test/state/children, which prints a number for each write that was acknowledged, and kills it with
 * SIGKILL `afterMs` after the first one. Returns the last number printed.
 */
export function runAndKill(script: string, folder: string, afterMs: number): Promise<number> {
  const path = fileURLToPath(new URL(`./children/${script}`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`The child ended by itself (${code}): ${errors}`));
      // A line that was cut was not acknowledged in full; what it says is true all the same.
      else resolve(Math.max(0, ...output.split('\n').map(Number)));
    });
  });
}

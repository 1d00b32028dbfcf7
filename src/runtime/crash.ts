import type { Step } from './task.ts';

/**
 * For tests that end the real program in the middle of the commit path: PARLEY_CRASH_AFTER_STEP is `step`, `step@n` (the
 * nth time) or `step@n@stage`. The process ends itself with SIGKILL: nothing is flushed, nothing is caught.
 */
export function crashOnPurpose(stage: string): (step: Step, plan: number) => void {
  const wish = process.env.PARLEY_CRASH_AFTER_STEP;
  if (wish === undefined || wish === '') return () => undefined;
  const [step, times = '1', only = stage] = wish.split('@');
  let left = Number(times);
  return (reached) => {
    if (only !== stage || String(reached) !== step || --left > 0) return;
    process.kill(process.pid, 'SIGKILL');
  };
}

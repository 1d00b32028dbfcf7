import { setTimeout as sleep } from 'node:timers/promises';
import { halfWrittenParts, Processor } from './processor.ts';
import type { Dice } from './seed.ts';

/** What was killed so far. */
export interface Toll {
  lives: number;
  processor: number;
  server: number;
  /** Kills of ClickHouse that cut an insert off: the processor told so. */
  midInsert: number;
  /** Those of them after which a part lay on the disk half written. */
  halfWritten: number;
}

export function emptyToll(): Toll {
  return { lives: 0, processor: 0, server: 0, midInsert: 0, halfWritten: 0 };
}

export interface TormentedLife {
  readonly paths: readonly string[];
  readonly dataDir: string;
  readonly dice: Dice;
  readonly toll: Toll;
}

/** Below what the supervisor takes for a server that no restart will cure. */
const serverKillsMax = 3;
/** How long a kill waits for a part that is being written; most take less than a tenth of it. */
const aimMs = 1_500;
/** An insert whose connection was cut is told of at once, but for a batch that is being processed. */
const tellingMs = 500;

/**
 * One life of the processor with kills at random moments: of its ClickHouse, which it starts again, or of itself, also
 * while ClickHouse is down. True when it came to the end of its input all the same.
 */
export async function tormentedLife({ paths, dataDir, dice, toll }: TormentedLife): Promise<boolean> {
  const more = {
    PARLEY_BATCH_EVENTS_MAX: String(dice.whole(500, 4_000)),
    PARLEY_CHECKPOINT_KEYS_MAX: String(dice.chance(0.5) ? 200 : 50_000),
  };
  const processor = new Processor({ paths, dataDir, more });
  toll.lives++;
  if (!(await processor.saw(/is ready at/))) throw new Error(`ClickHouse did not start:\n${processor.errors}`);
  const serverKills = dice.chance(0.25) ? 0 : dice.chance(0.6) ? 1 : dice.whole(2, serverKillsMax);
  for (let kill = 0; kill < serverKills; kill++) {
    await sleep(dice.number(50, 400));
    await killServer(processor, dataDir, dice.chance(0.75) ? aimMs : 0, toll);
    // Most of the time it is let come back; else the next kill hits it, or the processor, while it is down.
    if (kill < serverKills - 1 && dice.chance(0.8)) await processor.saw(/is back at/, 10_000);
  }
  const isSpared = serverKills > 0 && dice.chance(0.06);
  if (!isSpared) {
    await sleep(serverKills === 0 ? dice.number(100, 600) : dice.number(0, 250));
    if (processor.kill()) toll.processor++;
  }
  const { code, signal } = await processor.ended;
  if (signal !== null) return false;
  // A server that dies while its databases are being checked ends the run with a coded error, which is told.
  if (code === 0 || /^PARLEY_(?!INTERNAL)/m.test(processor.errors)) return code === 0;
  throw new Error(`The processor ended with ${code}:\n${processor.errors}`);
}

async function killServer(processor: Processor, dataDir: string, withinMs: number, toll: Toll): Promise<void> {
  const before = processor.lines.length;
  if (!(await processor.killServer(withinMs))) return;
  toll.server++;
  const parts = halfWrittenParts(dataDir);
  // First tries that were cut off, not those that found nobody there.
  const isCut = await processor.saw(/^Insert into .*(socket hang up|ECONNRESET|EPIPE)/, tellingMs, before);
  if (!isCut) return;
  toll.midInsert++;
  if (parts > 0) toll.halfWritten++;
}

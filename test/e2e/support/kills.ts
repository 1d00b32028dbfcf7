import { setTimeout as sleep } from 'node:timers/promises';
import { halfWrittenParts, Processor, runToEnd } from './processor.ts';
import { type Dice, seed } from './seed.ts';

/** What was killed so far. */
interface Toll {
  lives: number;
  processor: number;
  server: number;
  /** Kills of ClickHouse that cut an insert off: the processor told so. */
  midInsert: number;
  /** Those of them after which a part lay on the disk half written. */
  halfWritten: number;
}

export interface Torment {
  readonly paths: readonly string[];
  readonly dice: Dice;
  /** From and to how many events a batch has: smaller ones make a life longer, so that more of it is killed. */
  readonly batchEvents: readonly [least: number, most: number];
}

export interface Torments extends Torment {
  /** What must have been killed before it is enough: of the processor and ClickHouse together, and of each kind. */
  readonly least: { readonly kills: number; readonly processor: number; readonly midInsert: number };
  /** How long it may take, in milliseconds. */
  readonly timeMs: number;
  /** The data folder of each whole input. */
  dataDir(round: number): string;
  /** Called when an input is through. */
  expectExact(dataDir: string): Promise<void>;
}

/**
 * Lives one after the other, each going on where the one before was killed, and whole inputs one after the other, until
 * enough was killed. The last input is brought to its end undisturbed, and each is looked at.
 */
export async function tormentUntilEnough({ least, timeMs, dataDir, expectExact, ...torment }: Torments): Promise<void> {
  const toll: Toll = { lives: 0, processor: 0, server: 0, midInsert: 0, halfWritten: 0 };
  const isEnough = () =>
    toll.processor + toll.server >= least.kills &&
    toll.processor >= least.processor &&
    toll.midInsert >= least.midInsert;
  const deadline = performance.now() + timeMs;
  let rounds = 0;
  for (; !isEnough(); rounds++) {
    const folder = dataDir(rounds);
    for (let isDone = false; !isDone && !isEnough(); ) {
      if (performance.now() > deadline) {
        throw new Error(
          `Not enough was killed in ${timeMs} ms: ${JSON.stringify(toll)} of ${JSON.stringify(least)}, seed ${seed}.`,
        );
      }
      isDone = await tormentedLife({ ...torment, dataDir: folder, toll });
    }
    await runToEnd({ paths: torment.paths, dataDir: folder });
    await expectExact(folder);
  }
  console.log(
    `kill: ${toll.processor + toll.server} kills landed: ${toll.processor} of the processor, ${toll.server} of ClickHouse, ` +
      `${toll.midInsert} of those with inserts in flight, ${toll.halfWritten} leaving parts half written; ` +
      `${toll.lives} lives over ${rounds} whole inputs; seed ${seed}`,
  );
}

interface TormentedLife extends Torment {
  readonly dataDir: string;
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
async function tormentedLife({ paths, dataDir, dice, batchEvents, toll }: TormentedLife): Promise<boolean> {
  const more = {
    PARLEY_BATCH_EVENTS_MAX: String(dice.whole(...batchEvents)),
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

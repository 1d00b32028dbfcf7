import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ParleyError } from '../errors.ts';
import type { Domain, Stage, StateSpace } from '../runtime/domain.ts';
import { openLevelStore } from '../state/level-store.ts';
import { dayMs, decodeRecord, splitRecord } from '../state/state-record.ts';
import { exitDone, exitFailed } from './failure.ts';
import { printJson } from './output.ts';
import { dataDirFlags, dataDirMeaning, type Registry } from './session.ts';

/** A key's state in one space, decoded. */
interface FoundState {
  readonly stage: string;
  readonly space: string;
  readonly key: string;
  readonly version: number;
  /** The day (UTC) of the batch that last changed it. */
  readonly changed: string;
  readonly state: unknown;
}

export function addState({ program, handle }: Registry): void {
  const state = program.command('state').description('look at the keyed state').helpCommand(false);
  const command = state
    .command('show')
    .argument('<key>', 'a conversation_id, customer_id or clinic_code')
    .description('print what is kept under a key, as JSON')
    .option(dataDirFlags, dataDirMeaning)
    .option('--space <space>', 'only this kind of state')
    .addHelpText(
      'after',
      `
It shows the last checkpoint, and needs the data folder for itself: a process that is counting has to end first.

Example:
  $ parley state show conv-77373c0406ae --data-dir ./data/demo
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<{ dataDir?: string; space?: string }>();
    const [key = ''] = command.args;
    const dataDir = session.dataDir(flags.dataDir);
    const spaces = session.domains.flatMap((domain) => domain.stages.flatMap((stage) => stage.spaces));
    if (flags.space !== undefined && !spaces.some(({ name }) => name === flags.space)) {
      const expected = [...new Set(spaces.map(({ name }) => name))].join(', ');
      throw new ParleyError('PARLEY_USAGE', 'There is no such kind of state', { expected, received: flags.space });
    }
    const found: FoundState[] = [];
    for (const domain of session.domains) {
      for (const stage of domain.stages) found.push(...(await statesOf(dataDir, domain, stage, key, flags.space)));
    }
    printJson(found);
    if (found.length > 0) return exitDone;
    process.stderr.write(`Nothing is kept under ${key}.\n`);
    return exitFailed;
  });
}

async function statesOf(
  dataDir: string,
  domain: Domain,
  stage: Stage,
  key: string,
  only: string | undefined,
): Promise<FoundState[]> {
  const path = join(dataDir, 'state', domain.name, stage.name);
  // Opening makes a store where there is none.
  if (!existsSync(path)) return [];
  const spaces = stage.spaces.filter(({ name }) => only === undefined || name === only);
  const store = await openLevelStore(path);
  try {
    const records = await store.getMany(spaces.map(({ prefix }) => prefix + key));
    return spaces.flatMap((space, index) => {
      const text = records[index];
      return text === undefined ? [] : [found(`${domain.name}.${stage.name}`, space, key, text)];
    });
  } finally {
    await store.close();
  }
}

function found(stage: string, space: StateSpace<unknown>, key: string, text: string): FoundState {
  const record = splitRecord(text, key);
  return {
    stage,
    space: space.name,
    key,
    version: record.version,
    changed: new Date(record.day * dayMs).toISOString().slice(0, 10),
    state: plain(decodeRecord(space, record, key)),
  };
}

/** Maps, sets and typed arrays have no JSON of their own. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => {
      if (item instanceof Map) return Object.fromEntries(item);
      if (item instanceof Set || ArrayBuffer.isView(item)) return Array.from(item as Iterable<unknown>);
      return typeof item === 'bigint' ? String(item) : item;
    }) ?? 'null',
  );
}

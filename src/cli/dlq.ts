import { ParleyError } from '../errors.ts';
import {
  countDeadLetters,
  type DeadLetter,
  listDeadLetters,
  markReplayed,
  readDeadLetters,
} from '../warehouse/dead-letters.ts';
import { finishFolder, type ReturnFolder, unfinishedFolders, writeFolder } from './dlq-folder.ts';
import { sendToTopics } from './dlq-topics.ts';
import { exitDone } from './failure.ts';
import { withWriter } from './migrate.ts';
import { count, cut, oneLine, print, printJson, table } from './output.ts';
import { mustBeWarehouse, withReader } from './reader.ts';
import { endOf, replayWithProgress } from './replay.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';

interface ListFlags {
  readonly dataDir?: string;
  readonly code?: string;
  readonly topic?: string;
  readonly all?: true;
  readonly limit: string;
  readonly json?: true;
}

/** Letters in one folder; each folder is marked as a whole. */
const lettersAtOnce = 20_000;

export function addDlq(registry: Registry): void {
  const dlq = registry.program
    .command('dlq')
    .description('look at refused events (dead letters) and send them back')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  $ parley dlq list --data-dir ./data/try
  $ parley dlq show 3f1c --data-dir ./data/try
  $ parley dlq replay --code TIME_OUT_OF_RANGE --data-dir ./data/try
`,
    );
  addList({ ...registry, program: dlq });
  addShow({ ...registry, program: dlq });
  addReplay({ ...registry, program: dlq });
}

function addList({ program, handle }: Registry): void {
  const command = program
    .command('list')
    .description('list dead letters, the newest first')
    .option(dataDirFlags, dataDirMeaning)
    .option('--code <code>', 'only those refused for this reason')
    .option('--topic <topic>', 'only those of this topic')
    .option('--all', 'also those that were sent back')
    .option('--limit <n>', 'at most so many', '50')
    .option('--json', 'print as JSON');
  handle(command, async (session) => {
    const flags = command.opts<ListFlags>();
    if (!/^\d+$/.test(flags.limit)) {
      throw new ParleyError('PARLEY_USAGE', '--limit is a number', { expected: 'digits', received: flags.limit });
    }
    const filter = {
      code: flags.code,
      topic: flags.topic,
      isPending: flags.all !== true,
      limit: Number(flags.limit),
    };
    const [letters, total] = await withReader(session, flags.dataDir, (client) =>
      Promise.all([listDeadLetters(client, filter), countDeadLetters(client, filter)]),
    );
    if (flags.json) printJson(letters);
    else print(describeLetters(letters, total));
    return exitDone;
  });
}

function describeLetters(letters: readonly DeadLetter[], total: number): string {
  if (letters.length === 0) return 'No dead letters.';
  const columns = ['id', 'refused', 'topic', 'reason', 'message'].map((title) => ({ title }));
  const rows = letters.map((letter) => [
    letter.id.slice(0, 8),
    letter.dead_at.slice(0, 16).replace('T', ' '),
    letter.topic,
    letter.code,
    cut(letter.message, 60),
  ]);
  const more = total > letters.length ? `, ${count(letters.length)} shown: see --limit` : '';
  const next = 'Look at one with `parley dlq show ID`; send them back with `parley dlq replay`.';
  return `${table(columns, rows)}\n${count(total)} in all${more}. ${next}`;
}

function addShow({ program, handle }: Registry): void {
  const command = program
    .command('show')
    .argument('<id>', 'id of a dead letter, or the beginning of one')
    .description('print a dead letter whole')
    .option(dataDirFlags, dataDirMeaning)
    .option('--json', 'print as JSON; the bytes in base64');
  handle(command, async (session) => {
    const flags = command.opts<{ dataDir?: string; json?: true }>();
    const [id = ''] = command.args;
    const found = await withReader(session, flags.dataDir, (client) =>
      readDeadLetters(client, { id: id.toLowerCase(), limit: 2 }),
    );
    const [letter] = found;
    if (letter === undefined || found.length > 1) {
      const received = letter === undefined ? `none of ${id}` : `several that begin with ${id}`;
      throw new ParleyError('PARLEY_USAGE', 'That is not one dead letter', {
        expected: 'an id of `parley dlq list --all`',
        received,
      });
    }
    const { bytes, ...rest } = letter;
    if (flags.json) printJson({ ...rest, bytes: bytes.toString('base64') });
    else {
      const lines = Object.entries(rest).map(([name, value]) => `${name.padEnd(12)} ${oneLine(String(value ?? '–'))}`);
      print(`${lines.join('\n')}\n\n${bytes.toString('utf8')}`);
    }
    return exitDone;
  });
}

function addReplay({ program, handle }: Registry): void {
  const command = program
    .command('replay')
    .description('send dead letters back: they are read again as events, once')
    .option(dataDirFlags, dataDirMeaning)
    .option('--code <code>', 'only those refused for this reason')
    .option('--topic <topic>', 'only those of this topic')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Their bytes go to files in the data folder and are counted like any others; or, where kafka.brokers is set, to the
topics that they came from, for \`parley run\`. What is refused again becomes a new dead letter. Letters refused as
EVENT_TOO_LARGE stay: their bytes would be too large again.
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<{ dataDir?: string; code?: string; topic?: string; json?: true }>();
    if (session.configuration.kafka.brokers !== undefined) {
      const replayed = await withWriter(session, flags.dataDir, (client) =>
        sendToTopics(session, client, { code: flags.code, topic: flags.topic }),
      );
      if (flags.json) printJson({ replayed });
      else print(replayed === 0 ? 'No dead letters to send back.' : `${count(replayed)} sent back to their topics.`);
      return exitDone;
    }
    const dataDir = session.dataDir(flags.dataDir);
    if (session.configuration.clickhouse.url === undefined) mustBeWarehouse(dataDir);
    const outcome = await sendBack(session, dataDir, { code: flags.code, topic: flags.topic });
    if (flags.json) printJson({ replayed: outcome.replayed, counted: outcome.counted, refused: outcome.refused });
    else if (outcome.replayed === 0) print('No dead letters to send back.');
    else {
      print(
        `${count(outcome.replayed)} sent back: ${count(outcome.counted)} counted, ${count(outcome.refused)} refused again.`,
      );
    }
    return outcome.code;
  });
}

interface Outcome {
  readonly replayed: number;
  readonly counted: number;
  readonly refused: number;
  readonly code: number;
}

async function sendBack(
  session: Session,
  dataDir: string,
  filter: { code?: string | undefined; topic?: string | undefined },
): Promise<Outcome> {
  const total = { replayed: 0, counted: 0, refused: 0 };
  const warehouse = await session.openWarehouse(dataDir);
  try {
    // Letters refused again while this goes on are for the next time.
    const before = Date.now();
    const sent = new Set<string>();
    const finish = async (folder: ReturnFolder): Promise<number> => {
      const summary = await replayWithProgress(session, { warehouse, dataDir, paths: [folder.path] });
      const code = endOf(summary, session);
      if (code !== exitDone) return code;
      await markReplayed(warehouse.client, folder.ids);
      finishFolder(folder);
      total.replayed += folder.ids.length;
      total.counted += summary.events;
      total.refused += summary.rejected;
      return exitDone;
    };
    for (const folder of unfinishedFolders(dataDir)) {
      const code = await finish(folder);
      if (code !== exitDone) return { ...total, code };
    }
    for (;;) {
      const found = await readDeadLetters(warehouse.client, {
        ...filter,
        isPending: true,
        isReturnable: true,
        before,
        limit: lettersAtOnce,
      });
      if (found.length === 0) return { ...total, code: exitDone };
      if (found.some(({ id }) => sent.has(id))) {
        throw new ParleyError('PARLEY_INTERNAL', 'A dead letter that was sent back is not marked so');
      }
      for (const { id } of found) sent.add(id);
      const code = await finish(writeFolder(dataDir, found));
      if (code !== exitDone) return { ...total, code };
    }
  } finally {
    await warehouse.close();
  }
}

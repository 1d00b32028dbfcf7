import type { Readable } from 'node:stream';
import { ParleyError } from '../errors.ts';
import type { ClickHouseClient } from '../warehouse/client.ts';
import { askForText } from '../warehouse/query.ts';
import { withReader } from './reader.ts';
import { dataDirFlags, dataDirMeaning, type Registry } from './session.ts';

interface QueryFlags {
  readonly dataDir?: string;
  readonly format?: string;
  readonly json?: true;
  readonly param?: Readonly<Record<string, string>>;
}

export function addQuery({ program, handle }: Registry): void {
  const command = program
    .command('query')
    .argument('<sql>', 'one query; it can read everything and change nothing')
    .description('ask the warehouse one question')
    .option(dataDirFlags, dataDirMeaning)
    .option('--format <format>', 'a format of ClickHouse, such as CSVWithNames or JSONEachRow (default: a table)')
    .option('--json', 'the same as --format JSON')
    .option('--param <name=value>', 'value of {name:Type} in the query; may be repeated', addParameter)
    .addHelpText(
      'after',
      `
While another Parley process serves the folder, that one is asked; else ClickHouse is started for the question.

Examples:
  $ parley query "SELECT count() FROM conversations.fact_messages" --data-dir ./data/demo
  $ parley query "SELECT * FROM conversations.agg_clinic_performance LIMIT 3" --format Vertical --data-dir ./data/demo
  $ parley query "SELECT count() FROM conversations.fact_messages WHERE clinic_code = {clinic:String}" \\
      --param clinic=Delta --data-dir ./data/demo
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<QueryFlags>();
    const [sql = ''] = command.args;
    if (flags.json && flags.format !== undefined) {
      throw new ParleyError('PARLEY_USAGE', '--json is a format of its own', {
        expected: 'one of --json and --format',
      });
    }
    await withReader(session, flags.dataDir, async (client) => {
      const format = flags.format ?? (flags.json ? 'JSON' : 'PrettyCompactMonoBlock');
      await pipe(await ask(client, sql, format, flags.param ?? {}), session.signal);
    });
    return undefined;
  });
}

function ask(
  client: ClickHouseClient,
  sql: string,
  format: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Readable> {
  return askForText(client, sql, { format, parameters, isColored: process.stdout.isTTY === true });
}

/** An answer may be larger than memory, so it is passed on as it comes. */
async function pipe(answer: Readable, signal: AbortSignal): Promise<void> {
  for await (const chunk of answer) {
    if (signal.aborted) break;
    if (process.stdout.write(chunk as Buffer)) continue;
    await new Promise<void>((resolve) => {
      const done = () => {
        process.stdout.off('drain', done).off('close', done);
        resolve();
      };
      process.stdout.on('drain', done).on('close', done);
    });
  }
  answer.destroy();
}

function addParameter(text: string, parameters: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at > 0) return { ...parameters, [text.slice(0, at)]: text.slice(at + 1) };
  throw new ParleyError('PARLEY_USAGE', '--param gives a name and a value', { expected: 'name=value', received: text });
}

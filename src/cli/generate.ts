import { ParleyError } from '../errors.ts';
import { defaultEntriesPerSession, defaultRepeatShare, type TranscriptOptions } from '../generate/assistant/options.ts';
import { Transcripts } from '../generate/assistant/transcripts.ts';
import type { EventGenerator } from '../generate/generator.ts';
import {
  defaultMessagesPerConversation,
  defaultRatePerSecond,
  eventsPerMessage,
  type GeneratedTopic,
  type GenerateOptions,
  generatedTopics,
} from '../generate/options.ts';
import { Simulation } from '../generate/simulation.ts';
import { writeGenerated } from '../generate/write.ts';
import { bytes, count, duration } from './output.ts';
import { createProgress } from './progress.ts';
import type { Registry } from './session.ts';

interface GenerateFlags {
  readonly domain: string;
  readonly sessions?: string;
  readonly repeatShare?: string;
  readonly messages?: string;
  readonly events?: string;
  readonly conversations?: string;
  readonly clinics: string;
  readonly seed: string;
  readonly start?: string;
  readonly rate: string;
  readonly lateShare: string;
  readonly topics?: string;
  readonly live?: true;
  readonly out: string;
}

const defaultStart = '2026-01-01T00:00:00Z';

export function addGenerate({ program, handle }: Registry): void {
  const command = program
    .command('generate')
    .description('write synthetic events, the same ones for the same seed')
    .option('--domain <name>', 'whose events: conversations or assistant', 'conversations')
    .option('--messages <n>', 'number of messages (default: 10000, unless --events is given)')
    .option('--events <n>', 'number of events of all wanted topics together')
    .option(
      '--conversations <n>',
      `number of conversations (default: a ${defaultMessagesPerConversation}th of the messages)`,
    )
    .option('--clinics <n>', 'number of clinics', '40')
    .option('--sessions <n>', `assistant: number of sessions (default: a ${defaultEntriesPerSession}th of the entries)`)
    .option('--repeat-share <share>', `assistant: share of entries that come twice (default: ${defaultRepeatShare})`)
    .option('--seed <n>', 'other seeds give other events', '1')
    .option('--start <time>', `when the first event happens (default: ${defaultStart}; with --live: now)`)
    .option('--rate <per second>', 'messages a second, in the time of the events', String(defaultRatePerSecond))
    .option('--late-share <share>', 'share of messages that arrive up to an hour late', '0.02')
    .option('--topics <list>', 'comma-separated: clinics, customers, conversations, messages, ratings (default: all)')
    .option('--live', 'write each event when its time has come')
    .option('--out <dir>', 'folder for a file of each topic, or - for one topic on standard output', './events')
    .addHelpText(
      'after',
      `
Customers write to clinics in many time zones: bursts of messages, in and out, most of them in the clinic's business
hours; conversations are opened, answered, closed, taken up again, tagged and rated.

With --domain assistant, people work with an assistant instead: messages, tool calls and their results, in sessions that are
left and taken up again. --messages and --events are then both the number of entries.

Examples:
  $ parley generate --messages 1000000 --out ./events
  $ parley generate --domain assistant --events 100000 --out ./events
  $ parley generate --messages 100 --topics messages --out - | head -3
  $ parley generate --live --rate 5 --topics messages --out - |
      parley replay - --topic conversations.messages --data-dir ./data/try
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<GenerateFlags>();
    const { generator, total, start } = generatorOf(flags);
    const isStream = flags.out === '-';
    if (isStream && generator.topics.length !== 1) {
      throw usage(
        '--out -',
        'one topic with --topics, because lines on standard output do not say theirs',
        flags.topics ?? 'all',
      );
    }
    const progress = createProgress('Writing', { isQuiet: flags.live === true });
    const startedAt = performance.now();
    const done = await writeGenerated(generator, {
      to: isStream ? process.stdout : flags.out,
      signal: session.signal,
      ...(flags.live ? { clock: Date.now } : {}),
      onProgress: (at) => {
        const reached = flags.events === undefined ? at.messages : at.events;
        progress.update(reached, total, `${count(at.events)} events, ${bytes(at.bytes)}`);
      },
    });
    progress.stop();
    const seconds = (performance.now() - startedAt) / 1000;
    const span = duration((done.until - start) / 1000);
    process.stderr.write(
      `${count(done.events)} events (${bytes(done.bytes)}) over ${span}, written in ${seconds.toFixed(1)} s` +
        `${isStream ? '' : ` to ${flags.out}`}.\n`,
    );
    return undefined;
  });
}

/** What makes the events, how many there will be, and when they begin. */
function generatorOf(flags: GenerateFlags): { generator: EventGenerator; total: number; start: number } {
  if (flags.domain === 'assistant') {
    const options = transcriptOptionsOf(flags);
    return { generator: new Transcripts(options), total: options.entries, start: options.start };
  }
  if (flags.domain !== 'conversations') throw usage('--domain', 'conversations or assistant', flags.domain);
  const foreign = flags.sessions === undefined ? '--repeat-share' : '--sessions';
  if (flags.sessions !== undefined || flags.repeatShare !== undefined) {
    throw usage(foreign, '--domain assistant beside it', 'conversations');
  }
  const options = optionsOf(flags);
  return { generator: new Simulation(options), total: options.messages ?? options.events ?? 0, start: options.start };
}

function transcriptOptionsOf(flags: GenerateFlags): TranscriptOptions {
  if (flags.topics !== undefined)
    throw usage('--topics', 'no topics with --domain assistant: it has one', flags.topics);
  if (flags.conversations !== undefined) {
    throw usage('--conversations', '--sessions with --domain assistant', flags.conversations);
  }
  const { seed, start, ratePerSecond, lateShare } = sharedOptionsOf(flags);
  const entries = sizeOf(flags);
  return {
    seed,
    start,
    ratePerSecond,
    lateShare,
    entries,
    sessions:
      flags.sessions === undefined
        ? Math.max(1, Math.round(entries / defaultEntriesPerSession))
        : whole('--sessions', flags.sessions, 1, 50_000_000),
    repeatShare: number('--repeat-share', flags.repeatShare ?? String(defaultRepeatShare), 0, 1),
  };
}

function sizeOf({ messages, events }: GenerateFlags): number {
  if (messages !== undefined && events !== undefined) throw usage('--messages, --events', 'one of the two', 'both');
  if (events !== undefined) return whole('--events', events, 1, 1e10);
  return whole('--messages', messages ?? '10000', 1, 1e10);
}

function sharedOptionsOf(flags: GenerateFlags): {
  seed: number;
  start: number;
  ratePerSecond: number;
  lateShare: number;
} {
  const start =
    flags.start === undefined ? (flags.live ? Date.now() : Date.parse(defaultStart)) : Date.parse(flags.start);
  if (Number.isNaN(start)) throw usage('--start', `a time such as ${defaultStart}`, flags.start!);
  return {
    seed: whole('--seed', flags.seed, 0, 2 ** 32 - 1),
    start,
    ratePerSecond: number('--rate', flags.rate, 1e-6, 1e7),
    lateShare: number('--late-share', flags.lateShare, 0, 1),
  };
}

function optionsOf(flags: GenerateFlags): GenerateOptions {
  const size = sizeOf(flags);
  const isByEvents = flags.events !== undefined;
  const aboutMessages = isByEvents ? Math.ceil(size / eventsPerMessage) : size;
  const conversations =
    flags.conversations === undefined
      ? Math.max(1, Math.round(aboutMessages / defaultMessagesPerConversation))
      : whole('--conversations', flags.conversations, 1, 50_000_000);
  return {
    ...(isByEvents ? { events: size } : { messages: size }),
    conversations,
    clinics: whole('--clinics', flags.clinics, 1, 65_000),
    ...sharedOptionsOf(flags),
    topics: topicsOf(flags.topics),
  };
}

function topicsOf(text: string | undefined): readonly GeneratedTopic[] {
  if (text === undefined) return generatedTopics;
  const names = text.split(',').map((name) => name.trim().replace(/^conversations\./, ''));
  const unknown = names.find((name) => !generatedTopics.includes(`conversations.${name}` as GeneratedTopic));
  if (unknown !== undefined) throw usage('--topics', generatedTopics.join(', '), unknown);
  return generatedTopics.filter((topic) => names.includes(topic.replace('conversations.', '')));
}

function whole(option: string, text: string, least: number, most: number): number {
  if (/^\d+$/.test(text)) return number(option, text, least, most);
  throw usage(option, 'a whole number', text);
}

function number(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw usage(option, `a number from ${least} to ${most}`, text);
}

function usage(option: string, expected: string, received: string): ParleyError {
  return new ParleyError('PARLEY_USAGE', `${option} cannot be used so`, { expected, received, where: option });
}

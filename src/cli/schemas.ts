import { InvalidArgumentError, Option } from 'commander';
import { ParleyError } from '../errors.ts';
import type { Topic } from '../runtime/domain.ts';
import { type Compatibility, compatibilityLevels } from '../source/registry/client.ts';
import {
  inspectSubject,
  registerSubject,
  type SchemaFormat,
  type SubjectFinding,
  subjectsOf,
} from '../source/registry/subjects.ts';
import { exitDone, exitFailed } from './failure.ts';
import { print, printJson, table } from './output.ts';
import { registryAt } from './registry.ts';
import type { Registry, Session } from './session.ts';

interface Flags {
  readonly url?: string;
  readonly topic?: string[];
  readonly format: SchemaFormat;
  readonly compatibility?: Compatibility | 'keep';
  readonly json?: true;
}

export function addSchemas({ program, handle }: Registry): void {
  const schemas = program.command('schemas').description('register the schemas of the topics, or check what would be');
  const register = schemas
    .command('register')
    .description('register the schemas of the topics, all of them or, when one is refused, none')
    .addOption(
      new Option('--compatibility <level>', `what a subject's next schema must be; keep: as it is`)
        .choices(['keep', ...compatibilityLevels])
        .default('BACKWARD'),
    );
  const check = schemas
    .command('check')
    .description('say which schemas would be registered, and which refused and why');
  for (const command of [register, check]) {
    command
      .option('--url <url>', 'the registry (or PARLEY_SCHEMA_REGISTRY_URL)')
      .option('--topic <topic>', 'only this topic; can be given again', (topic, topics: string[] = []) => {
        if (topic === '') throw new InvalidArgumentError('expected a topic');
        return [...topics, topic];
      })
      .addOption(new Option('--format <format>', 'of the schemas').choices(['json', 'avro']).default('json'))
      .option('--json', 'print as JSON');
  }
  register.addHelpText('after', registerHelp);
  check.addHelpText('after', checkHelp);
  schemas.addHelpText('after', schemasHelp);
  handle(register, async (session) => {
    const flags = register.opts<Flags>();
    const { registry, subjects, findings } = await inspected(session, flags);
    if (findings.some(({ state }) => state === 'refused')) {
      report(findings, flags, 'Nothing was registered.');
      throw incompatible(findings);
    }
    const level = flags.compatibility === 'keep' ? undefined : flags.compatibility;
    const registered: SubjectFinding[] = [];
    for (const subject of subjects) registered.push(await registerSubject(registry, subject, level));
    report(registered, flags, `${registered.length} schemas are registered.`);
    return exitDone;
  });
  handle(check, async (session) => {
    const flags = check.opts<Flags>();
    const { findings } = await inspected(session, flags);
    const refused = findings.filter(({ state }) => state === 'refused').length;
    const missing = findings.filter(({ state }) => state === 'new' || state === 'compatible').length;
    report(findings, flags, refused > 0 ? `${refused} would be refused.` : `${missing} are to be registered.`);
    return refused > 0 ? exitFailed : exitDone;
  });
}

async function inspected(session: Session, flags: Flags) {
  const { schemaRegistry, kafka } = session.configuration;
  const url = flags.url ?? schemaRegistry.url;
  if (url === undefined || !/^https?:\/\/[^\s/]/.test(url)) {
    throw new ParleyError('PARLEY_USAGE', 'The Schema Registry is not named', {
      expected: '--url URL such as http://127.0.0.1:8081, or PARLEY_SCHEMA_REGISTRY_URL',
      received: url ?? 'neither',
    });
  }
  const registry = await registryAt(url, session.configuration);
  const subjects = subjectsOf(chosenTopics(session, flags.topic), flags.format, kafka.topicPrefix);
  const findings: SubjectFinding[] = [];
  for (const subject of subjects) findings.push(await inspectSubject(registry, subject));
  return { registry, subjects, findings };
}

function chosenTopics(session: Session, names: readonly string[] | undefined): Topic[] {
  const topics = session.domains.flatMap((domain) => domain.topics);
  if (names === undefined) return topics;
  const unknown = names.filter((name) => !topics.some((topic) => topic.name === name));
  if (unknown.length === 0) return topics.filter(({ name }) => names.includes(name));
  throw new ParleyError('PARLEY_TOPIC_UNKNOWN', 'No domain that runs has such a topic', {
    expected: topics.map(({ name }) => name).join(', '),
    received: unknown.join(', '),
    where: '--topic',
  });
}

function report(findings: readonly SubjectFinding[], { json }: Flags, summary: string): void {
  if (json) {
    printJson(findings);
    return;
  }
  const columns = [{ title: 'subject' }, { title: 'state' }, { title: 'id', align: 'right' as const }];
  const rows = findings.map(({ subject, state, id }) => [subject, state, id ?? null]);
  const reasons = findings.flatMap(({ subject, reasons: list }) => list.map((reason) => `${subject}: ${reason}`));
  print([table(columns, rows), '', ...reasons, summary].join('\n'));
}

function incompatible(findings: readonly SubjectFinding[]): ParleyError {
  const refused = findings.filter(({ state }) => state === 'refused');
  return new ParleyError('PARLEY_SCHEMA_INCOMPATIBLE', 'The Schema Registry would refuse a schema', {
    received: `${refused.length} that cannot follow what is registered`,
    where: refused.map(({ subject }) => subject).join(', '),
  });
}

const schemasHelp = `
The subject of a topic is its name in Kafka, kafka.topicPrefix included, and "-value".

Examples:
  $ parley schemas check --url http://127.0.0.1:8081
  $ parley schemas register --url http://127.0.0.1:8081 --format avro
`;

const registerHelp = `
A schema that is there already keeps its id. The compatibility level is set for each subject (BACKWARD: Parley, which
reads by the new schema, can read what was written by the one before); it is checked against the level that was set before.

Examples:
  $ parley schemas register --url http://127.0.0.1:8081
  $ parley schemas register --topic conversations.messages --format avro --compatibility FULL
`;

const checkHelp = `
It changes nothing. The exit code is 1 when a schema would be refused.

Example:
  $ parley schemas check --url http://127.0.0.1:8081 --json
`;

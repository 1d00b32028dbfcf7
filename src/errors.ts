/**
 * Every error that an operator or a producer can meet, by its stable code.
 *
 * `retryable` says whether the same call can succeed later with nothing changed. `action` is the thing to do, and is
 * printed with the error. docs/errors.md lists the same codes; a test holds the two equal, both ways.
 */
export const ERRORS = {
  PARLEY_USAGE: { retryable: false, action: 'See `parley --help` for the commands and their options.' },
  PARLEY_TOPIC_UNKNOWN: {
    retryable: false,
    action: 'Name the file after one of the topics listed, `<domain>.<name>.ndjson` or `.ndjson.gz`, or pass --topic.',
  },
  PARLEY_SOURCE_NOT_FOUND: { retryable: false, action: 'Check the path: it must be a file or a folder that exists.' },
  PARLEY_SOURCE_EMPTY: { retryable: false, action: 'Put files with the expected names in the folder.' },
  PARLEY_SOURCE_UNREADABLE: {
    retryable: false,
    action:
      'Check the permissions of the file, and that a .gz file is whole; what was read before the fault is counted.',
  },
  PARLEY_SOURCE_CHANGED: {
    retryable: false,
    action:
      'The bytes already counted are not in the file any more. Files may grow, never change: give new events a new name.',
  },
  PARLEY_INPUT_GONE: {
    retryable: false,
    action: 'Put the input back: a journalled batch needs exactly those events to be delivered once.',
  },
  PARLEY_TOPIC_MISSING: {
    retryable: true,
    action: 'Create the topic, or correct `kafka.topicPrefix`; Parley looks again until it is there.',
  },
  PARLEY_PARTITIONS_UNEQUAL: {
    retryable: false,
    action: 'Give the topics of the stage the same number of partitions: a key’s events must meet in one task.',
  },
  PARLEY_PARTITIONS_CHANGED: {
    retryable: false,
    action:
      'The keys are in other partitions now than their state. Replay the topics under a new `app`, or into topics of the old number.',
  },
  PARLEY_KAFKA_UNREADABLE: {
    retryable: false,
    action:
      'Have the topic’s records written again by a client of Kafka 0.11 or later, with a codec that is named above.',
  },
  PARLEY_KAFKA_REFUSED: {
    retryable: false,
    action: 'Correct `kafka.sasl`, or give this user the rights to the topics, the group and the transactional ids.',
  },
  PARLEY_KAFKA_UNREACHABLE: {
    retryable: true,
    action: 'Start the brokers named in `kafka.brokers`, or correct them; nothing counted is lost.',
  },
  PARLEY_DATA_DIR_IN_USE: {
    retryable: true,
    action: 'Another Parley process uses this data folder. Stop it, or use `parley query`, which asks that process.',
  },
  PARLEY_STATE_CORRUPT: {
    retryable: false,
    action: 'Move the state folder away and restore it from a copy, or replay the input into a new data folder.',
  },
  PARLEY_STATE_VERSION: {
    retryable: false,
    action: 'The state was written by another version of the code. Run that version, or replay into a new data folder.',
  },
  PARLEY_STATE_UNAVAILABLE: {
    retryable: true,
    action: 'Check the permissions of the state folder and the health of its disk, and start again.',
  },
  PARLEY_DISK_FULL: { retryable: true, action: 'Make room on the disk and start again: nothing counted is lost.' },
  PARLEY_ENGINE_MISSING: {
    retryable: false,
    action:
      'The embedded ClickHouse runs on Linux and macOS (x64, arm64). Elsewhere set PARLEY_CLICKHOUSE_URL to the URL of a server.',
  },
  PARLEY_ENGINE_START: { retryable: true, action: 'Read the last lines of the engine log that are printed above.' },
  PARLEY_WAREHOUSE_UNREACHABLE: { retryable: true, action: 'Start ClickHouse, or correct its URL; Parley retries.' },
  PARLEY_WAREHOUSE_BUSY: {
    retryable: true,
    action: 'ClickHouse cannot take the batch now; its message says why. Parley retries until it can.',
  },
  PARLEY_WAREHOUSE_REFUSED: {
    retryable: false,
    action: 'ClickHouse refused the statement; its own message says why. Nothing of the batch is counted as delivered.',
  },
  PARLEY_WAREHOUSE_SETTINGS: {
    retryable: false,
    action: 'Correct the settings named: without them a retried insert could count twice.',
  },
  PARLEY_MIGRATION_CHANGED: {
    retryable: false,
    action: 'A migration that was applied has been edited. Restore its text and write the change as a new migration.',
  },
  PARLEY_MIGRATION_SHAPE: {
    retryable: false,
    action: 'Write the statement in one of the forms named, or teach src/warehouse/cluster/ its cluster form.',
  },
  PARLEY_CLUSTER_UNFIT: {
    retryable: false,
    action: 'Correct <remote_servers> or <macros> on every server of the cluster: see docs/operators-cluster.md.',
  },
  PARLEY_CLUSTER_CHANGED: {
    retryable: false,
    action:
      'Give the cluster its shards and weights back. To have others, make a new cluster and replay the input: see docs/operators-cluster.md.',
  },
  PARLEY_COMPAT_TAKEN: {
    retryable: false,
    action: 'Rename that table, or do without the documents’ own names: `compat: false`, and no --compat.',
  },
  PARLEY_SEED_INVALID: {
    retryable: false,
    action: 'Correct the lines named; nothing was loaded. docs/assistant.md has the columns.',
  },
  PARLEY_NAMED_COLLECTION: {
    retryable: false,
    action:
      "Run CREATE NAMED COLLECTION parley AS user = '…', password = '…' on the server (ON CLUSTER on a cluster), then migrate again.",
  },
  PARLEY_MIGRATION_NEEDED: { retryable: false, action: 'Run `parley migrate`.' },
  PARLEY_CATALOGUE_INVALID: {
    retryable: false,
    action: 'Correct the file at the places named; docs/data-tests.md has the keys.',
  },
  PARLEY_CONFIGURATION: { retryable: false, action: 'Correct the keys named; defaults are in docs/configuration.md.' },
  PARLEY_PORT_UNAVAILABLE: {
    retryable: true,
    action: 'Stop the program that has the port, or choose another one with http.host and http.port (0: any).',
  },
  PARLEY_REGISTRY_UNREACHABLE: {
    retryable: true,
    action: 'Start the Schema Registry, or correct its URL and credentials; while events wait for it, Parley retries.',
  },
  PARLEY_REGISTRY_REFUSED: {
    retryable: false,
    action: 'The Schema Registry refused the request; its own message says why.',
  },
  PARLEY_SCHEMA_INCOMPATIBLE: {
    retryable: false,
    action: 'Readers of the schema registered before would break. Change the schema as its messages say, or the level.',
  },
  PARLEY_SCHEMA_MISSING: {
    retryable: false,
    action: 'Run `parley schemas register`, or let the producer register it.',
  },
  PARLEY_EVENT_INVALID: {
    retryable: false,
    action: 'Correct the events named; docs/producers.md has the fields. Nothing of the call was sent.',
  },
  PARLEY_PUBLISH_FAILED: {
    retryable: true,
    action: 'The brokers did not confirm the events. Send them again: what arrived twice counts once.',
  },
  PARLEY_SCHEDULE_INVALID: {
    retryable: false,
    action:
      'Correct the lines named and load the file again; nothing of it was loaded. `parley schedules load --help` shows one.',
  },
  PARLEY_QUERY_FAILED: { retryable: false, action: 'Correct the query; the server’s message stands above.' },
  PARLEY_REQUEST_REFUSED: {
    retryable: false,
    action: 'Correct the address: `/api/pages` names the queries and filters that there are.',
  },
  PARLEY_HOST_REFUSED: {
    retryable: false,
    action: 'Open the address that Parley printed; to be reached by another name, set http.host to what is reached.',
  },
  PARLEY_ANSWER_TOO_LARGE: { retryable: false, action: 'Ask for fewer days, or narrow by a filter.' },
  PARLEY_ANSWER_TOO_SLOW: { retryable: true, action: 'Ask for fewer days, or wait until the machine has less to do.' },
  PARLEY_PAGE_NOT_BUILT: { retryable: false, action: 'Run `npm run build`, and reload; the API answers without it.' },
  PARLEY_JOURNAL_UNAVAILABLE: {
    retryable: true,
    action: 'Kafka could not be asked whether a write took place. The task is opened again and reads what did.',
  },
  PARLEY_TOPIC_UNFIT: {
    retryable: false,
    action:
      'Correct the topic named, or give the app another name; Parley makes its own topics where they are missing.',
  },
  PARLEY_STACK_MISSING: {
    retryable: false,
    action:
      'Install Java 17 or newer and Maven 3.6 or newer (`java` and `mvn` on the PATH), or start a Docker engine; for the tests of BI clients a JDK, Maven and Python 3.10 with venv. Then try again.',
  },
  PARLEY_STACK_START: { retryable: true, action: 'Read the last lines of its log, which are printed above.' },
  PARLEY_FENCED: { retryable: false, action: 'A newer owner has this task; this process has stopped writing.' },
  PARLEY_INTERNAL: { retryable: false, action: 'This is a fault of Parley. Please report it with the lines above.' },
} as const satisfies Record<string, { retryable: boolean; action: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetail {
  /** What was expected, and what came instead. */
  readonly expected?: string;
  readonly received?: string;
  /** Where: a file, a table, a topic with its offset. */
  readonly where?: string;
  readonly cause?: unknown;
}

/** An error with a stable code, what was expected, what came, where, and what to do. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.detail = detail;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get action(): string {
    return ERRORS[this.code].action;
  }
}

/** An error and what it was caused by, outermost first; not for ever, since an error can be its own cause. */
export function* chainOf(error: unknown): Generator<unknown> {
  for (let at = error, depth = 0; at && depth < 8; at = (at as { cause?: unknown }).cause, depth++) yield at;
}

/** The text of an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node or LevelDB error, where it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Whether an error, or anything in its chain of causes, says that the disk (or the quota) is full. */
export function isDiskFull(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at && depth < 8; at = (at as { cause?: unknown }).cause, depth++) {
    const code = codeOf(at);
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    if (/no space left on device|disk quota exceeded/i.test(messageOf(at))) return true;
  }
  return false;
}

/**
 * A failed call to the file system in a folder of ours, with a code: PARLEY_DISK_FULL, or PARLEY_STATE_UNAVAILABLE for
 * what is read-only, forbidden or broken. An error that has a code of ours stays as it is.
 */
export function folderError(error: unknown, where: string): ParleyError {
  if (error instanceof ParleyError) return error;
  const detail = { received: messageOf(error), where, cause: error };
  if (isDiskFull(error)) return new ParleyError('PARLEY_DISK_FULL', 'The disk of the data folder is full', detail);
  if (codeOf(error) === undefined) {
    return new ParleyError('PARLEY_INTERNAL', messageOf(error), { where, cause: error });
  }
  return new ParleyError('PARLEY_STATE_UNAVAILABLE', 'The data folder cannot be read or written', detail);
}

/** The same error, with the place where it happened when it does not say one itself. */
export function located(error: unknown, where: string): unknown {
  if (!(error instanceof ParleyError) || error.detail.where !== undefined) return error;
  return new ParleyError(error.code, error.message, { ...error.detail, where });
}

import { ParleyError } from '../errors.ts';
import { ForwardQueue } from './forward-queue.ts';
import type { Journal } from './journal.ts';
import { LevelDatabase, parse } from './level-database.ts';
import { corrupt } from './level-errors.ts';
import { LocalTaskJournal } from './local-task-journal.ts';

const layout = 1;
const appKey = 'app';

/**
 * The journals of all tasks of a process, and the queues between them, in one LevelDB folder: a commit, its forwards
 * and the next plan are one write. A second process cannot open it (PARLEY_DATA_DIR_IN_USE).
 */
export interface LocalJournal {
  /** The journal of a task. Asked for again, it is a second owner, whose `fence` shuts the first one out. */
  task(stage: string, partition: number): Journal;
  /** The queue of an internal topic, the same one each time. */
  queue(topic: string): ForwardQueue;
  close(): Promise<void>;
}

/** `app` is a part of every deduplication token, so a folder of another app is refused (PARLEY_CONFIGURATION). */
export async function openLocalJournal(path: string, app: string): Promise<LocalJournal> {
  const memory = { cacheBytes: 1024 * 1024, writeBufferBytes: 4 * 1024 * 1024 };
  const database = await LevelDatabase.open(path, { kind: 'journal', layout, ...memory });
  try {
    await checkApp(database, app);
    return new LevelJournal(database, await readQueues(database));
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** What the tasks and queues of one folder share. */
export interface JournalFolder {
  readonly database: LevelDatabase;
  /** The queue of a topic. */
  queue(topic: string): ForwardQueue;
  /** The number of a task's newest owner: that of an older one may not write. */
  readonly owners: Map<string, number>;
}

class LevelJournal implements LocalJournal, JournalFolder {
  readonly database: LevelDatabase;
  readonly owners = new Map<string, number>();
  readonly #queues: Map<string, ForwardQueue>;

  constructor(database: LevelDatabase, queues: Map<string, ForwardQueue>) {
    this.database = database;
    this.#queues = queues;
  }

  task(stage: string, partition: number): Journal {
    return new LocalTaskJournal(this, checkedName(stage), partition);
  }

  queue(topic: string): ForwardQueue {
    let queue = this.#queues.get(topic);
    if (queue === undefined) {
      queue = new ForwardQueue(this.database, checkedName(topic), { firsts: [], end: 0 });
      this.#queues.set(topic, queue);
    }
    return queue;
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

async function checkApp(database: LevelDatabase, app: string): Promise<void> {
  const text = await database.get(appKey);
  if (text === undefined) return database.write((batch) => void batch.put(appKey, JSON.stringify({ app })));
  const found = parse<{ app: string }>(database.path, text);
  if (found.app === app) return;
  throw new ParleyError('PARLEY_CONFIGURATION', 'The data folder belongs to another app', {
    expected: `app ${found.app}, as when the folder was made`,
    received: `app ${app}`,
    where: database.path,
  });
}

async function readQueues(database: LevelDatabase): Promise<Map<string, ForwardQueue>> {
  const queues = new Map<string, ForwardQueue>();
  for (const [key, text] of await database.entries({ gte: 'end/', lt: 'end/~' })) {
    const topic = key.slice('end/'.length);
    const { end } = parse<{ end: number }>(database.path, text);
    const prefix = `queue/${topic}/`;
    const entries = await database.keys({ gte: prefix, lt: `${prefix}~` });
    const firsts = entries.map((entry) => Number(entry.slice(prefix.length)));
    if (!Number.isSafeInteger(end) || firsts.some((first) => !(first < end))) {
      throw corrupt(database.path, `entries of ${topic} before its end`, text);
    }
    queues.set(topic, new ForwardQueue(database, topic, { firsts, end }));
  }
  return queues;
}

function checkedName(name: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  throw new ParleyError('PARLEY_INTERNAL', 'A stage or topic name cannot be a part of a key', {
    expected: 'letters, digits, `_`, `-` and `.`',
    received: JSON.stringify(name),
  });
}

import { topicNames } from '../../processors/assistant/topics.ts';
import type { Emit, EventGenerator } from '../generator.ts';
import { HeldBack } from '../held-back.ts';
import { lateMaxMs } from '../options.ts';
import { Random } from '../random.ts';
import type { TranscriptOptions } from './options.ts';
import { call, message, pick } from './words.ts';

/** Mean time between two entries of a session that is being worked in. */
const entryGapSeconds = 20;
/** Of the entries of an assistant, which are about a quarter: so a session is left after some forty entries. */
const sessionEnds = 0.1;
const assistantShare = 0.25;
const sessionsOfProject = 12;
/** Ended sessions that may be taken up again. */
const restingMax = 200;
const asides = ['system', 'progress', 'file-history-snapshot', 'summary'];

interface OpenCall {
  readonly id: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface LiveSession {
  readonly number: number;
  project: number;
  /** Calls without a result yet. */
  readonly calls: OpenCall[];
  /** A call that failed, and may be tried again. */
  failed: OpenCall | null;
  last: 'none' | 'user' | 'assistant' | 'tool';
}

/**
 * People working with an assistant. Some sessions are being worked in at any time (a slot each); the clock goes from
 * entry to entry, and each belongs to one of them. A session that is left may be taken up again later, which makes its
 * later activity periods; some move to another project on the way.
 */
export class Transcripts implements EventGenerator {
  readonly topics = [topicNames.entries];
  readonly #options: TranscriptOptions;
  readonly #random: Random;
  readonly #held = new HeldBack();
  readonly #slots: (LiveSession | null)[];
  readonly #resting: LiveSession[] = [];
  #started = 0;
  #entries = 0;
  #time: number;

  constructor(options: TranscriptOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const slots = Math.max(1, Math.min(options.sessions, Math.round(options.ratePerSecond * entryGapSeconds), 10_000));
    this.#slots = Array.from({ length: slots }, () => null);
    this.#time = options.start;
  }

  get messages(): number {
    return this.#entries;
  }

  get events(): number {
    return this.#entries;
  }

  get time(): number {
    return this.#time;
  }

  run(steps: number, emit: Emit): boolean {
    const { entries } = this.#options;
    for (let left = steps; left > 0 && this.#entries < entries; left--) this.#step(emit);
    if (this.#entries < entries) return true;
    this.#arrive(Number.POSITIVE_INFINITY, emit);
    return false;
  }

  #step(emit: Emit): void {
    const random = this.#random;
    this.#time += random.waitingTime(1000 / this.#options.ratePerSecond);
    this.#arrive(this.#time, emit);
    const slot = random.below(this.#slots.length);
    const session = this.#takeUp(slot);
    this.#send(session, this.#nextEntry(session), emit);
    if (session.last !== 'assistant' || !random.chance(sessionEnds)) return;
    this.#slots[slot] = null;
    this.#rest(session);
  }

  /** What is in the slot; when as many sessions have to begin as entries are left, a new one. */
  #takeUp(slot: number): LiveSession {
    const current = this.#slots[slot] ?? null;
    const isNewDue = this.#options.sessions - this.#started >= this.#options.entries - this.#entries;
    if (current !== null && !isNewDue) return current;
    if (current !== null) this.#rest(current);
    const session = this.#nextSession();
    this.#slots[slot] = session;
    return session;
  }

  #rest(session: LiveSession): void {
    if (this.#resting.length < restingMax) this.#resting.push(session);
    else this.#resting[this.#random.below(restingMax)] = session;
  }

  /** A new session or one to take up again, so that all have begun when the entries end. */
  #nextSession(): LiveSession {
    const random = this.#random;
    const waiting = this.#options.sessions - this.#started;
    const left = this.#options.entries - this.#entries;
    const isNewDue = waiting >= left || random.next() * left * sessionEnds * assistantShare < waiting;
    if (this.#resting.length > 0 && (waiting === 0 || !isNewDue)) {
      const [session] = this.#resting.splice(random.below(this.#resting.length), 1);
      if (random.chance(0.1)) session!.project = this.#project();
      return session!;
    }
    return { number: this.#started++, project: this.#project(), calls: [], failed: null, last: 'none' };
  }

  #project(): number {
    // The square makes a few projects the busiest.
    return Math.floor(this.#random.next() ** 2 * Math.ceil(this.#options.sessions / sessionsOfProject));
  }

  /** The fields that are the entry's own. */
  #nextEntry(session: LiveSession): Readonly<Record<string, unknown>> {
    const random = this.#random;
    if (random.chance(0.03)) return { entry_type: pick(random, asides) };
    if (session.calls.length > 0 && random.chance(0.9)) return this.#result(session);
    const choice = random.next();
    if (session.last === 'none' || (session.last === 'assistant' && choice < 0.55)) {
      session.last = 'user';
      return { entry_type: 'user', content: message(random, true, 3) };
    }
    if (choice < 0.6) return this.#call(session);
    session.last = 'assistant';
    return { entry_type: 'assistant', content: message(random, false, 6) };
  }

  #call(session: LiveSession): Readonly<Record<string, unknown>> {
    const random = this.#random;
    const made = session.failed !== null && random.chance(0.6) ? session.failed : call(random);
    const id = `toolu_${this.#options.seed}_${this.#entries.toString(36).padStart(8, '0')}`;
    session.calls.push({ id, tool: made.tool, input: made.input });
    session.failed = null;
    session.last = 'tool';
    return { entry_type: 'tool_use', tool_name: made.tool, tool_use_id: id, tool_input: made.input };
  }

  #result(session: LiveSession): Readonly<Record<string, unknown>> {
    const random = this.#random;
    const made = session.calls.shift()!;
    const hasFailed = random.chance(0.08);
    session.failed = hasFailed ? made : null;
    session.last = 'tool';
    return {
      entry_type: 'tool_result',
      tool_use_id: made.id,
      content: hasFailed ? 'Error: it did not work' : message(random, false, 8),
      ...(hasFailed ? { is_error: true } : {}),
    };
  }

  #send(session: LiveSession, own: Readonly<Record<string, unknown>>, emit: Emit): void {
    const random = this.#random;
    const { seed, lateShare, repeatShare } = this.#options;
    const name = `session-${seed}-${String(session.number).padStart(6, '0')}`;
    const line = JSON.stringify({
      conversation_id: `entry-${seed}-${String(this.#entries++).padStart(9, '0')}`,
      session_id: name,
      project_id: `project-${String(session.project).padStart(4, '0')}`,
      timestamp: new Date(this.#time).toISOString(),
      source_file: `${name}.jsonl`,
      ...own,
    });
    const isLate = random.chance(lateShare);
    const isRepeated = random.chance(repeatShare);
    const [lateMs, repeatMs] = [random.next() * lateMaxMs, random.next() * lateMaxMs];
    if (isLate) this.#held.add(this.#time + lateMs, line);
    else emit(topicNames.entries, line);
    if (isRepeated) this.#held.add(this.#time + repeatMs, line);
  }

  #arrive(time: number, emit: Emit): void {
    for (let line = this.#held.take(time); line !== undefined; line = this.#held.take(time)) {
      emit(topicNames.entries, line);
    }
  }
}

import { topicNames } from '../processors/conversations/topics.ts';
import { type GeneratedClinic, makeClinics } from './clinics.ts';
import type { Emit, EventGenerator } from './generator.ts';
import { HeldBack } from './held-back.ts';
import { eventsPerMessage, type GenerateOptions, lateMaxMs } from './options.ts';
import { Random, runningTotals } from './random.ts';
import { Rhythm } from './rhythm.ts';
import { pickTags } from './themes.ts';

const statusOpen = 1;
const statusDone = 2;
const statusSnoozed = 3;
/** Mean silence between two messages of a burst. */
const burstGapSeconds = 450;
const burstEnds = 0.15;
const slotTries = 8;
/** Of the conversations in a burst about one in three is with a clinic that is open; the others wait for it. */
const slotsForEachOpen = 3;

/**
 * Customers writing to clinics. Some conversations are in a burst at any time (a slot each); the clock goes from message
 * to message, and each belongs to one of them, sooner to one whose clinic is open and quick. A burst that ends leaves
 * the conversation open, snoozed or done; its slot goes to a new conversation or to one that is taken up again, which
 * makes its later sessions.
 *
 * What is drawn never depends on the topics wanted, so the messages of a seed are the same with and without the rest.
 */
export class Simulation implements EventGenerator {
  readonly #options: GenerateOptions;
  readonly #random: Random;
  readonly #clinics: readonly GeneratedClinic[];
  readonly #clinicTotals: readonly number[];
  readonly #rhythm: Rhythm;
  readonly #zones: readonly number[];
  readonly #held = new HeldBack();
  readonly #wanted: ReadonlySet<string>;
  readonly #slots: Int32Array;
  readonly #messagesMax: number;
  readonly #eventsMax: number;
  // By conversation.
  readonly #customerOf: Int32Array;
  readonly #clinicOf: Uint16Array;
  readonly #channelOf: Uint8Array;
  readonly #status: Uint8Array;
  /** 0 none yet, 1 in, 2 out. */
  readonly #lastDirection: Uint8Array;
  readonly #tagsOf: string[] = [];
  /** By customer, plus one; 0 for a customer not met yet. */
  readonly #clinicOfCustomer: Uint16Array;
  #started = 0;
  #messages = 0;
  #events = 0;
  #time: number;
  /** `#time` as events carry it: made once for all events of a moment. */
  #now = '';
  #renamed = 0;

  constructor(options: GenerateOptions) {
    const { conversations, seed } = options;
    this.#options = options;
    this.#random = new Random(seed);
    this.#clinics = makeClinics(options.clinics);
    this.#clinicTotals = runningTotals(this.#clinics.map((clinic) => clinic.weight));
    this.#rhythm = new Rhythm(this.#clinics.map((clinic) => clinic.zone));
    this.#zones = this.#clinics.map((clinic) => this.#rhythm.indexOf(clinic.zone));
    this.#wanted = new Set(options.topics);
    this.#messagesMax = options.messages ?? Number.POSITIVE_INFINITY;
    this.#eventsMax = options.events ?? Number.POSITIVE_INFINITY;
    const slots = Math.max(
      1,
      Math.min(conversations, Math.round(options.ratePerSecond * burstGapSeconds * slotsForEachOpen), 100_000),
    );
    this.#slots = new Int32Array(slots).fill(-1);
    this.#customerOf = new Int32Array(conversations);
    this.#clinicOf = new Uint16Array(conversations);
    this.#channelOf = new Uint8Array(conversations);
    this.#status = new Uint8Array(conversations);
    this.#lastDirection = new Uint8Array(conversations);
    this.#clinicOfCustomer = new Uint16Array(Math.ceil(conversations / 2));
    this.#time = options.start;
    this.#now = new Date(this.#time).toISOString();
  }

  get topics(): readonly string[] {
    return this.#options.topics;
  }

  get messages(): number {
    return this.#messages;
  }

  /** Events of the wanted topics. */
  get events(): number {
    return this.#events;
  }

  /** When the last event was made, milliseconds since 1970. */
  get time(): number {
    return this.#time;
  }

  /** Goes on for this many messages, if there are so many; false when the end is reached and all has arrived. */
  run(steps: number, emit: Emit): boolean {
    if (this.#messages === 0 && this.#events === 0) this.#begin(emit);
    for (let left = steps; left > 0 && !this.#isDone(); left--) this.#step(emit);
    if (!this.#isDone()) return true;
    this.#arrive(Number.POSITIVE_INFINITY, emit);
    return false;
  }

  #isDone(): boolean {
    return this.#messages >= this.#messagesMax || this.#events >= this.#eventsMax;
  }

  #begin(emit: Emit): void {
    for (const clinic of this.#clinics) this.#clinic(clinic, clinic.name, emit);
  }

  #step(emit: Emit): void {
    const random = this.#random;
    this.#time += random.waitingTime(1000 / this.#options.ratePerSecond);
    this.#now = new Date(this.#time).toISOString();
    this.#arrive(this.#time, emit);
    if (this.#renamed === 0 && this.#progress() > 0.6) this.#rename(emit);
    const slot = this.#chooseSlot(emit);
    const conversation = this.#slots[slot]!;
    const direction = this.#message(conversation, emit);
    if (random.chance(burstEnds)) {
      this.#slots[slot] = -1;
      this.#leave(conversation, direction, emit);
    }
  }

  /**
   * A slot whose clinic is likely to write or be written to now. After some tries the likeliest of those is taken, so
   * that it goes on at night too.
   */
  #chooseSlot(emit: Emit): number {
    const random = this.#random;
    let best = 0;
    let bestChance = -1;
    for (let attempt = 0; attempt < slotTries; attempt++) {
      const slot = random.below(this.#slots.length);
      if (this.#slots[slot] === -1) this.#slots[slot] = this.#nextConversation(emit);
      const conversation = this.#slots[slot]!;
      const clinic = this.#clinicOf[conversation]!;
      const busy = this.#rhythm.busy(this.#zones[clinic]!, this.#time);
      const isAnswerDue = this.#lastDirection[conversation] === 1;
      const chance = isAnswerDue ? busy * this.#clinics[clinic]!.pace : 0.1 + 0.9 * busy;
      if (random.chance(chance)) return slot;
      if (chance <= bestChance) continue;
      best = slot;
      bestChance = chance;
    }
    return best;
  }

  /** A new conversation or one to take up again, so that all have begun when the messages end. */
  #nextConversation(emit: Emit): number {
    const random = this.#random;
    const { conversations } = this.#options;
    const waiting = conversations - this.#started;
    const messagesLeft = this.#messagesLeft();
    const isNewDue = waiting >= messagesLeft || random.next() * messagesLeft * burstEnds < waiting;
    if (this.#started === 0 || (waiting > 0 && isNewDue)) return this.#start(emit);
    const conversation = random.below(this.#started);
    if (this.#status[conversation] !== statusOpen) this.#setStatus(conversation, statusOpen, emit);
    return conversation;
  }

  #start(emit: Emit): number {
    const random = this.#random;
    const conversation = this.#started++;
    const customers = this.#clinicOfCustomer.length;
    // The power makes a few customers come often and most of them once or twice.
    const customer = Math.min(customers - 1, Math.floor(random.next() ** 1.6 * customers));
    const known = this.#clinicOfCustomer[customer]!;
    const isMoving = random.chance(0.02);
    const clinic = known === 0 || isMoving ? random.weighted(this.#clinicTotals) : known - 1;
    if (clinic + 1 !== known) {
      this.#clinicOfCustomer[customer] = clinic + 1;
      this.#customer(customer, clinic, emit);
    }
    this.#customerOf[conversation] = customer;
    this.#clinicOf[conversation] = clinic;
    this.#channelOf[conversation] = random.below(this.#clinics[clinic]!.channels.length);
    this.#tagsOf[conversation] = JSON.stringify(pickTags(random, this.#progress()));
    this.#setStatus(conversation, statusOpen, emit);
    return conversation;
  }

  #leave(conversation: number, direction: 1 | 2, emit: Emit): void {
    const random = this.#random;
    const isClosing = random.chance(direction === 2 ? 0.6 : 0.1);
    const isSnoozing = random.chance(0.08);
    const isRating = random.chance(0.35);
    const stars = random.next();
    if (!isClosing) {
      if (isSnoozing) this.#setStatus(conversation, statusSnoozed, emit);
      return;
    }
    this.#setStatus(conversation, statusDone, emit);
    if (!isRating) return;
    // Clinics that answer readily are rated better.
    const lift = this.#clinics[this.#clinicOf[conversation]!]!.pace * 0.35;
    const rating = Math.max(1, Math.min(5, Math.ceil((Math.sqrt(stars) + lift) * 4.2)));
    const id = this.#conversationId(conversation);
    this.#emit(emit, topicNames.ratings, `{"conversation_id":"${id}","rating":${rating},"rated_at":"${this.#now}"}`);
  }

  #message(conversation: number, emit: Emit): 1 | 2 {
    const random = this.#random;
    const { lateShare } = this.#options;
    const last = this.#lastDirection[conversation]!;
    const direction = random.chance(last === 0 ? 0.1 : last === 1 ? 0.72 : 0.3) ? 2 : 1;
    this.#lastDirection[conversation] = direction;
    const kind = last === 0 ? 'initial' : last === direction ? 'followup' : 'response';
    const clinic = this.#clinics[this.#clinicOf[conversation]!]!;
    const channel = clinic.channels[this.#channelOf[conversation]!]!;
    const length = 8 + Math.floor(random.waitingTime(direction === 2 ? 180 : 90));
    const id = hexadecimal(random, 4) + hexadecimal(random, 4);
    const index = (this.#messages++).toString(16).padStart(12, '0');
    const line =
      `{"message_id":"${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8000-${index}",` +
      `"conversation_id":"${this.#conversationId(conversation)}","customer_id":"${this.#customerId(this.#customerOf[conversation]!)}",` +
      `"clinic_code":"${clinic.code}","direction":"${direction === 1 ? 'in' : 'out'}","direction_type":"${kind}",` +
      `"channel":"${channel}","message_timestamp":"${this.#now}","text_length":${length}}`;
    const isLate = random.chance(lateShare);
    const delayMs = random.next() * lateMaxMs;
    if (!this.#wanted.has(topicNames.messages)) return direction;
    if (isLate) {
      this.#events++;
      this.#held.add(this.#time + delayMs, line);
    } else {
      this.#emit(emit, topicNames.messages, line);
    }
    return direction;
  }

  #setStatus(conversation: number, status: number, emit: Emit): void {
    this.#status[conversation] = status;
    const name = status === statusOpen ? 'open' : status === statusDone ? 'done' : 'snoozed';
    this.#emit(
      emit,
      topicNames.conversations,
      `{"conversation_id":"${this.#conversationId(conversation)}","customer_id":"${this.#customerId(this.#customerOf[conversation]!)}",` +
        `"clinic_code":"${this.#clinics[this.#clinicOf[conversation]!]!.code}","status":"${name}",` +
        `"tags":${this.#tagsOf[conversation]!},"changed_at":"${this.#now}"}`,
    );
  }

  #customer(customer: number, clinic: number, emit: Emit): void {
    const code = this.#clinics[clinic]!.code;
    const line = `{"customer_id":"${this.#customerId(customer)}","clinic_code":"${code}","changed_at":"${this.#now}"}`;
    this.#emit(emit, topicNames.customers, line);
  }

  #clinic(clinic: GeneratedClinic, name: string, emit: Emit): void {
    const { code: clinic_code, zone: timezone } = clinic;
    const event = { clinic_code, clinic_name: name, timezone, changed_at: this.#now };
    this.#emit(emit, topicNames.clinics, JSON.stringify(event));
  }

  /** Every eighth clinic joins a group on the way: history to look at. */
  #rename(emit: Emit): void {
    for (const [index, clinic] of this.#clinics.entries()) {
      if (index % 8 !== 3) continue;
      this.#renamed++;
      this.#clinic(clinic, `${clinic.name.replace(/ (?:Group|LLC|Inc)\b/, '')} Group`, emit);
    }
    if (this.#renamed === 0) this.#renamed = 1;
  }

  #arrive(time: number, emit: Emit): void {
    for (let line = this.#held.take(time); line !== undefined; line = this.#held.take(time)) {
      emit(topicNames.messages, line);
    }
  }

  #emit(emit: Emit, topic: string, line: string): void {
    if (!this.#wanted.has(topic) || this.#events >= this.#eventsMax) return;
    this.#events++;
    emit(topic, line);
  }

  #messagesLeft(): number {
    const { messages, events } = this.#options;
    return messages === undefined ? (events! - this.#events) / eventsPerMessage : messages - this.#messages;
  }

  #progress(): number {
    const { messages, events } = this.#options;
    return messages === undefined ? this.#events / events! : this.#messages / messages;
  }

  #conversationId(conversation: number): string {
    return `conv-${this.#options.seed}-${String(conversation).padStart(7, '0')}`;
  }

  #customerId(customer: number): string {
    return `cust-${this.#options.seed}-${String(customer).padStart(7, '0')}`;
  }
}

/** `bytes` random bytes, at most 4, in hexadecimal. */
function hexadecimal(random: Random, bytes: number): string {
  return random
    .below(256 ** bytes)
    .toString(16)
    .padStart(bytes * 2, '0');
}

import type {
  ClinicRow,
  ConversationRow,
  ConversationTagRow,
  CustomerRow,
  MessageRow,
  RatingRow,
  SessionRow,
  WaitingRow,
} from '../../src/processors/conversations/tables.ts';

/**
 * What the domain `conversations` has to come to, computed from all events at once: sort everything, walk through it.
 * Written from the rules in words (REQUIREMENTS 1, DESIGN 6, CONTRACT), never from the processors, and without any of
 * their cleverness: no state, no increments, no batches. Only the shapes of the rows are shared.
 */
export interface Arrival {
  readonly topic: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface OracleRows {
  readonly landing_messages: MessageRow[];
  readonly landing_sessions: SessionRow[];
  readonly landing_conversations: ConversationRow[];
  readonly landing_customers: CustomerRow[];
  readonly landing_clinics: ClinicRow[];
  readonly landing_waiting: WaitingRow[];
  readonly landing_ratings: RatingRow[];
  readonly landing_conversation_tags: ConversationTagRow[];
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const END_OF_TIME = Date.parse('2299-12-31T00:00:00Z');
const TEXT_WORDS: Record<string, RegExp> = {
  urgent: /\b(urgent|urgently|emergency|asap|immediately)\b/i,
  sensitive: /\b(complaint|lawyer|solicitor|legal action)\b/i,
};

interface SaidMessage {
  readonly id: string;
  readonly time: number;
  readonly customer: string;
  readonly clinic: string;
  readonly isInbound: boolean;
  readonly event: Readonly<Record<string, unknown>>;
  readonly tags: string[];
  readonly isTooLate: boolean;
}

interface Changed<Attributes> {
  readonly at: number;
  readonly attributes: Attributes | null;
}

interface Held<Attributes> {
  readonly attributes: Attributes;
  from: number;
  to: number;
}

interface ConversationAttributes {
  readonly customer_id: string;
  readonly clinic_code: string;
  readonly status: string;
  readonly tags: string[];
  readonly is_urgent: boolean;
  readonly is_sensitive: boolean;
}

/** Rows of every landing table, in no particular order. `arrivals`: events of each topic in the order they came. */
export function oracle(arrivals: readonly Arrival[]): OracleRows {
  const of = (name: string) =>
    arrivals.filter(({ topic }) => topic === `conversations.${name}`).map(({ value }) => value);
  const messagesBy = groupBy(of('messages'), (event) => text(event.conversation_id));
  const changesBy = groupBy(of('conversations'), (event) => text(event.conversation_id));
  const ratingsBy = groupBy(of('ratings'), (event) => text(event.conversation_id));
  const rows: OracleRows = {
    landing_messages: [],
    landing_sessions: [],
    landing_conversations: [],
    landing_customers: [],
    landing_clinics: [],
    landing_waiting: [],
    landing_ratings: [],
    landing_conversation_tags: [],
  };
  const startsOfCustomer = new Map<string, number[]>();
  for (const id of new Set([...messagesBy.keys(), ...changesBy.keys(), ...ratingsBy.keys()])) {
    const said = saidIn(messagesBy.get(id) ?? []);
    rows.landing_messages.push(...factRows(id, said));
    rows.landing_sessions.push(...sessionRows(id, said));
    const changes = conversationChanges(changesBy.get(id) ?? []);
    const first = [...said].sort(byTime)[0];
    const versions = versionsOf(changes, first?.time, isDeepEqual);
    const held = conversationRows(id, versions, changes, first);
    rows.landing_conversations.push(...held);
    rows.landing_waiting.push(...waitingRows(id, said, held));
    const ownerAt = (time: number) => {
      const known = effective(changes).filter(({ attributes }) => attributes !== null);
      const held = known.findLast(({ at }) => at <= time) ?? known[0];
      if (held !== undefined) return { customer: held.attributes!.customer_id, clinic: held.attributes!.clinic_code };
      return { customer: first?.customer ?? '', clinic: first?.clinic ?? '' };
    };
    rows.landing_conversation_tags.push(...tagRows(id, versions, said, ownerAt));
    const rating = (ratingsBy.get(id) ?? [])
      .toSorted((left, right) => time(left.rated_at) - time(right.rated_at))
      .at(-1);
    if (rating !== undefined) {
      const owner = ownerAt(time(rating.rated_at));
      rows.landing_ratings.push({
        conversation_id: id,
        customer_id: owner.customer,
        clinic_code: owner.clinic,
        rating: rating.rating as number,
        rated_at: time(rating.rated_at),
      });
    }
    // A conversation counts for the customer that it was last known to be of, from the first that was heard of it.
    const owner = ownerAt(END_OF_TIME);
    if (owner.customer !== '') {
      const start = Math.min(...changes.map(({ at }) => at), ...said.map((message) => message.time));
      startsOfCustomer.set(owner.customer, [...(startsOfCustomer.get(owner.customer) ?? []), start]);
    }
  }
  rows.landing_customers.push(...customerRows(of('customers'), startsOfCustomer, namedCustomers(arrivals)));
  rows.landing_clinics.push(...clinicRows(of('clinics'), namedClinics(arrivals)));
  return rows;
}

/** Messages in the order of arrival, each id once, with whether each was too late when it came. */
function saidIn(events: readonly Readonly<Record<string, unknown>>[]): SaidMessage[] {
  const said = new Map<string, SaidMessage>();
  let newest = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    const id = text(event.message_id);
    if (said.has(id)) continue;
    const at = time(event.message_timestamp);
    const body = typeof event.text === 'string' ? event.text : '';
    said.set(id, {
      id,
      time: at,
      customer: text(event.customer_id),
      clinic: text(event.clinic_code),
      isInbound: event.direction === 'in',
      event,
      tags: Object.keys(TEXT_WORDS)
        .filter((tag) => TEXT_WORDS[tag]!.test(body))
        .sort(),
      isTooLate: at < newest - DAY,
    });
    newest = Math.max(newest, at);
  }
  return [...said.values()];
}

/** Every message with its gap, its reply and its session. */
function factRows(id: string, said: readonly SaidMessage[]): MessageRow[] {
  const inOrder = said.filter((message) => !message.isTooLate).sort(byTime);
  const starts = sessionsIn(inOrder).map((session) => session[0]!.time);
  return said.map((message) => {
    const place = inOrder.indexOf(message);
    const previous = inOrder[place - 1];
    const hasGap = place > 0;
    const response = place < 0 ? null : responseTo(inOrder, place);
    const earlier = inOrder.slice(0, Math.max(place, 0)).map((_, index) => responseTo(inOrder, index));
    const { event } = message;
    return {
      message_id: message.id,
      conversation_id: id,
      customer_id: message.customer,
      clinic_code: message.clinic,
      message_timestamp: message.time,
      direction: text(event.direction),
      direction_type: text(event.direction_type),
      channel: text(event.channel),
      text_length: (event.text_length as number | undefined) ?? (event.text as string | undefined)?.length ?? null,
      text: null,
      text_tags: message.tags,
      previous_message_timestamp: hasGap ? previous!.time : null,
      minutes_since_last_message: hasGap ? Math.floor((message.time - previous!.time) / MINUTE) : null,
      seconds_since_last_message: hasGap ? Math.floor((message.time - previous!.time) / 1000) : null,
      response_seconds: response,
      is_first_response: response !== null && earlier.every((other) => other === null),
      session_started_at: place < 0 ? null : starts.findLast((start) => start <= message.time)!,
      is_too_late: message.isTooLate,
    };
  });
}

/** Seconds from the first inbound message that nothing outbound followed, to this outbound one; null otherwise. */
function responseTo(inOrder: readonly SaidMessage[], place: number): number | null {
  if (inOrder[place]!.isInbound) return null;
  let asked: SaidMessage | undefined;
  for (let index = place - 1; index >= 0 && inOrder[index]!.isInbound; index--) asked = inOrder[index];
  return asked === undefined ? null : Math.floor((inOrder[place]!.time - asked.time) / 1000);
}

/** Runs of messages without a silence of more than 30 minutes. */
function sessionsIn(inOrder: readonly SaidMessage[]): SaidMessage[][] {
  const sessions: SaidMessage[][] = [];
  for (const [index, message] of inOrder.entries()) {
    if (index === 0 || message.time - inOrder[index - 1]!.time > 30 * MINUTE) sessions.push([]);
    sessions.at(-1)!.push(message);
  }
  return sessions;
}

function sessionRows(id: string, said: readonly SaidMessage[]): SessionRow[] {
  return sessionsIn(said.filter((message) => !message.isTooLate).sort(byTime)).map((messages) => ({
    conversation_id: id,
    customer_id: messages[0]!.customer,
    clinic_code: messages[0]!.clinic,
    started_at: messages[0]!.time,
    ended_at: messages.at(-1)!.time,
    message_count: messages.length,
    in_count: messages.filter(({ isInbound }) => isInbound).length,
    out_count: messages.filter(({ isInbound }) => !isInbound).length,
  }));
}

/** A conversation that ends in questions, as its dimension shows it now; none when that has no row that holds now. */
function waitingRows(id: string, said: readonly SaidMessage[], held: readonly ConversationRow[]): WaitingRow[] {
  const inOrder = said.filter((message) => !message.isTooLate).sort(byTime);
  const questions = inOrder.slice(inOrder.findLastIndex(({ isInbound }) => !isInbound) + 1);
  const now = held.find((row) => row.is_current);
  if (questions.length === 0 || now === undefined) return [];
  return [
    {
      conversation_id: id,
      customer_id: now.customer_id,
      clinic_code: now.clinic_code,
      channel: text(questions.at(-1)!.event.channel),
      status: now.status,
      is_urgent: now.is_urgent,
      waiting_since: questions[0]!.time,
      unanswered_messages: questions.length,
    },
  ];
}

function conversationChanges(events: readonly Readonly<Record<string, unknown>>[]): Changed<ConversationAttributes>[] {
  return events.map((event) => {
    const tags = [...new Set(event.tags as string[])].sort();
    const mentions = (word: string) => tags.some((tag) => tag.toLowerCase().includes(word));
    return {
      at: time(event.changed_at),
      attributes: event.is_deleted
        ? null
        : {
            customer_id: text(event.customer_id),
            clinic_code: text(event.clinic_code),
            status: text(event.status),
            tags,
            is_urgent: (event.is_urgent as boolean | undefined) ?? mentions('urgent'),
            is_sensitive: (event.is_sensitive as boolean | undefined) ?? mentions('sensitive'),
          },
    };
  });
}

/** Changes by time; of several at one instant the one that came last. */
function effective<Attributes>(changes: readonly Changed<Attributes>[]): Changed<Attributes>[] {
  const last = new Map(changes.map((change) => [change.at, change]));
  return [...last.values()].sort((left, right) => left.at - right.at);
}

/**
 * SCD2: who held when. Equal neighbours are one version. The first version reaches back to the first fact, unless the
 * first that was known was a delete.
 */
function versionsOf<Attributes>(
  changes: readonly Changed<Attributes>[],
  firstFact: number | undefined,
  isSame: (left: Attributes, right: Attributes) => boolean,
): Held<Attributes>[] {
  const inOrder = effective(changes);
  const stretches = inOrder.map((change, index) => ({
    attributes: change.attributes,
    from: change.at,
    to: inOrder[index + 1]?.at ?? END_OF_TIME,
  }));
  const held: Held<Attributes>[] = [];
  for (const { attributes, from, to } of stretches) {
    const before = held.at(-1);
    if (attributes === null) continue;
    if (before !== undefined && before.to === from && isSame(before.attributes, attributes)) before.to = to;
    else held.push({ attributes, from, to });
  }
  const first = inOrder[0];
  if (first !== undefined && first.attributes !== null && firstFact !== undefined) {
    held[0]!.from = Math.min(held[0]!.from, firstFact);
  }
  return held;
}

function dates(held: { readonly from: number; readonly to: number }, index: number, isInferred: boolean) {
  return {
    valid_from: held.from,
    valid_to: held.to,
    is_current: held.to === END_OF_TIME,
    version: index + 1,
    is_inferred: isInferred,
  };
}

function conversationRows(
  id: string,
  versions: readonly Held<ConversationAttributes>[],
  changes: readonly Changed<ConversationAttributes>[],
  first: SaidMessage | undefined,
): ConversationRow[] {
  const isUnknown = effective(changes).every(({ attributes }) => attributes === null);
  if (isUnknown && first !== undefined) {
    const attributes = { status: '', tags: [], is_urgent: false, is_sensitive: false };
    const owner = { customer_id: first.customer, clinic_code: first.clinic };
    return [{ conversation_id: id, ...owner, ...attributes, ...dates({ from: first.time, to: END_OF_TIME }, 0, true) }];
  }
  return versions.map((held, index) => ({ conversation_id: id, ...held.attributes, ...dates(held, index, false) }));
}

/** Each tag once, from when it was first there: in a version, or in the words of a message. */
function tagRows(
  id: string,
  versions: readonly Held<ConversationAttributes>[],
  said: readonly SaidMessage[],
  ownerAt: (time: number) => { customer: string; clinic: string },
): ConversationTagRow[] {
  const tags = new Set([...versions.flatMap(({ attributes }) => attributes.tags), ...said.flatMap((one) => one.tags)]);
  return [...tags].map((tag) => {
    const version = versions.find(({ attributes }) => attributes.tags.includes(tag));
    const spoken = said.filter((message) => message.tags.includes(tag)).sort(byTime)[0];
    const isOfVersion = version !== undefined && (spoken === undefined || version.from <= spoken.time);
    const at = isOfVersion ? version.from : spoken!.time;
    const owner = ownerAt(at);
    return {
      conversation_id: id,
      customer_id: isOfVersion ? version.attributes.customer_id : owner.customer,
      clinic_code: isOfVersion ? version.attributes.clinic_code : owner.clinic,
      tag,
      tagged_at: at,
      is_urgent: version?.attributes.is_urgent ?? tag.toLowerCase().includes('urgent'),
      is_sensitive: version?.attributes.is_sensitive ?? tag.toLowerCase().includes('sensitive'),
    };
  });
}

interface Named {
  readonly time: number;
  readonly clinic: string;
}

/** The earliest event that names each customer (of several at that instant, the clinic that sorts first). */
function namedCustomers(arrivals: readonly Arrival[]): Map<string, Named> {
  const named = new Map<string, Named>();
  for (const { topic, value } of arrivals) {
    if (topic !== 'conversations.messages' && topic !== 'conversations.conversations') continue;
    const at = time(value.message_timestamp ?? value.changed_at);
    const known = named.get(text(value.customer_id));
    const clinic = text(value.clinic_code);
    if (known !== undefined && (known.time < at || (known.time === at && known.clinic <= clinic))) continue;
    named.set(text(value.customer_id), { time: at, clinic });
  }
  return named;
}

function namedClinics(arrivals: readonly Arrival[]): Map<string, number> {
  const named = new Map<string, number>();
  for (const { topic, value } of arrivals) {
    if (topic === 'conversations.clinics' || topic === 'conversations.ratings') continue;
    const at = time(value.message_timestamp ?? value.changed_at);
    named.set(text(value.clinic_code), Math.min(at, named.get(text(value.clinic_code)) ?? at));
  }
  return named;
}

function segmentFor(conversations: number): string {
  return conversations >= 10 ? 'High Volume' : conversations >= 5 ? 'Medium Volume' : 'Low Volume';
}

/** Customers: a version for each clinic and segment; the number of conversations is overwritten in the current one. */
function customerRows(
  events: readonly Readonly<Record<string, unknown>>[],
  startsOf: ReadonlyMap<string, readonly number[]>,
  named: ReadonlyMap<string, Named>,
): CustomerRow[] {
  const changesBy = groupBy(events, (event) => text(event.customer_id));
  const rows: CustomerRow[] = [];
  for (const id of new Set([...changesBy.keys(), ...named.keys()])) {
    const starts = startsOf.get(id) ?? [];
    const startedBy = (at: number) => starts.filter((start) => start <= at).length;
    const clinics: Changed<string>[] = (changesBy.get(id) ?? []).map((event) => ({
      at: time(event.changed_at),
      attributes: event.is_deleted ? null : text(event.clinic_code),
    }));
    const first = named.get(id);
    const firstFact = first === undefined ? undefined : Math.min(first.time, ...starts);
    const isInferred = effective(clinics).every(({ attributes }) => attributes === null);
    const held: Held<string>[] = isInferred
      ? firstFact === undefined
        ? []
        : [{ attributes: first!.clinic, from: firstFact, to: END_OF_TIME }]
      : versionsOf(clinics, firstFact, (left, right) => left === right);
    // Every stretch of a clinic is cut where the number of conversations passes into another segment.
    const cuts = held.flatMap(({ attributes, from, to }) => {
      const inside = starts.filter((start) => start > from && start < to);
      const edges = [...new Set([from, ...inside, to])].sort((left, right) => left - right);
      const pieces: { clinic: string; segment: string; from: number; to: number }[] = [];
      for (const [index, edge] of edges.slice(0, -1).entries()) {
        const segment = segmentFor(startedBy(edge));
        const until = edges[index + 1]!;
        if (pieces.at(-1)?.segment === segment) pieces.at(-1)!.to = until;
        else pieces.push({ clinic: attributes, segment, from: edge, to: until });
      }
      return pieces;
    });
    for (const [index, piece] of cuts.entries()) {
      rows.push({
        customer_id: id,
        clinic_code: piece.clinic,
        total_conversations:
          piece.to === END_OF_TIME ? starts.length : starts.filter((start) => start < piece.to).length,
        customer_segment: piece.segment,
        ...dates(piece, index, isInferred),
      });
    }
  }
  return rows;
}

function clinicRows(
  events: readonly Readonly<Record<string, unknown>>[],
  named: ReadonlyMap<string, number>,
): ClinicRow[] {
  const changesBy = groupBy(events, (event) => text(event.clinic_code));
  return [...new Set([...changesBy.keys(), ...named.keys()])].flatMap((code): ClinicRow[] => {
    const changes = (changesBy.get(code) ?? []).map((event) => {
      const name = text(event.clinic_name);
      const type = ['LLC', 'Inc', 'Group'].find((word) => name.includes(word)) ?? 'Other';
      const attributes = {
        clinic_name: name,
        clinic_type: (event.clinic_type as string | undefined) ?? type,
        timezone: (event.timezone as string | undefined) ?? 'UTC',
      };
      return { at: time(event.changed_at), attributes: event.is_deleted ? null : attributes };
    });
    const seenAt = named.get(code);
    if (effective(changes).every(({ attributes }) => attributes === null)) {
      if (seenAt === undefined) return [];
      const unknown = { clinic_name: '', clinic_type: '', timezone: 'UTC' };
      return [{ clinic_code: code, ...unknown, ...dates({ from: seenAt, to: END_OF_TIME }, 0, true) }];
    }
    return versionsOf(changes, seenAt, isDeepEqual).map((held, index) => ({
      clinic_code: code,
      ...held.attributes,
      ...dates(held, index, false),
    }));
  });
}

function byTime(left: SaidMessage, right: SaidMessage): number {
  return left.time - right.time || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function isDeepEqual(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function time(value: unknown): number {
  return Date.parse(text(value));
}

function text(value: unknown): string {
  return String(value);
}

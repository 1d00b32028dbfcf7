import type { Conversation, Message, Rating } from '../../events/conversations.ts';
import type { Context, Processor, Stage, StateSpace, StreamEvent } from '../../runtime/domain.ts';
import { difference, isSameList, isSameRow } from '../difference.ts';
import { splice } from '../history.ts';
import { clinicSeenSpace, seeClinic } from './clinics-seen.ts';
import { decodeConversation, encodeConversation } from './conversation-codec.ts';
import { forgetWritten, rowsOf, touch } from './conversation-rows.ts';
import {
  type ConversationAttributes,
  type ConversationState,
  countedOf,
  emptyConversation,
  forgetChanges,
  isNewNaming,
  nameCustomer,
} from './conversation-state.ts';
import {
  compactMessages,
  DUPLICATE,
  emptyMessages,
  type MessageRules,
  messageRules,
  settleMessages,
  takeMessage,
} from './messages.ts';
import { type ConversationsOptions, createTagger } from './options.ts';
import {
  type ConversationRow,
  type ConversationTagRow,
  landingConversations,
  landingConversationTags,
  landingMessages,
  landingRatings,
  landingSessions,
  landingWaiting,
} from './tables.ts';
import { type CustomerConversation, topicNames } from './topics.ts';
import { forgetMessages, settleWaiting, waitingOf } from './waiting.ts';
import { noRows } from './written-rows.ts';

/** After this long without an event, a conversation keeps no messages for late ones: only where it stands. */
const COMPACT_AFTER_MS = 8 * 86_400_000;
/** After this long it forgets its messages; one that speaks again starts anew, with a null gap. */
const FORGET_AFTER_MS = 400 * 86_400_000;

/** The stage `conversation`: messages, conversations and ratings, by conversation_id. */
export function conversationStage(options: ConversationsOptions): Stage {
  const rules = messageRules(options);
  const tagsOf = createTagger(options.textTags);
  const space = conversationSpace(rules);
  const processor: Processor = {
    reads(event, read) {
      read(space, event.key);
      if (event.topic !== topicNames.ratings) {
        read(clinicSeenSpace, (event.value as Message | Conversation).clinic_code);
      }
    },
    process(event, context) {
      const state = context.get(space, event.key) ?? emptyConversation();
      if (event.topic === topicNames.messages) onMessage(event, state, context);
      else if (event.topic === topicNames.conversations) onChange(event, state, context);
      else onRating(event, state, context);
    },
  };

  function onMessage(event: StreamEvent, state: ConversationState, context: Context): void {
    const message = event.value as Message;
    const { time } = event;
    const textTags = message.text === undefined ? noTags : tagsOf(message.text);
    state.messages ??= emptyMessages(rules.gapMs);
    const place = takeMessage(state.messages, message, time, textTags, rules, context);
    if (place === DUPLICATE) return; // Whatever else it says: the first one with that id counts.
    state.hasNewMessages = true;
    const owner = { customerId: message.customer_id, clinicCode: message.clinic_code };
    const { first } = state;
    if (first === null || time < first.time || (time === first.time && message.message_id < first.id)) {
      touch(event.key, state);
      state.first = { time, id: message.message_id, ...owner };
    }
    if (isNewNaming(state.named, owner, time)) {
      touch(event.key, state);
      nameCustomer(state, owner, time);
    }
    for (const tag of textTags) {
      const known = state.textTags?.get(tag);
      if (known !== undefined && known.time <= time) continue;
      touch(event.key, state);
      state.textTags ??= new Map();
      state.textTags.set(tag, { time, owner: null });
    }
    context.put(space, event.key, state);
    seeClinic(message.clinic_code, time, context);
  }

  function onChange(event: StreamEvent, state: ConversationState, context: Context): void {
    const change = event.value as Conversation;
    const attributes = change.is_deleted ? null : attributesOf(change);
    touch(event.key, state);
    if (!splice(state.history, { at: event.time, attributes }, options.keptChangesMax)) {
      context.reject('CHANGE_TOO_LATE', `${options.keptChangesMax} later changes of this conversation are known`);
      return;
    }
    forgetChanges(state, options.keptChangesMax);
    const owner = { customerId: change.customer_id, clinicCode: change.clinic_code };
    if (isNewNaming(state.named, owner, event.time)) nameCustomer(state, owner, event.time);
    context.put(space, event.key, state);
    seeClinic(change.clinic_code, event.time, context);
  }

  function onRating(event: StreamEvent, state: ConversationState, context: Context): void {
    const { rating } = event.value as Rating;
    if (state.rating !== null && state.rating.ratedAt > event.time) {
      context.count('superseded_rating');
      return;
    }
    touch(event.key, state);
    state.rating = { rating, ratedAt: event.time, owner: null };
    context.put(space, event.key, state);
  }

  return {
    name: 'conversation',
    topics: [topicNames.conversations, topicNames.messages, topicNames.ratings],
    spaces: [space as StateSpace<unknown>, clinicSeenSpace as StateSpace<unknown>],
    processor,
    tables: [
      landingMessages,
      landingSessions,
      landingConversations,
      landingConversationTags,
      landingRatings,
      landingWaiting,
    ],
    forwards: [topicNames.customerConversations, topicNames.clinicsSeen],
  };
}

const noTags: readonly string[] = [];

function conversationSpace(rules: MessageRules): StateSpace<ConversationState> {
  return {
    prefix: 'c',
    name: 'conversation',
    // 1: without the number of unanswered messages. Such a conversation waits from its next message on.
    version: 2,
    encode: encodeConversation,
    decode: decodeConversation,
    settle(key, state, context) {
      const waitedBefore = waitingOf(state);
      if (state.hasNewMessages) {
        settleMessages(key, state.messages!, rules, context);
        state.leftWaiting = null;
      }
      state.hasNewMessages = false;
      settleWaiting(key, state, waitedBefore, context);
      if (state.isChanged) settleAttributes(key, state, context);
      state.isChanged = false;
    },
    expire(key, state, idleMs) {
      if (idleMs >= FORGET_AFTER_MS) forgetMessages(state);
      else if (idleMs >= COMPACT_AFTER_MS && state.messages !== null) compactMessages(key, state.messages, rules);
      return state;
    },
  };
}

/** Writes what changed in the conversation's versions, tags and rating, and tells its customer. */
function settleAttributes(id: string, state: ConversationState, context: Context): void {
  const before = state.written ?? noRows;
  const after = rowsOf(id, state);
  difference(before.versions, after.versions, validFromOf, isSameVersion, (sign, row) => {
    context.emit(landingConversations, sign, row);
  });
  differenceOfTags(before.tags, after.tags, context);
  if (before.rating === null || after.rating === null || !isSameRow(before.rating, after.rating)) {
    if (before.rating !== null) context.emit(landingRatings, -1, before.rating);
    if (after.rating !== null) context.emit(landingRatings, 1, after.rating);
  }
  tellCustomers(id, state, context);
  forgetWritten(state);
  // Made again by `touch` when it is needed: most states rest, and each would hold on to its rows.
  state.written = null;
}

/** Customers are kept by the stage `customer`: tell each one named what is new for it. */
function tellCustomers(id: string, state: ConversationState, context: Context): void {
  const before = state.counted;
  const after = countedOf(state);
  // Nobody's any more, when a delete at the same instant replaced all that was known of it.
  const hasMoved = before !== null && before.customerId !== after?.customerId;
  for (const named of state.named) {
    const { customerId } = named;
    const counts = customerId === after?.customerId;
    const counted = customerId === before?.customerId;
    const previous = counted && (hasMoved || counts) ? before.startedAt : null;
    const started = counts ? after.startedAt : null;
    if (named.isTold && previous === started) continue;
    context.forward(topicNames.customerConversations, customerId, named.at, {
      conversation_id: id,
      named_at: named.at,
      clinic_code: named.clinicCode,
      previous_started_at: previous,
      started_at: started,
    } satisfies CustomerConversation);
    named.isTold = true;
  }
  state.counted = after;
}

function attributesOf(change: Conversation): ConversationAttributes {
  const tags = [...new Set(change.tags)].sort();
  const has = (word: string) => tags.some((tag) => tag.toLowerCase().includes(word));
  return {
    customer_id: change.customer_id,
    clinic_code: change.clinic_code,
    status: change.status,
    tags,
    is_urgent: change.is_urgent ?? has('urgent'),
    is_sensitive: change.is_sensitive ?? has('sensitive'),
  };
}

function differenceOfTags(
  before: readonly ConversationTagRow[],
  after: readonly ConversationTagRow[],
  context: Context,
): void {
  for (const row of before) {
    const now = after.find(({ tag }) => tag === row.tag);
    if (now === undefined || !isSameRow(row, now)) context.emit(landingConversationTags, -1, row);
  }
  for (const row of after) {
    const old = before.find(({ tag }) => tag === row.tag);
    if (old === undefined || !isSameRow(row, old)) context.emit(landingConversationTags, 1, row);
  }
}

function validFromOf(row: { readonly valid_from: number }): number {
  return row.valid_from;
}

function isSameVersion(left: ConversationRow, right: ConversationRow): boolean {
  return (
    left.valid_to === right.valid_to &&
    left.version === right.version &&
    left.is_inferred === right.is_inferred &&
    left.customer_id === right.customer_id &&
    left.clinic_code === right.clinic_code &&
    left.status === right.status &&
    left.is_urgent === right.is_urgent &&
    left.is_sensitive === right.is_sensitive &&
    isSameList(left.tags, right.tags)
  );
}

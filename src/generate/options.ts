import { topicNames } from '../processors/conversations/topics.ts';

/** Topics that can be generated, in the order in which their events of the same moment are written. */
export const generatedTopics = [
  topicNames.clinics,
  topicNames.customers,
  topicNames.conversations,
  topicNames.messages,
  topicNames.ratings,
] as const;

export type GeneratedTopic = (typeof generatedTopics)[number];

/** What to generate. The same options give the same bytes, on every machine. */
export interface GenerateOptions {
  readonly seed: number;
  /** Ends after exactly this many messages, or after this many events of the wanted topics. One of the two is set. */
  readonly messages?: number;
  readonly events?: number;
  /** Conversations that the messages belong to; each has at least one. */
  readonly conversations: number;
  readonly clinics: number;
  /** Milliseconds since 1970: when the first event happens. */
  readonly start: number;
  /** Messages a second, in the time of the events. */
  readonly ratePerSecond: number;
  /** Share of messages that arrive up to an hour after they were sent, 0 to 1. */
  readonly lateShare: number;
  readonly topics: readonly GeneratedTopic[];
}

/** 30 days for a million messages. */
export const defaultRatePerSecond = 0.385;
export const defaultMessagesPerConversation = 20;
/** Events of all topics for each message, about. Only the default number of conversations rests on it. */
export const eventsPerMessage = 1.15;
export const lateMaxMs = 3_600_000;

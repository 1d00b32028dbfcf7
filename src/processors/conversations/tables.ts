import type { LandingTable, RowOf } from '../../runtime/domain.ts';

const time = "DateTime64(3, 'UTC')" as const;
const maybeTime = "Nullable(DateTime64(3, 'UTC'))" as const;

/** A message. Grain: message_id. */
export const landingMessages = {
  database: 'conversations',
  name: 'landing_messages',
  columns: {
    message_id: 'String',
    conversation_id: 'String',
    customer_id: 'String',
    clinic_code: 'LowCardinality(String)',
    message_timestamp: time,
    direction: 'LowCardinality(String)',
    direction_type: 'LowCardinality(String)',
    channel: 'LowCardinality(String)',
    text_length: 'Nullable(UInt32)',
    text: 'Nullable(String)',
    /** Tags found in the text by the configured words. */
    text_tags: 'Array(LowCardinality(String))',
    previous_message_timestamp: maybeTime,
    minutes_since_last_message: 'Nullable(UInt32)',
    seconds_since_last_message: 'Nullable(UInt32)',
    response_seconds: 'Nullable(UInt32)',
    is_first_response: 'Bool',
    /** Start of its session; null for a message that came too late to be placed. */
    session_started_at: maybeTime,
    is_too_late: 'Bool',
  },
} as const satisfies LandingTable;

/** A session. Grain: conversation_id, started_at. Customer and clinic are those of its first message. */
export const landingSessions = {
  database: 'conversations',
  name: 'landing_sessions',
  columns: {
    conversation_id: 'String',
    customer_id: 'String',
    clinic_code: 'LowCardinality(String)',
    started_at: time,
    ended_at: time,
    message_count: 'UInt32',
    in_count: 'UInt32',
    out_count: 'UInt32',
  },
  replacedBy: ['clinic_code', 'started_at', 'conversation_id'],
} as const satisfies LandingTable;

/** A version of a conversation. Grain: conversation_id, valid_from. */
export const landingConversations = {
  database: 'conversations',
  name: 'landing_conversations',
  columns: {
    conversation_id: 'String',
    customer_id: 'String',
    clinic_code: 'LowCardinality(String)',
    status: 'LowCardinality(String)',
    tags: 'Array(LowCardinality(String))',
    is_urgent: 'Bool',
    is_sensitive: 'Bool',
    valid_from: time,
    valid_to: time,
    is_current: 'Bool',
    version: 'UInt32',
    is_inferred: 'Bool',
  },
  replacedBy: ['conversation_id', 'valid_from'],
} as const satisfies LandingTable;

/** A version of a customer. Grain: customer_id, valid_from. */
export const landingCustomers = {
  database: 'conversations',
  name: 'landing_customers',
  columns: {
    customer_id: 'String',
    clinic_code: 'LowCardinality(String)',
    total_conversations: 'UInt32',
    customer_segment: 'LowCardinality(String)',
    valid_from: time,
    valid_to: time,
    is_current: 'Bool',
    version: 'UInt32',
    is_inferred: 'Bool',
  },
  replacedBy: ['customer_id', 'valid_from'],
} as const satisfies LandingTable;

/** A version of a clinic. Grain: clinic_code, valid_from. */
export const landingClinics = {
  database: 'conversations',
  name: 'landing_clinics',
  columns: {
    clinic_code: 'String',
    clinic_name: 'String',
    clinic_type: 'LowCardinality(String)',
    timezone: 'LowCardinality(String)',
    valid_from: time,
    valid_to: time,
    is_current: 'Bool',
    version: 'UInt32',
    is_inferred: 'Bool',
  },
  replacedBy: ['clinic_code', 'valid_from'],
} as const satisfies LandingTable;

/**
 * A conversation whose last messages are inbound, with what holds of it now; one that is done too. Grain: conversation_id.
 */
export const landingWaiting = {
  database: 'conversations',
  name: 'landing_waiting',
  columns: {
    conversation_id: 'String',
    customer_id: 'String',
    clinic_code: 'LowCardinality(String)',
    /** Of the last unanswered message. */
    channel: 'LowCardinality(String)',
    status: 'LowCardinality(String)',
    is_urgent: 'Bool',
    waiting_since: time,
    unanswered_messages: 'UInt32',
  },
  replacedBy: ['conversation_id'],
} as const satisfies LandingTable;

/** The rating of a conversation: the one given last. Grain: conversation_id. */
export const landingRatings = {
  database: 'conversations',
  name: 'landing_ratings',
  columns: {
    conversation_id: 'String',
    customer_id: 'String',
    clinic_code: 'LowCardinality(String)',
    rating: 'UInt8',
    rated_at: time,
  },
  replacedBy: ['conversation_id'],
} as const satisfies LandingTable;

/** A tag that a conversation has had, from the first version that has it. Grain: conversation_id, tag. */
export const landingConversationTags = {
  database: 'conversations',
  name: 'landing_conversation_tags',
  columns: {
    conversation_id: 'String',
    customer_id: 'String',
    clinic_code: 'LowCardinality(String)',
    tag: 'LowCardinality(String)',
    tagged_at: time,
    /** Of the version that first had the tag. */
    is_urgent: 'Bool',
    is_sensitive: 'Bool',
  },
} as const satisfies LandingTable;

export type MessageRow = RowOf<typeof landingMessages>;
export type SessionRow = RowOf<typeof landingSessions>;
export type ConversationRow = RowOf<typeof landingConversations>;
export type CustomerRow = RowOf<typeof landingCustomers>;
export type ClinicRow = RowOf<typeof landingClinics>;
export type WaitingRow = RowOf<typeof landingWaiting>;
export type RatingRow = RowOf<typeof landingRatings>;
export type ConversationTagRow = RowOf<typeof landingConversationTags>;

/** Names of the domain's topics. The last two are internal: one stage tells another. */
export const topicNames = {
  messages: 'conversations.messages',
  conversations: 'conversations.conversations',
  customers: 'conversations.customers',
  clinics: 'conversations.clinics',
  ratings: 'conversations.ratings',
  customerConversations: 'conversations.customer-conversations',
  clinicsSeen: 'conversations.clinics-seen',
} as const;

/**
 * Says that events of a conversation name a customer, the earliest of them when and with which clinic, so that it has a
 * row; and since when the conversation counts for it, and was thought to (null: does not). By customer_id.
 */
export interface CustomerConversation {
  readonly conversation_id: string;
  readonly named_at: number;
  readonly clinic_code: string;
  readonly previous_started_at: number | null;
  readonly started_at: number | null;
}

/** Says that something named a clinic at a time (the event's), so that it has a row. By clinic_code. */
export type ClinicNamed = Readonly<Record<string, never>>;

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

/** Says that a conversation counts for a customer, since when, and since when it was thought to. By customer_id. */
export interface CustomerConversation {
  readonly conversation_id: string;
  readonly clinic_code: string;
  readonly previous_started_at: number | null;
  readonly started_at: number | null;
}

/** Says that something named a clinic at a time (the event's), so that it has a row. By clinic_code. */
export type ClinicNamed = Readonly<Record<string, never>>;

/** Names of the domain's topics. */
export const topicNames = { entries: 'assistant.entries' } as const;

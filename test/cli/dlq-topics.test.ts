import { expect, test } from 'vitest';
import { kafkaTopicOf, keyOfJson } from '../../src/cli/dlq-topics.ts';
import { conversationTopics } from '../../src/processors/conversations/domain.ts';

const messages = conversationTopics.find(({ name }) => name === 'conversations.messages')!;

test('a letter goes to the topic that it was read from', () => {
  expect(kafkaTopicOf({ shard: 'kafka/old.conversations.messages/12', topic: 'conversations.messages' }, 'new.')).toBe(
    'old.conversations.messages',
  );
  // Of a file: where such events are read now.
  expect(kafkaTopicOf({ shard: 'conversations.messages/3f1c', topic: 'conversations.messages' }, 'new.')).toBe(
    'new.conversations.messages',
  );
});

test.each([
  ['{"conversation_id":"c1","direction":"sideways"}', 0, 'c1'],
  ['\u0000\u0000\u0000\u0000\u0007{"conversation_id":"c1"}', 5, 'c1'],
  ['{"conversation_id":""}', 0, undefined],
  ['{"conversation_id":7}', 0, undefined],
  ['{"conversation_id":', 0, undefined],
  ['null', 0, undefined],
])('the key of %j', (text, from, key) => {
  expect(keyOfJson(messages, Buffer.from(text), from)).toBe(key);
});

import { expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type * as conversations from '../../src/events/conversations.ts';
import { producerTopics } from '../../src/producer/events.ts';
import type { EventProducer, ProducerEvents, TopicName } from '../../src/producer/index.ts';

/** The compiler runs this file (`npm run types`): what must not compile is marked so, and an unneeded mark fails. */
function wrongCalls(producer: EventProducer): void {
  const rating = { conversation_id: 'c', rating: 5, rated_at: '2026-01-01T00:00:00Z' };
  void producer.send('conversations.ratings', rating);
  void producer.send('conversations.ratings', [rating, rating]);
  // @ts-expect-error: no such topic
  void producer.send('conversations.rating', rating);
  // @ts-expect-error: a field of another type
  void producer.send('conversations.ratings', { ...rating, rating: 'five' });
  // @ts-expect-error: a field that is missing
  void producer.send('conversations.ratings', { conversation_id: 'c', rating: 5 });
  // @ts-expect-error: a field that the topic does not have
  void producer.send('conversations.ratings', { conversation_id: 'c', rating: 5, rated_at: '', note: 'x' });
  // @ts-expect-error: an event of another topic
  void producer.send('conversations.customers', rating);
}

test('the topics that are typed are the topics that there are', () => {
  const typed = {
    'conversations.messages': true,
    'conversations.conversations': true,
    'conversations.customers': true,
    'conversations.clinics': true,
    'conversations.ratings': true,
    'assistant.entries': true,
  } satisfies Record<TopicName, true>;
  expect(Object.keys(typed)).toEqual([...producerTopics().keys()]);
  expect(wrongCalls).toBeTypeOf('function');
});

test('the types are those of the schemas', () => {
  expectTypeOf<ProducerEvents['conversations.messages']>().toEqualTypeOf<z.input<typeof conversations.message>>();
  expectTypeOf<ProducerEvents['conversations.messages']['direction']>().toEqualTypeOf<'in' | 'out'>();
});

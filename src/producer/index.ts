/** `import { createProducer } from 'parley/producer'`: publishes events that Parley counts. */
export { ParleyError } from '../errors.ts';
export { type EventFault, InvalidEventsError } from './check.ts';
export type { ProducerEvents, TopicName } from './events.ts';
export { createProducer, type EventProducer, type ProducerOptions } from './producer.ts';

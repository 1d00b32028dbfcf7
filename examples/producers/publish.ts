import { createProducer } from 'parley/producer';

const producer = createProducer({
  brokers: ['127.0.0.1:9092'],
  format: 'json',
  schemaRegistry: { url: 'http://127.0.0.1:8081' },
});

await producer.send('conversations.messages', {
  message_id: crypto.randomUUID(),
  conversation_id: 'conversation-1',
  customer_id: 'customer-1',
  clinic_code: 'North',
  direction: 'in',
  direction_type: 'initial',
  channel: 'sms',
  message_timestamp: new Date().toISOString(),
  text_length: 42,
});
await producer.close();

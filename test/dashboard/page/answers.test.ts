import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Answers } from '../../../src/dashboard/page/data/answers.ts';
import { queryAddress } from '../../../src/dashboard/page/data/request.ts';

/** A server that counts what it is asked, and answers when it is let. */
let server: FastifyInstance;
let address: string;
let asked: number;
let aborted: number;
let answer: () => Promise<{ status: number; body: unknown }>;

beforeEach(async () => {
  asked = 0;
  aborted = 0;
  answer = async () => ({ status: 200, body: { columns: [], rows: [[asked]], completeThrough: null, elapsedMs: 1 } });
  server = fastify({ forceCloseConnections: true });
  server.get('/q', async (_request, reply) => {
    asked++;
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) aborted++;
    });
    const { status, body } = await answer();
    return reply.code(status).send(body);
  });
  address = `${await server.listen({ host: '127.0.0.1', port: 0 })}/q`;
});
afterEach(() => server.close());

async function settled(answers: Answers): Promise<void> {
  await expect.poll(() => answers.entry(address).isAsking).toBe(false);
}

test('panels with the same question share its answer', async () => {
  const answers = new Answers();
  const heard = [0, 0];
  answers.watch(address, () => heard[0]!++);
  answers.watch(address, () => heard[1]!++);
  answers.want(address);
  answers.want(address);
  await settled(answers);
  answers.want(address);
  expect(answers.entry(address).answer?.rows).toEqual([[1]]);
  expect(asked).toBe(1);
  // Asking, and answered.
  expect(heard).toEqual([2, 2]);
});

test('the old answer stays until the new one is there', async () => {
  const answers = new Answers();
  answers.watch(address, () => {});
  answers.want(address);
  await settled(answers);
  answers.outdate();
  expect(asked).toBe(1);
  answers.want(address);
  expect(answers.entry(address)).toMatchObject({ isAsking: true, answer: { rows: [[1]] } });
  await settled(answers);
  expect(answers.entry(address).answer?.rows).toEqual([[2]]);
});

test('a failure keeps the answer before it, is not asked again by itself, and goes with the next answer', async () => {
  const answers = new Answers();
  const succeed = answer;
  answers.watch(address, () => {});
  answers.want(address);
  await settled(answers);
  answer = async () => ({ status: 503, body: { error: { code: 'PARLEY_WAREHOUSE_BUSY', message: 'Busy.' } } });
  answers.outdate();
  answers.want(address);
  await settled(answers);
  expect(answers.entry(address)).toMatchObject({
    answer: { rows: [[1]] },
    failure: { code: 'PARLEY_WAREHOUSE_BUSY', message: 'Busy.' },
  });
  answers.want(address);
  expect(asked).toBe(2);
  answer = succeed;
  answers.retry(address);
  await settled(answers);
  expect(answers.entry(address).failure).toBeUndefined();
  expect(asked).toBe(3);
});

test('what nobody watches any more is not waited for', async () => {
  const answers = new Answers();
  let isLet = () => {};
  const waiting = new Promise<void>((resolve) => {
    isLet = resolve;
  });
  const succeed = answer;
  answer = async () => {
    await waiting;
    return succeed();
  };
  const leave = answers.watch(address, () => {});
  answers.want(address);
  await expect.poll(() => asked).toBe(1);
  leave();
  await expect.poll(() => aborted).toBe(1);
  isLet();
  expect(answers.entry(address).answer).toBeUndefined();
});

test.each([
  ['no JSON', 200, 'gone', 'UNREADABLE_ANSWER'],
  ['no refusal', 500, 'gone', 'HTTP_500'],
])('an answer that is %s is a failure with a code', async (_what, status, body, code) => {
  const answers = new Answers();
  answer = async () => ({ status, body });
  answers.want(address);
  await settled(answers);
  expect(answers.entry(address).failure?.code).toBe(code);
});

test('a server that is not there is a failure with a code', async () => {
  const answers = new Answers();
  await server.close();
  answers.want(address);
  await settled(answers);
  expect(answers.entry(address).failure?.code).toBe('NO_ANSWER');
});

test('the same question has the same address', () => {
  const span = { from: '2020-01-01', to: '2020-01-31' };
  const where = { domain: 'conversations', query: 'overview' };
  const one = queryAddress(where, span, { clinic: ['a&b', 'c'], channel: ['sms'] });
  expect(one).toBe('/api/query/conversations/overview?from=2020-01-01&to=2020-01-31&channel=sms&clinic=a%26b&clinic=c');
  expect(queryAddress(where, span, { channel: ['sms'], clinic: ['a&b', 'c'] })).toBe(one);
  expect(queryAddress(where, undefined, {})).toBe('/api/query/conversations/overview');
});

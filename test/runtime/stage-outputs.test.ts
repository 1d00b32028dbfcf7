import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { conversationsDomain } from '../../src/processors/conversations/domain.ts';
import type { Context, Domain, Stage, StateSpace } from '../../src/runtime/domain.ts';
import { createTestDriver } from '../../src/testing/index.ts';

/**
 * A stage says which tables it emits to and which internal topics it forwards to, for the lineage. Here real events say it:
 * a table or topic that is left out, or that nothing reaches, fails.
 */
interface Outputs {
  readonly tables: Set<string>;
  readonly forwards: Set<string>;
}

function watched(domain: Domain): { domain: Domain; outputs: Map<string, Outputs> } {
  const outputs = new Map<string, Outputs>();
  const stages = domain.stages.map((stage): Stage => {
    const seen: Outputs = { tables: new Set(), forwards: new Set() };
    outputs.set(stage.name, seen);
    const watching = (context: Context): Context => ({
      now: context.now,
      get: (space, key) => context.get(space, key),
      put: (space, key, state) => context.put(space, key, state),
      count: (what, by) => context.count(what, by),
      reject: (reason, message) => context.reject(reason, message),
      emit(table, sign, row) {
        seen.tables.add(table.name);
        context.emit(table, sign, row);
      },
      forward(topic, key, time, value) {
        seen.forwards.add(topic);
        context.forward(topic, key, time, value);
      },
    });
    // Spaces are known by their identity, so that they are watched in place.
    for (const space of stage.spaces as StateSpace<unknown>[]) {
      const { settle } = space;
      if (settle !== undefined) space.settle = (key, state, context) => settle(key, state, watching(context));
    }
    const { processor } = stage;
    return {
      ...stage,
      processor: {
        reads: (event, read) => processor.reads(event, read),
        process: (event, context) => processor.process(event, watching(context)),
      },
    };
  });
  return { domain: { ...domain, stages }, outputs };
}

test('every stage of conversations reaches the tables and topics that it declares, and no others', async () => {
  const { domain, outputs } = watched(conversationsDomain());
  const driver = createTestDriver({ domain });
  try {
    for (const name of ['clinics', 'customers', 'conversations', 'messages']) {
      const file = new URL(`../../examples/twitter-care/conversations.${name}.ndjson`, import.meta.url);
      for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) driver.send(`conversations.${name}`, line);
    }
    const rated = { conversation_id: 'somebody-else', rating: 5, rated_at: '2020-01-01T00:00:00Z' };
    driver.send('conversations.ratings', rated);
    expect(await driver.drain()).toBe(true);
  } finally {
    await driver.close();
  }
  for (const { name, tables, forwards } of domain.stages) {
    const seen = outputs.get(name)!;
    expect([...seen.tables].sort(), name).toEqual(tables?.map((table) => table.name).sort());
    expect([...seen.forwards].sort(), name).toEqual([...(forwards ?? [])].sort());
  }
  const declared = domain.stages.flatMap(({ tables = [] }) => tables.map((table) => table.name));
  expect(declared.sort()).toEqual(domain.tables.map((table) => table.name).sort());
});

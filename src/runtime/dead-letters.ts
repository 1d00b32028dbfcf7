import type { Envelope, SourceRecord } from '../source/source.ts';
import type { DeadLetter, Plan } from '../state/journal.ts';
import type { TableRows } from '../warehouse/delivery.ts';
import { landingDeadLetters } from '../warehouse/orchestrator-tables.ts';
import type { RejectedRecord } from './batch.ts';

/** The rows of orchestrator.dead_letters for what a batch refused: delivered with it, so once, like its facts. */
export function deadLetterRows(app: string, stage: string, plan: Plan, rejected: readonly RejectedRecord[]): TableRows {
  return {
    table: landingDeadLetters,
    signs: rejected.map(() => 1),
    rows: rejected.map(({ record, code, message }) => {
      const bytes = record.bytes();
      const { key, schema } = envelopeOf(record);
      return {
        app,
        stage,
        topic: record.topic,
        shard: record.shard,
        offset: record.offset,
        code,
        message,
        bytes,
        size: bytes.length,
        event_time: Number.isFinite(record.time) ? record.time : null,
        dead_at: plan.now,
        plan: plan.number,
        replayed_at: null,
        record_key: key,
        schema_header: schema,
      };
    }),
  };
}

/** The same for a journal that has a topic for them: committed with the batch, so once. */
export function deadLettersOf(rejected: readonly RejectedRecord[]): DeadLetter[] {
  return rejected.map(({ record, code, message }) => {
    const { topic, shard, offset } = record;
    return { topic, shard, offset, code, message, bytes: record.bytes(), envelope: envelopeOf(record) };
  });
}

function envelopeOf(record: SourceRecord): Envelope {
  return record.envelope?.() ?? { key: null, schema: null };
}

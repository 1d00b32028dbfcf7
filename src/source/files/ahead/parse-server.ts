import type { MessagePort } from 'node:worker_threads';
import type { Topic } from '../../../runtime/domain.ts';
import { EventPacker } from './event-packer.ts';
import type { PackedEvents } from './packed-events.ts';

export interface ParseRequest {
  readonly topic: string;
  readonly bytes: ArrayBuffer;
}

/** In the order of the requests. Without events the block is to be read by who asked. */
export interface ParseAnswer {
  readonly events: PackedEvents | undefined;
}

/** The thread's side of `ParseThread`. An error ends the thread; the other side reads on by itself. */
export function serveParsing(port: MessagePort, topics: readonly Topic[]): void {
  const packer = new EventPacker(topics);
  port.on('message', ({ topic, bytes }: ParseRequest) => {
    const events = packer.pack(topic, Buffer.from(bytes));
    const moved = events === undefined ? [] : [events.lines, events.times, events.cells, events.doubles];
    port.postMessage(
      { events } satisfies ParseAnswer,
      moved.map(({ buffer }) => buffer as ArrayBuffer),
    );
  });
}

/** Takes one event: its topic, and its line without the line feed. */
export type Emit = (topic: string, line: string) => void;

/** Makes events, the same ones for the same options. */
export interface EventGenerator {
  readonly topics: readonly string[];
  readonly messages: number;
  /** Events so far, of all topics that are wanted. */
  readonly events: number;
  /** When the last event was made, milliseconds since 1970. */
  readonly time: number;
  /** Goes on for so many steps, if there are so many; false when the end is reached and all has arrived. */
  run(steps: number, emit: Emit): boolean;
}

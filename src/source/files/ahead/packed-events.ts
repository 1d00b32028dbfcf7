/**
 * The events of a block of lines as the thread that parsed them hands them over. Objects would be copied one by one, which
 * costs more than to parse them again; this is a few arrays of numbers, which are moved, and a list of texts, each of
 * which stands in it once.
 */
export interface PackedEvents {
  /** Numbers for each line that is not empty, `lineWidth` of them: see below. */
  readonly lines: Int32Array;
  /** Of each line, the time of its event, milliseconds since 1970. */
  readonly times: Float64Array;
  /** The fields of all events, one after the other, in the order of their shape. What a cell means, its kind says. */
  readonly cells: Int32Array;
  readonly doubles: Float64Array;
  readonly texts: string[];
  readonly values: readonly unknown[];
  /** Shapes that were not among those of an earlier block; they are numbered through. */
  readonly shapes: readonly Shape[];
}

/**
 * Of a line: where it starts, where it ends (without newline and carriage return), where the next one begins, the shape
 * of its event (-1 where the thread left it alone), and the place of the event's first cell.
 */
export const lineWidth = 5;

/** The names and kinds of the fields of an event, in their order. */
export interface Shape {
  readonly topic: string;
  /** The field that is the event's key. */
  readonly key: string;
  readonly names: readonly string[];
  /** A letter for each name. */
  readonly kinds: string;
}

/** What a cell is. */
export const kinds = {
  /** A place in `texts`. */
  text: 't',
  /** The number itself. */
  integer: 'i',
  /** A place in `doubles`. */
  double: 'd',
  /** 0 or 1. */
  boolean: 'b',
  /** A place in `values`: lists, objects, null. */
  value: 'v',
} as const;

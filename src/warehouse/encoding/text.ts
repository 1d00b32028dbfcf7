/**
 * Growing bytes that strings are appended to, as ClickHouse writes them: the length in bytes as a varint, then UTF-8.
 *
 * Almost every string here is a short ASCII identifier, and a call into `Buffer.write` costs more than such a string
 * has characters. So it is copied by character code, and only one that turns out not to be ASCII is written again by
 * `utf8Write`, which puts the replacement character for a lone surrogate.
 */
export class TextBuffer {
  #bytes = Buffer.allocUnsafeSlow(4096);
  #length = 0;

  begin(): void {
    this.#length = 0;
  }

  append(text: string): void {
    const size = text.length;
    // UTF-8 takes at most three bytes for a UTF-16 unit; a varint of a length below 2^35 takes at most five.
    if (this.#length + size * 3 + 5 > this.#bytes.length) this.#grow(size * 3 + 5);
    const bytes = this.#bytes;
    if (size < 128) {
      const at = this.#length + 1;
      let seen = 0;
      for (let index = 0; index < size; index++) {
        const code = text.charCodeAt(index);
        seen |= code;
        bytes[at + index] = code;
      }
      if (seen < 128) {
        bytes[at - 1] = size;
        this.#length = at + size;
        return;
      }
    }
    this.#length = writeVarint(bytes, this.#length, Buffer.byteLength(text));
    this.#length += bytes.write(text, this.#length, 'utf8');
  }

  /** Bytes as they came, which need not be text: a String of ClickHouse holds any. */
  appendBytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length + 5 > this.#bytes.length) this.#grow(bytes.length + 5);
    this.#length = writeVarint(this.#bytes, this.#length, bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  part(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + needed));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Writes an unsigned integer below 2^53 as a varint; returns where it ends. */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest > 127) {
    bytes[position++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  bytes[position++] = rest;
  return position;
}

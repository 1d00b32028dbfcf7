/** LevelDB's numbers of variable length, least significant seven bits first. Fails with a RangeError at the end. */
export function varintAt(bytes: Buffer, start: number): [value: number, next: number] {
  let value = 0;
  for (let at = start, scale = 1; ; at++, scale *= 128) {
    const byte = bytes.readUInt8(at);
    value += (byte & 0x7f) * scale;
    if (byte < 128) return [value, at + 1];
  }
}

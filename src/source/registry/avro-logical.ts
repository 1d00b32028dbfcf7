import { MisfitError } from './avro-cursor.ts';

/** What Avro's logical types become: what JSON events would have in the same place. */
export type Convert = (value: unknown) => unknown;

interface LogicalSchema {
  readonly logicalType: string;
  readonly scale?: number;
}

/** Undefined for a logical type that is read as what it is made of. */
export function conversionOf({ logicalType, scale = 0 }: LogicalSchema): Convert | undefined {
  switch (logicalType) {
    case 'timestamp-millis':
      return (value) => isoTime(Number(value));
    case 'timestamp-micros':
      return (value) => isoTime(Math.floor(Number(value) / 1e3));
    case 'timestamp-nanos':
      return (value) => isoTime(Number(BigInt(value as number | string) / 1_000_000n));
    // A time of the day where the writer was: nobody knows when that was, so the event's own check refuses it.
    case 'local-timestamp-millis':
      return (value) => isoTime(Number(value)).slice(0, -1);
    case 'local-timestamp-micros':
      return (value) => isoTime(Math.floor(Number(value) / 1e3)).slice(0, -1);
    case 'date':
      return (value) => isoTime(Number(value) * 86_400_000).slice(0, -14);
    case 'time-millis':
      return (value) => isoTime(Number(value)).slice(11, -1);
    case 'time-micros':
      return (value) => isoTime(Math.floor(Number(value) / 1e3)).slice(11, -1);
    case 'decimal':
      return (value) => decimalText(value as Buffer, scale);
    case 'uuid':
      return (value) => (typeof value === 'string' ? value : uuidText(value as Buffer));
    default:
      return undefined;
  }
}

/** Milliseconds since 1970 as ISO 8601 in UTC. */
function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) throw new MisfitError(`a time that no calendar has: ${milliseconds} ms`);
  return date.toISOString();
}

/** Two's complement, big-endian, as decimal digits with `scale` of them after the point. */
function decimalText(bytes: Buffer, scale: number): string {
  if (bytes.length === 0) return '0';
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

import type { ComponentChildren } from 'preact';
import type { Unit } from '../../contract.ts';
import { formatUtc } from '../format/time.ts';
import { formatValue } from '../format/value.ts';

interface ValueProps {
  readonly value: unknown;
  readonly unit: Unit;
  /** As the column writes it, when that is another way than the unit's own. */
  readonly text?: string;
}

/** A value as people read it, with the exact one for machines, and for who points at it. */
export function Value({ value, unit, text = formatValue(value, unit) }: ValueProps) {
  if (unit === 'time' && typeof value === 'string' && value !== '') {
    return (
      <time dateTime={value} title={formatUtc(value)}>
        {text}
      </time>
    );
  }
  if (typeof value !== 'number') return <span>{breakable(text)}</span>;
  return (
    <data value={value} title={isRounded(unit) ? `${value} ${unit}` : undefined}>
      {text}
    </data>
  );
}

/** Names of machines are long: they may be broken after a dot, a hyphen or an underscore. */
function breakable(text: string): ComponentChildren {
  const parts = text.split(/(?<=[\p{L}\p{N}][._-])(?=[\p{L}\p{N}])/u);
  if (text.length <= 40 || parts.length === 1) return text;
  return parts.flatMap((part, index) => (index === 0 ? [part] : [<wbr key={index} />, part]));
}

function isRounded(unit: Unit): boolean {
  return unit === 'seconds' || unit === 'minutes' || unit === 'hours' || unit === 'bytes';
}

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
  if (typeof value !== 'number') return <span>{text}</span>;
  return (
    <data value={value} title={isRounded(unit) ? `${value} ${unit}` : undefined}>
      {text}
    </data>
  );
}

function isRounded(unit: Unit): boolean {
  return unit === 'seconds' || unit === 'minutes' || unit === 'hours' || unit === 'bytes';
}

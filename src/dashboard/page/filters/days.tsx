import { useState } from 'preact/hooks';
import { type Span, withAllDays, withLastDays, withSpan } from '../address.ts';
import { formatDay, isDay } from '../format/time.ts';
import { useSession } from '../session.ts';

const quickChoices = [7, 30, 90];

/** Which days: the last so many before the last day with data, all, or from one to another. */
export function Days({ span, known }: { readonly span: Span; readonly known: Span }) {
  const { address, go } = useSession();
  const isAll = address.lastDays === undefined && address.from === undefined && address.to === undefined;
  return (
    <fieldset class="days">
      <legend class="unseen">Days</legend>
      <div class="segments">
        {quickChoices.map((count) => (
          <button
            key={count}
            type="button"
            aria-pressed={address.lastDays === count}
            title={`The last ${count} days with data, to ${formatDay(known.to)}`}
            onClick={() => go(withLastDays(address, count))}
          >
            {count} days
          </button>
        ))}
        <button
          type="button"
          aria-pressed={isAll}
          title={`${formatDay(known.from)} to ${formatDay(known.to)}`}
          onClick={() => go(withAllDays(address))}
        >
          All
        </button>
      </div>
      <div class="between">
        <DayField
          label="From"
          value={span.from}
          onChoose={(from) => go(withSpan(address, { from, to: latest(from, span.to) }))}
        />
        <span aria-hidden="true">–</span>
        <DayField
          label="To"
          value={span.to}
          onChoose={(to) => go(withSpan(address, { from: earliest(span.from, to), to }))}
        />
      </div>
    </fieldset>
  );
}

interface DayFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChoose: (day: string) => void;
}

/** Typing a year passes through years such as 0002: a day counts when the person leaves the field or presses Enter. */
function DayField({ label, value, onChoose }: DayFieldProps) {
  const [draft, setDraft] = useState<string>();
  function settle(): void {
    if (draft !== undefined && isDay(draft) && draft !== value) onChoose(draft);
    setDraft(undefined);
  }
  return (
    <input
      type="date"
      aria-label={label}
      required
      value={draft ?? value}
      onInput={({ currentTarget }) => setDraft(currentTarget.value)}
      onBlur={settle}
      onKeyDown={({ key }) => key === 'Enter' && settle()}
    />
  );
}

/** Who chooses an end before the beginning means that one day, and the other way round. */
function earliest(left: string, right: string): string {
  return left < right ? left : right;
}

function latest(left: string, right: string): string {
  return left > right ? left : right;
}

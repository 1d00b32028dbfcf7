import type { Panel } from '../../contract.ts';
import { type Span, withAllDays } from '../address.ts';
import type { Failure } from '../data/request.ts';
import { formatDay } from '../format/time.ts';
import { filtersOf, type Place } from '../places.ts';
import { useSession } from '../session.ts';

interface FailedProps {
  readonly failure: Failure;
  readonly retry?: () => void;
}

export function Failed({ failure, retry }: FailedProps) {
  return (
    <div class="state" data-state="failed" role="alert">
      <p class="state-title">
        This could not be answered <code>{failure.code}</code>
      </p>
      <p>{failure.message}</p>
      {failure.expected !== undefined && (
        <p class="state-detail">
          Expected {failure.expected}
          {failure.received !== undefined && `; received ${failure.received}`}
        </p>
      )}
      <p>{failure.action}</p>
      {retry !== undefined && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** The last answer is still shown, but a newer one could not be had. */
export function NotRefreshed({ failure, retry }: Required<FailedProps>) {
  return (
    <p class="not-refreshed" role="status">
      These figures are not the newest: {failure.message} <code>{failure.code}</code>{' '}
      <button type="button" class="textual" onClick={retry}>
        Try again
      </button>
    </p>
  );
}

interface NothingProps {
  readonly place: Place;
  readonly panel: Panel;
  readonly span: Span | undefined;
}

/** No rows: says what was asked, and offers a way out. */
export function Nothing({ place, panel, span }: NothingProps) {
  const { pages, address, go } = useSession();
  const known = pages.days[place.domain.domain];
  const isNarrowedByDays = span !== undefined && known && (span.from > known.first || span.to < known.last);
  const chosen = filtersOf(place).filter(({ name }) => address.chosen[name] !== undefined);
  return (
    <div class="state" data-state="empty">
      <p class="state-title">
        {span === undefined || (panel.empty !== undefined && !isNarrowedByDays)
          ? (panel.empty ?? 'Nothing here yet')
          : `Nothing in these days: ${formatDay(span.from)} to ${formatDay(span.to)}`}
      </p>
      {chosen.length > 0 && (
        <p>
          With{' '}
          {chosen.map(({ name, label }) => `${label.toLowerCase()} ${address.chosen[name]!.join(', ')}`).join('; ')}.
        </p>
      )}
      {span !== undefined && known && (panel.empty === undefined || isNarrowedByDays) && (
        <p class="state-detail">
          There is data from {formatDay(known.first)} to {formatDay(known.last)}.
        </p>
      )}
      <div class="state-ways">
        {isNarrowedByDays && (
          <button type="button" class="button" onClick={() => go(withAllDays(address))}>
            Show all days
          </button>
        )}
        {chosen.length > 0 && (
          <button type="button" class="button" onClick={() => go({ ...address, chosen: {} })}>
            Clear the filters
          </button>
        )}
      </div>
    </div>
  );
}

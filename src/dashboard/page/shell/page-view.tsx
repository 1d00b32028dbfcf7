import { useEffect, useMemo, useRef } from 'preact/hooks';
import { type Address, type Span, spanOf, writeAddress } from '../address.ts';
import { FilterBar } from '../filters/filter-bar.tsx';
import { formatDay, formatTime, formatUtc } from '../format/time.ts';
import { PanelView } from '../panels/panel.tsx';
import { filtersOf, heedsDays, type Place } from '../places.ts';
import { useSession } from '../session.ts';
import { NoData } from './whole-page-states.tsx';

/** A page: its question, its filters, its panels. */
export function PageView({ place }: { readonly place: Place }) {
  const { domain, page } = place;
  const { pages, address, announce } = useSession();
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(page.path);
  const known = pages.days[domain.domain] ?? null;
  const through = pages.completeThrough[domain.domain];
  const span = useMemo(
    () => (known === null || !heedsDays(place) ? undefined : spanOf(address, { from: known.first, to: known.last })),
    [known, address, place],
  );

  useEffect(() => {
    document.title = `${page.title} · ${domain.title} · Parley`;
    if (shown.current === page.path) return;
    shown.current = page.path;
    // A reader's place is the new page's beginning, as if the browser had loaded it.
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, [page, domain]);

  const asked = writeAddress(address);
  const announced = useRef(asked);
  useEffect(() => {
    if (announced.current === asked) return;
    announced.current = asked;
    announce(describeChoice(place, span, address));
  });

  return (
    <main id="content" tabIndex={-1}>
      <div class="page-head">
        <p class="page-place">
          {domain.title}
          {page.title !== domain.title && (
            <>
              {' '}
              <span aria-hidden="true">/</span> {page.title}
            </>
          )}
          {through !== undefined && (
            <span class="page-through">
              {' '}
              complete through{' '}
              <time dateTime={through} title={formatUtc(through)}>
                {formatTime(through)}
              </time>
            </span>
          )}
        </p>
        <h1 ref={heading} tabIndex={-1}>
          {page.question}
        </h1>
      </div>
      <FilterBar place={place} span={span} />
      {known === null && (heedsDays(place) || domain.toFill !== undefined) ? (
        <NoData domain={domain} />
      ) : (
        <div class="panels">
          {page.panels.map((panel, index) => (
            <PanelView key={`${page.path}/${index}`} place={place} panel={panel} span={span} />
          ))}
        </div>
      )}
    </main>
  );
}

/** What is shown, for who does not see the filters. */
function describeChoice(place: Place, span: Span | undefined, { chosen }: Address): string {
  const days = span === undefined ? [] : [`${formatDay(span.from)} to ${formatDay(span.to)}`];
  const filters = filtersOf(place).flatMap(({ name, label }) =>
    chosen[name] === undefined ? [] : [`${label.toLowerCase()} ${chosen[name].join(', ')}`],
  );
  return `${place.page.title}: ${[...days, ...filters].join('; ') || 'everything'}`;
}

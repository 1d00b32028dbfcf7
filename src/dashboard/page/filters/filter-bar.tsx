import type { Span } from '../address.ts';
import { withAllDays } from '../address.ts';
import { filtersOf, heedsDays, type Place } from '../places.ts';
import { useSession } from '../session.ts';
import { Choices } from './choices.tsx';
import { Days } from './days.tsx';

/** What the page is narrowed by. All of it stands in the address. */
export function FilterBar({ place, span }: { readonly place: Place; readonly span: Span | undefined }) {
  const { pages, address, go } = useSession();
  const filters = filtersOf(place);
  const known = pages.days[place.domain.domain] ?? null;
  const hasDays = heedsDays(place) && known !== null && span !== undefined;
  if (!hasDays && filters.length === 0) return <div class="filters" data-empty="true" />;
  const isNarrowed =
    filters.some(({ name }) => address.chosen[name] !== undefined) ||
    (hasDays && (address.lastDays ?? address.from ?? address.to) !== undefined);
  return (
    <section class="filters" aria-label="Filters">
      {hasDays && <Days span={span} known={{ from: known.first, to: known.last }} />}
      {filters.map((filter) => (
        <Choices key={`${place.domain.domain}/${filter.name}`} place={place} filter={filter} />
      ))}
      <button
        type="button"
        class="filters-reset"
        disabled={!isNarrowed}
        onClick={() => go(withAllDays({ path: address.path, chosen: {} }))}
      >
        Reset
      </button>
    </section>
  );
}

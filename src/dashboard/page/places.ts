import type { DomainPages, FilterSpec, Page, Pages } from '../contract.ts';
import type { Address, Span } from './address.ts';

/** A page and the domain that it belongs to. */
export interface Place {
  readonly domain: DomainPages;
  readonly page: Page;
}

/** Whether a person has yet to give the domain its first data. */
export function isUnfilled({ days }: Pages, { domain, toFill }: DomainPages): boolean {
  return toFill !== undefined && !days[domain];
}

/** In their order; once one has data, those without any are last. */
export function orderedDomains(pages: Pages): readonly DomainPages[] {
  const { domains, days } = pages;
  if (!domains.some(({ domain, toFill }) => toFill !== undefined && days[domain])) return domains;
  return [...domains].sort((one, other) => Number(isUnfilled(pages, one)) - Number(isUnfilled(pages, other)));
}

/** The page at an address; the first one at `/`; undefined when there is none. */
export function placeOf(pages: Pages, path: string): Place | undefined {
  for (const domain of orderedDomains(pages)) {
    const page = domain.pages.find((one) => path === '' || one.path === path);
    if (page !== undefined) return { domain, page };
  }
  return undefined;
}

/** The filters that a page heeds, besides the days. */
export function filtersOf({ domain, page }: Place): FilterSpec[] {
  return domain.filters.filter(({ name }) => page.filters.includes(name));
}

export function heedsDays({ page }: Place): boolean {
  return page.filters.includes('days');
}

/** Of all that the address chooses, what this page heeds. */
export function heeded(
  place: Place,
  chosen: Readonly<Record<string, readonly string[]>>,
): Record<string, readonly string[]> {
  const names = filtersOf(place).map(({ name }) => name);
  return Object.fromEntries(names.flatMap((name) => (chosen[name] === undefined ? [] : [[name, chosen[name]]])));
}

/** Whether the page shows less than there is. */
export function isNarrowedBy(place: Place, pages: Pages, span: Span | undefined, { chosen }: Address): boolean {
  const known = pages.days[place.domain.domain];
  const isShorter = span !== undefined && known && (span.from > known.first || span.to < known.last);
  return Boolean(isShorter) || Object.keys(heeded(place, chosen)).length > 0;
}

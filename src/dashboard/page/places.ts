import type { DomainPages, FilterSpec, Page, Pages } from '../contract.ts';

/** A page and the domain that it belongs to. */
export interface Place {
  readonly domain: DomainPages;
  readonly page: Page;
}

/** The page at an address; the first one at `/`; undefined when there is none. */
export function placeOf({ domains }: Pages, path: string): Place | undefined {
  for (const domain of domains) {
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

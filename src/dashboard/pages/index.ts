import type { DomainPages } from '../contract.ts';
import { conversationsPages } from './conversations.ts';
import { operatorsPages } from './operators.ts';

/** The registry: the pages of a new domain are a new line here, and its questions a folder in `clickhouse/dashboard/`. */
const registry: readonly DomainPages[] = [conversationsPages];

/** The pages of the domains that run, in the registry's order, and the operators' last. */
export function pagesOf(domains: readonly string[]): DomainPages[] {
  return [...registry.filter(({ domain }) => domains.includes(domain)), operatorsPages];
}

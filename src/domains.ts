import { ParleyError } from './errors.ts';
import { claudeCode } from './import/claude-code.ts';
import { assistantDomain } from './processors/assistant/domain.ts';
import type { AssistantOptions } from './processors/assistant/options.ts';
import { conversationsDomain } from './processors/conversations/domain.ts';
import type { ConversationsOptions } from './processors/conversations/options.ts';
import type { Domain } from './runtime/domain.ts';

/** What the domains need of the configuration. */
export interface DomainsConfiguration {
  /** Names of the domains that run; all when left out. */
  readonly domains?: readonly string[];
  readonly conversations?: Partial<ConversationsOptions>;
  readonly assistant?: Partial<AssistantOptions>;
}

/** The registry: a new domain is a new line here, and nothing else outside its own folders. */
const registry: Readonly<Record<string, (configuration: DomainsConfiguration) => Domain>> = {
  conversations: (configuration) => conversationsDomain(configuration.conversations),
  assistant: ({ assistant }) => ({
    ...assistantDomain(assistant),
    formats: [claudeCode({ keepsBytes: assistant?.storeText ?? false })],
  }),
};

export const domainNames: readonly string[] = Object.keys(registry);

/** The domains that run, in the registry's order. Fails with PARLEY_CONFIGURATION for a name that is none. */
export function allDomains(configuration: DomainsConfiguration = {}): Domain[] {
  const wanted = configuration.domains ?? domainNames;
  const unknown = wanted.filter((name) => !domainNames.includes(name));
  if (unknown.length > 0 || wanted.length === 0) {
    throw new ParleyError('PARLEY_CONFIGURATION', 'The configured domains cannot run', {
      expected: `one or more of ${domainNames.join(', ')}`,
      received: wanted.join(', ') || 'none',
      where: 'domains',
    });
  }
  return domainNames.filter((name) => wanted.includes(name)).map((name) => registry[name]!(configuration));
}

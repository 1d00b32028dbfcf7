import type { ComponentChildren } from 'preact';
import { type Address, writeAddress } from '../address.ts';
import { useSession } from '../session.ts';

interface LinkProps {
  readonly to: Address;
  readonly class?: string;
  readonly isCurrent?: boolean;
  readonly onFollow?: () => void;
  readonly children: ComponentChildren;
}

/** A link within the page: a real one, so that it can be copied and opened in another tab. */
export function Link({ to, class: className, isCurrent = false, onFollow, children }: LinkProps) {
  const { go } = useSession();
  function follow(event: MouseEvent): void {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
    onFollow?.();
  }
  return (
    <a href={writeAddress(to)} class={className} aria-current={isCurrent ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}

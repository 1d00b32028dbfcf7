import { ParleyError } from '../errors.ts';

/**
 * Everything comes from this server, and no script stands in the page itself. Styles may: the charts (Observable Plot)
 * write theirs into their own pictures.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Whether an address to listen on is of the loopback interface. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * A server on the loopback interface is asked by this machine's own names. Another name in `Host` is that of a web page
 * elsewhere, whose name has been pointed at 127.0.0.1 so that its scripts may read what is here (DNS rebinding). Bound to
 * other interfaces, the names are the operator's own, and not known. `address` is what the server is bound to, `host` the
 * name that it was configured with. Fails with PARLEY_HOST_REFUSED.
 */
export function checkHost(header: string | undefined, { address, host }: { address: string; host: string }): void {
  if (!isLoopback(address)) return;
  const name = nameOf(header ?? '');
  if (name === host.toLowerCase() || isLoopback(name)) return;
  throw new ParleyError('PARLEY_HOST_REFUSED', 'This server answers to the names of its own machine only', {
    expected: [...new Set(['localhost', '127.0.0.1', '[::1]', host])].join(', '),
    received: (header ?? 'no Host header').slice(0, 200),
  });
}

/** Of `name:port`, `name`, `[address]:port`. */
function nameOf(header: string): string {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([^:\s]+))(?::\d+)?$/i.exec(header) ?? [];
  return (address ?? name ?? '').toLowerCase();
}

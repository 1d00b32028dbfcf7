import type { DomainPages } from '../../contract.ts';
import type { Failure } from '../data/request.ts';
import { useSession } from '../session.ts';
import { Link } from './link.tsx';

/** States in which there is no page to draw. */

export function PagesFailed({ failure, retry }: { readonly failure: Failure; readonly retry: () => void }) {
  return (
    <main id="content" class="whole">
      <h1>The pages could not be loaded</h1>
      <p role="alert">
        <code>{failure.code}</code> {failure.message}
      </p>
      <p>{failure.action}</p>
      <button type="button" class="button" onClick={retry}>
        Try again
      </button>
    </main>
  );
}

export function LostPage() {
  const { address } = useSession();
  return (
    <main id="content" class="whole" tabIndex={-1}>
      <h1>There is no such page</h1>
      <p>
        Nothing is at <code>/{address.path}</code>. It may belong to a domain that this Parley does not run.
      </p>
      <Link to={{ path: '', chosen: {} }} class="button">
        Go to the first page
      </Link>
    </main>
  );
}

export function NoPages() {
  return (
    <main id="content" class="whole" tabIndex={-1}>
      <h1>No domain has pages here</h1>
      <p>
        The configuration key <code>domains</code> says which domains run.
      </p>
    </main>
  );
}

export function NoData({ domain: { toFill } }: { readonly domain: DomainPages }) {
  return (
    <div class="whole">
      <h2>Nothing is counted yet</h2>
      <p>This page fills by itself as soon as the first events are counted. {toFill?.text}</p>
      {toFill !== undefined && (
        <p>
          <code>{toFill.command}</code>
        </p>
      )}
    </div>
  );
}

import { useEffect, useState } from 'preact/hooks';
import { isUnfilled, orderedDomains, type Place } from '../places.ts';
import { useSession } from '../session.ts';
import { Link } from './link.tsx';

/** All pages, by domain. On a narrow screen it opens from a button. */
export function Navigation({ place }: { readonly place: Place | undefined }) {
  const { pages, address } = useSession();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false);
    };
    addEventListener('keydown', close);
    return () => removeEventListener('keydown', close);
  }, [isOpen]);
  return (
    <nav class="navigation" aria-label="Pages" data-open={isOpen}>
      <button
        type="button"
        class="navigation-switch"
        aria-expanded={isOpen}
        aria-controls="pages"
        onClick={() => setOpen(!isOpen)}
      >
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 5.5h14M3 10h14M3 14.5h14" />
        </svg>
        {place === undefined ? 'Pages' : `${place.domain.title}: ${place.page.title}`}
      </button>
      <div id="pages" class="navigation-pages">
        {orderedDomains(pages).map((domain) => (
          <section key={domain.domain} aria-labelledby={`domain-${domain.domain}`}>
            <h2 id={`domain-${domain.domain}`}>
              {domain.title}
              {isUnfilled(pages, domain) && <span class="navigation-hint"> no data yet</span>}
            </h2>
            <ul>
              {domain.pages.map((page) => (
                <li key={page.path}>
                  <Link
                    to={{ ...address, path: page.path, chosen: domain === place?.domain ? address.chosen : {} }}
                    isCurrent={page === place?.page}
                    onFollow={() => setOpen(false)}
                  >
                    {page.title}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </nav>
  );
}

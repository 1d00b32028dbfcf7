import { useState } from 'preact/hooks';
import type { Connection } from '../data/updates.ts';
import { formatRecent, formatUtc } from '../format/time.ts';
import { useSession } from '../session.ts';
import { applyTheme, storedTheme, type Theme } from '../theme.ts';
import { Link } from './link.tsx';

interface MastheadProps {
  readonly connection: Connection;
  readonly completeThrough: string | null;
}

export function Masthead({ connection, completeThrough }: MastheadProps) {
  const { address } = useSession();
  return (
    <header class="masthead">
      <Link to={{ ...address, path: '' }} class="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path
            d="M6 7a3 3 0 0 1 3-3h14a3 3 0 0 1 3 3v11a3 3 0 0 1-3 3h-7.5L9 27v-6a3 3 0 0 1-3-3z"
            class="brand-shape"
          />
          <path d="M11.5 16.5v-3M16 16.5v-8M20.5 16.5v-5" class="brand-bars" />
        </svg>
        Parley
      </Link>
      <LiveMark connection={connection} completeThrough={completeThrough} />
      <ThemeSwitch />
    </header>
  );
}

const connectionTexts: Record<Connection, string> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
};

function LiveMark({ connection, completeThrough }: MastheadProps) {
  return (
    <p class="live" data-connection={connection}>
      <span class="live-dot" aria-hidden="true" />
      <span class="live-state">{connectionTexts[connection]}</span>
      {completeThrough !== null && (
        <span class="live-through">
          complete through{' '}
          <time dateTime={completeThrough} title={formatUtc(completeThrough)}>
            {formatRecent(completeThrough, new Date())}
          </time>
        </span>
      )}
    </p>
  );
}

const themes: readonly { readonly theme: Theme; readonly label: string; readonly path: string }[] = [
  { theme: 'system', label: 'As the system', path: 'M3 4h14v9H3zM7 16h6M10 13v3' },
  {
    theme: 'light',
    label: 'Light',
    path: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100',
  },
  { theme: 'dark', label: 'Dark', path: 'M16.5 11.800A7 7 0 0 1 8.200 3.5a7 7 0 1 0 8.300 8.300z' },
];

function ThemeSwitch() {
  const [chosen, setChosen] = useState(storedTheme);
  return (
    <fieldset class="theme">
      <legend class="unseen">Colours</legend>
      {themes.map(({ theme, label, path }) => (
        <label key={theme} title={label}>
          <input
            type="radio"
            name="theme"
            value={theme}
            checked={chosen === theme}
            onChange={() => {
              applyTheme(theme);
              setChosen(theme);
            }}
          />
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d={path} />
          </svg>
          <span class="unseen">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** The person's choice is kept on this machine; without one the system's is followed. */
export type Theme = 'system' | 'light' | 'dark';

const place = 'parley.theme';

export function storedTheme(): Theme {
  try {
    const text = localStorage.getItem(place);
    return text === 'light' || text === 'dark' ? text : 'system';
  } catch {
    // Storage can be forbidden; the page then follows the system.
    return 'system';
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem(place);
    else localStorage.setItem(place, theme);
  } catch {
    // As above: the choice then holds until the page is loaded again.
  }
}

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page in a context of its own, and all that went wrong on it. */
export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[];
  /** Requests to anything but the site. */
  readonly elsewhere: string[];
  close(): Promise<void>;
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: url,
    // So high that every panel is on the screen: only what is near to it is asked.
    viewport: { width: 1280, height: 3000 },
    locale: 'en-GB',
    timezoneId: 'Europe/London',
    colorScheme: 'light',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  await context.route('**/*', async (route) => {
    const address = route.request().url();
    if (address.startsWith(`${url}/`)) return route.fallback();
    elsewhere.push(address);
    return route.abort();
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, complaints, elsewhere, close: () => context.close() };
}

/** Waits until every panel has been answered and drawn. */
export async function settle(page: Page): Promise<void> {
  await page.locator('h1').waitFor();
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.panel')].every(
      (panel) =>
        panel.matches('[aria-busy="false"][data-waiting="false"]') &&
        panel.querySelector('.figures, table, .drawing > *, .graph svg, .state') !== null,
    ),
  );
}

/** The exact value of a figure. */
export async function figure(page: Page, column: string): Promise<number> {
  const value = await page.locator(`.figure[data-column="${column}"] data`).first().getAttribute('value');
  return Number(value);
}

import sparticuz from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Flags of npm's Chromium that make it another browser than people have, or draw with a simulated graphics card, slowly. */
const unwanted = new Set([
  '--single-process',
  '--no-zygote',
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--in-process-gpu',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
]);

/** A real browser, from npm. Fails saying what to install when the machine lacks a library that it needs. */
export async function launchBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({
      args: [...sparticuz.args.filter((flag) => !unwanted.has(flag)), '--disable-gpu'],
      executablePath: await sparticuz.executablePath(),
      headless: true,
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const missing = [
      ...new Set([...text.matchAll(/(lib[\w.+-]+\.so[\w.]*): cannot open shared object/g)].map(([, name]) => name)),
    ];
    if (missing.length === 0) throw error;
    throw new Error(
      `Chromium needs ${missing.join(', ')}. On Debian and Ubuntu: apt-get install libnss3 libnspr4 libatk1.0-0 libdrm2 libgbm1 libxkbcommon0`,
      { cause: error },
    );
  }
}

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

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';

/**
 * The README's pictures of the dashboard, taken from what `npm start` shows, into docs/images/; and how long it took from
 * `npm start` until the first answer, and all of them, stood on the screen.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs', 'images');
/** A README is fetched by everybody who looks at it. */
const bytesMax = 200 * 1024;
const startMaxMs = 120_000;
/** Messages of the sample, in which all other events of its conversations end. */
const messagesOfSample = 1164;

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly theme: 'light' | 'dark';
  readonly height: number;
  /** Wide as a phone, instead of 1200 pixels. */
  readonly width?: number;
  /** The only box of a graph that is shown, with what leads to it and what follows from it. */
  readonly around?: string;
}

const pictures: readonly Picture[] = [
  { name: 'overview', path: '/conversations/overview?days=90', theme: 'light', height: 900 },
  { name: 'response-times-dark', path: '/conversations/response-times?days=90', theme: 'dark', height: 900 },
  { name: 'themes', path: '/conversations/themes?days=90', theme: 'light', height: 760 },
  { name: 'operators', path: '/operators/work', theme: 'light', height: 820 },
  {
    name: 'lineage',
    path: '/orchestrator/lineage',
    theme: 'light',
    height: 440,
    around: 'conversations.agg_engagement_daily',
  },
  { name: 'overview-phone', path: '/conversations/overview?days=90', theme: 'dark', height: 844, width: 390 },
];

const dataDir = mkdtempSync(join(tmpdir(), 'parley-screenshots-'));
const browser = await launchBrowser();
const startedAt = performance.now();
// In a group of its own: npm, its shell and the program end together.
const started = spawn('npm', ['start', '--', '--data-dir', dataDir], { cwd: root, detached: true });
try {
  const url = await dashboardOf(started);
  const page = await open(browser, url, { path: '/conversations/overview', theme: 'light', height: 900 });
  await untilMessages(page, 1);
  console.log(`${secondsSince(startedAt)} s from npm start to the first answer on screen`);
  await untilMessages(page, messagesOfSample);
  console.log(`${secondsSince(startedAt)} s until all answers of the sample were`);
  await page.context().close();
  mkdirSync(images, { recursive: true });
  for (const picture of pictures) await take(browser, url, picture);
} finally {
  await browser.close();
  const hasEnded = new Promise((resolve) => started.once('exit', resolve));
  if (started.pid !== undefined && started.exitCode === null) {
    process.kill(-started.pid, 'SIGINT');
    await hasEnded;
  }
  rmSync(dataDir, { recursive: true, force: true });
}

/** The address that the demo prints. */
function dashboardOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error(`npm start printed no address:\n${text}`)), startMaxMs);
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${text}`)));
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      const [, url] = /Dashboard: (http:\S+)/.exec(text) ?? [];
      if (url === undefined) return;
      clearTimeout(late);
      resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
  });
}

async function open(
  by: Browser,
  url: string,
  { path, theme, height, width = 1200 }: Omit<Picture, 'name'>,
): Promise<Page> {
  const context = await by.newContext({
    baseURL: url,
    viewport: { width, height },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'Europe/London',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(path);
  return page;
}

/** Until so many messages are shown as counted. */
async function untilMessages(page: Page, count: number): Promise<void> {
  const figure = page.locator('.figure[data-column="messages"] data');
  for (const giveUp = Date.now() + startMaxMs; Date.now() < giveUp; await page.waitForTimeout(10)) {
    const shown = (await figure.count()) === 0 ? 0 : Number(await figure.getAttribute('value'));
    if (shown >= count) return;
  }
  throw new Error(`The page did not show ${count} messages within ${startMaxMs / 1000} s`);
}

async function take(by: Browser, url: string, picture: Picture): Promise<void> {
  const page = await open(by, url, picture);
  await page.locator('.live[data-connection="live"]').waitFor();
  await page.locator('.figures, .drawing > svg, .drawing > figure, .graph svg, table').first().waitFor();
  const busy = page.locator('.panel[aria-busy="true"]');
  while ((await busy.count()) > 0) await busy.first().waitFor({ state: 'detached' });
  if (picture.around !== undefined) await page.getByRole('combobox', { name: 'Show' }).selectOption(picture.around);
  // The folder of this checkout is of no interest to anybody else.
  await page.evaluate(`
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(${JSON.stringify(root)}, '');
  `);
  const path = join(images, `${picture.name}.png`);
  await page.screenshot({ path });
  await page.context().close();
  const { size } = statSync(path);
  console.log(`docs/images/${picture.name}.png ${Math.round(size / 1024)} KiB`);
  if (size > bytesMax) throw new Error(`${path} is larger than ${bytesMax / 1024} KiB`);
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

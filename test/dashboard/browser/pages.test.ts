import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../../../scripts/browser.ts';
import { pagesOf } from '../../../src/dashboard/pages/index.ts';
import { domainNames } from '../../../src/domains.ts';
import { violations } from './support/axe.ts';
import { figure, settle, visit } from './support/browser.ts';
import { type Site, startSite } from './support/site.ts';

/** Every page over the shipped real conversations, in a real browser; what it shows is held against SQL. */
let site: Site;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([startSite(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

const places = pagesOf(domainNames).flatMap(({ pages }) => pages);
/** The sample has nothing of the assistant. */
const isUnfilled = (path: string) => path.startsWith('assistant/');

test.each([
  ['light', 1280],
  ['dark', 390],
] as const)(
  'in the %s theme, %d pixels wide, every page answers, asks no other host and can be read by all',
  async (colorScheme, width) => {
    const viewport = { width, height: width < 900 ? 7000 : 3000 };
    const { page, complaints, elsewhere, close } = await visit(browser, site.url, { colorScheme, viewport });
    const empty: string[] = [];
    for (const { path, question, panels } of places) {
      await page.goto(`/${path}`);
      await settle(page);
      expect(await page.locator('h1').textContent(), path).toBe(question);
      expect(await page.locator('.panel').count(), path).toBe(isUnfilled(path) ? 0 : panels.length);
      expect(await page.locator('[data-state="failed"]').allTextContents(), path).toEqual([]);
      expect(await isWiderThanScreen(page), path).toBe(false);
      expect(await violations(page), path).toEqual([]);
      const titles = await page.locator('.panel:has([data-state="empty"]) h2').allTextContents();
      empty.push(...titles.map((title) => `${path}: ${title}`));
    }
    expect(complaints).toEqual([]);
    expect(elsewhere).toEqual([]);
    // The sample has no ratings, and every conversation in it is done; nothing went wrong with it.
    expect(empty.filter((one) => one.startsWith('conversations/'))).toEqual([
      'conversations/waiting-now: By clinic',
      'conversations/waiting-now: Who waits longest',
      'conversations/clinics: Satisfaction',
    ]);
    await close();
  },
  120_000,
);

test('figures are those of SQL, for all days and for a clinic in some', async () => {
  const { page, close } = await visit(browser, site.url);
  const sql = `
    SELECT count() AS messages, uniqExact(conversation_id) AS active, countIf(response_seconds IS NOT NULL) AS responses,
      quantileExact(0.5)(response_seconds) AS p50
    FROM conversations.fact_messages
    WHERE date_id BETWEEN {from:Date} AND {to:Date} AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})`;
  interface Counted {
    readonly messages: number;
    readonly responses: number;
    readonly p50: number;
  }
  const asked = [
    { search: '', from: '1970-01-01', to: '2100-01-01', clinic: [] },
    {
      search: '?from=2020-03-01&to=2020-03-20&clinic=TeamYouTube',
      from: '2020-03-01',
      to: '2020-03-20',
      clinic: ['TeamYouTube'],
    },
  ];
  for (const { search, ...parameters } of asked) {
    const truth = await site.ask<Counted>(sql, parameters);
    await page.goto(`/conversations/overview${search}`);
    await settle(page);
    expect(await figure(page, 'messages')).toBe(truth.messages);
    expect(await figure(page, 'responses')).toBe(truth.responses);
    const shown = await figure(page, 'p50_response_seconds');
    expect(Math.abs(shown - truth.p50)).toBeLessThanOrEqual(0.021 * truth.p50);
  }
  await close();
});

test('a chart is told in words, and can be seen as a table whose numbers are those of SQL', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.goto('/conversations/overview');
  await settle(page);
  const panel = page.locator('.panel', { hasText: 'Clinics with most messages' });
  const words = await panel.getByRole('img').getAttribute('aria-label');
  const top = await site.ask<{ clinic_code: string; messages: number }>(
    'SELECT clinic_code, count() AS messages FROM conversations.fact_messages GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1',
  );
  expect(words).toContain(`highest ${top.clinic_code} ${top.messages}`);
  await panel.getByRole('button', { name: 'Table' }).click();
  expect(await panel.getByRole('img').count()).toBe(0);
  expect(await panel.locator('tbody tr').first().locator('th, td').allTextContents()).toEqual([
    top.clinic_code,
    String(top.messages),
  ]);
  const { clinics } = await site.ask<{ clinics: number }>(
    'SELECT uniqExact(clinic_code) AS clinics FROM conversations.fact_messages',
  );
  expect(await panel.locator('tbody tr').count()).toBe(clinics);
  await close();
});

test('a domain without data comes last, and its pages say how to fill it', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.goto('/');
  await page.getByRole('heading', { name: places[0]!.question }).waitFor();
  const titles = await page.getByRole('navigation').getByRole('heading').allTextContents();
  expect(titles).toEqual(['Conversations', 'Operators', 'Assistant no data yet']);
  await page.goto('/assistant/project-insights');
  await page.getByRole('heading', { name: 'Nothing is counted yet' }).waitFor();
  expect(await page.locator('main code').textContent()).toMatch(/^parley import claude-code /);
  await close();
});

test('a moment is shown in the viewer’s zone, with UTC on pointing at it', async () => {
  const { page, close } = await visit(browser, site.url, { timezoneId: 'Asia/Tokyo' });
  await page.goto('/conversations/themes');
  await settle(page);
  const time = page.locator('.panel', { hasText: 'Urgent now' }).locator('tbody time').first();
  const moment = new Date((await time.getAttribute('datetime'))!);
  const inTokyo = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tokyo', hour: '2-digit', minute: '2-digit' });
  expect(await time.textContent()).toContain(inTokyo.format(moment));
  expect(await time.getAttribute('title')).toBe(`${moment.toISOString().slice(0, 19).replace('T', ' ')} UTC`);
  await close();
});

test('an address that is no page says so, and leads on', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.goto('/conversations/no-such-page');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await page.getByRole('link', { name: 'Go to the first page' }).click();
  await page.getByRole('heading', { name: places[0]!.question }).waitFor();
  await close();
});

test('axe finds nothing in an open filter, open notes, charts as tables, a failure and nothing at all', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.route('**/api/query/conversations/themes?*', (route) => route.fulfill({ status: 503, body: 'gone' }));
  await page.goto('/conversations/overview?clinic=AppleSupport');
  await settle(page);
  for (const button of await page.getByRole('button', { name: /how it is defined$/ }).all()) await button.click();
  for (const button of await page.getByRole('button', { name: 'Table' }).all()) await button.click();
  await page.getByRole('button', { name: 'Clinic AppleSupport' }).click();
  await page.getByRole('checkbox').first().waitFor();
  expect(await violations(page)).toEqual([]);
  await page.goto('/conversations/overview?from=2018-06-01&to=2018-06-03');
  await settle(page);
  expect(await violations(page)).toEqual([]);
  await close();
});

test('a graph that a domain may declare is drawn, can be read by all, and is a table of its arrows', async () => {
  const { page, complaints, close } = await visit(browser, site.url);
  const panel = { kind: 'graph', title: 'Lineage', query: 'lineage' };
  const one = {
    path: 'catalogue/lineage',
    title: 'Lineage',
    question: 'What comes from what?',
    filters: [],
    panels: [panel],
  };
  const domain = { domain: 'catalogue', title: 'Catalogue', filters: [], pages: [one] };
  const arrows = [
    ['messages', 'fact_messages'],
    ['fact_messages', 'agg_response_times'],
    ['fact_messages', 'agg_engagement_daily'],
    ['ratings', 'fact_ratings'],
  ];
  const columns = ['source', 'target'].map((name) => ({ name, type: 'String' }));
  await page.route('**/api/pages', (route) =>
    route.fulfill({ json: { domains: [domain], days: { catalogue: null }, completeThrough: {} } }),
  );
  await page.route('**/api/query/catalogue/lineage', (route) =>
    route.fulfill({ json: { columns, rows: arrows, completeThrough: null, elapsedMs: 1 } }),
  );
  await page.goto('/catalogue/lineage');
  await settle(page);
  const boxes = page.locator('.graph-box');
  expect((await boxes.allTextContents()).sort()).toEqual([...new Set(arrows.flat())].sort());
  expect(await page.locator('.graph-arrow').count()).toBe(arrows.length);
  await page.locator('.graph-box', { hasText: 'agg_response_times' }).hover();
  const marked = (await page.locator('.graph-box[data-marked="true"]').allTextContents()).sort();
  expect(marked).toEqual(['agg_response_times', 'fact_messages', 'messages']);
  expect(await violations(page)).toEqual([]);
  const size = () => page.locator('.graph svg').evaluate((svg) => svg.getBoundingClientRect().width);
  const before = await size();
  await page.getByRole('button', { name: 'Larger' }).click();
  expect(await size()).toBeGreaterThan(before);
  // One alone, by its box or by the list, which can be reached by keyboard.
  await page.locator('.graph-box', { hasText: 'agg_response_times' }).click();
  await expect.poll(() => boxes.allTextContents().then((names) => names.sort())).toEqual(marked);
  await page.getByRole('combobox', { name: 'Show' }).selectOption('ratings');
  await expect.poll(() => boxes.allTextContents().then((names) => names.sort())).toEqual(['fact_ratings', 'ratings']);
  await page.getByRole('button', { name: 'Table' }).click();
  expect(await page.locator('tbody tr').count()).toBe(arrows.length);
  expect(complaints).toEqual([]);
  await close();
});

test('the page has its landmarks, one main heading, and a language', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.goto('/conversations/overview');
  await settle(page);
  for (const role of ['banner', 'navigation', 'main'] as const) {
    expect(await page.getByRole(role).count(), role).toBe(1);
  }
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await page.title()).toBe('Overview · Conversations · Parley');
  expect(await page.locator('[aria-current="page"]').textContent()).toBe('Overview');
  // Another page is told by its title and its heading, which the reader's place goes to.
  await page.getByRole('link', { name: 'Sessions' }).click();
  await settle(page);
  expect(await page.title()).toBe('Sessions · Conversations · Parley');
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  await close();
});

/** A page is never wider than the screen: only tables and graphs scroll sideways, within themselves. */
function isWiderThanScreen(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

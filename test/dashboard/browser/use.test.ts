import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../../../scripts/browser.ts';
import { figure, settle, visit } from './support/browser.ts';
import { type Site, startSite } from './support/site.ts';

/** What a person does with the dashboard, in a real browser over real conversations. */
let site: Site;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([startSite(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

function message(id: string, at: string): object {
  return {
    message_id: id,
    conversation_id: 'live',
    customer_id: 'live',
    clinic_code: 'AppleSupport',
    direction: 'in',
    direction_type: 'initial',
    channel: 'sms',
    message_timestamp: at,
  };
}

async function untilFigure(page: Page, column: string, isWanted: (value: number) => boolean): Promise<number> {
  await expect.poll(async () => isWanted(await figure(page, column)), { timeout: 15_000 }).toBe(true);
  return figure(page, column);
}

test('filters change the numbers and the address; back undoes them; a reload keeps them', async () => {
  const { page, complaints, close } = await visit(browser, site.url);
  await page.goto('/conversations/overview');
  await settle(page);
  const all = await figure(page, 'messages');

  await page.getByRole('button', { name: '30 days' }).click();
  await page.waitForURL('**/overview?days=30');
  const recent = await untilFigure(page, 'messages', (value) => value < all);

  await page.getByRole('button', { name: 'Clinic all' }).click();
  await page.getByRole('searchbox', { name: 'Search clinic' }).fill('apple');
  await page.getByRole('checkbox', { name: 'AppleSupport' }).check();
  await page.waitForURL('**/overview?days=30&clinic=AppleSupport');
  const clinics = await untilFigure(page, 'messages', (value) => value < recent);
  // Another one in the same list is the same step.
  await page.getByRole('searchbox').fill('adobe');
  await page.getByRole('checkbox', { name: 'AdobeCare' }).check();
  await page.waitForURL('**/overview?days=30&clinic=AppleSupport&clinic=AdobeCare');
  const both = await untilFigure(page, 'messages', (value) => value > clinics);
  await page.keyboard.press('Escape');
  expect(await page.getByRole('searchbox').count()).toBe(0);

  await page.reload();
  await settle(page);
  expect(await figure(page, 'messages')).toBe(both);
  expect(await page.getByRole('button', { name: '30 days' }).getAttribute('aria-pressed')).toBe('true');
  const truth = await site.ask<{ n: number }>(
    `SELECT count() AS n FROM conversations.fact_messages WHERE clinic_code IN ('AppleSupport', 'AdobeCare')
       AND date_id > (SELECT max(date_id) FROM conversations.fact_messages) - 30`,
  );
  expect(both).toBe(truth.n);

  await page.goBack();
  await untilFigure(page, 'messages', (value) => value === recent);
  await page.goBack();
  await untilFigure(page, 'messages', (value) => value === all);
  await page.goForward();
  await untilFigure(page, 'messages', (value) => value === recent);

  // A filter goes along to the next page.
  await page.getByRole('link', { name: 'Engagement' }).click();
  await page.waitForURL('**/conversations/engagement?days=30');
  await settle(page);
  expect(complaints).toEqual([]);
  await close();
});

test('a day is typed and chosen; an end before the beginning is that one day', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.goto('/conversations/overview');
  await settle(page);
  await page.getByRole('textbox', { name: 'From' }).fill('2020-03-05');
  await page.getByRole('textbox', { name: 'From' }).press('Enter');
  await page.waitForURL('**/overview?from=2020-03-05&to=2020-04-02');
  await page.getByRole('textbox', { name: 'To' }).fill('2020-03-01');
  await page.getByRole('textbox', { name: 'To' }).press('Enter');
  await page.waitForURL('**/overview?from=2020-03-01&to=2020-03-01');
  await page.getByRole('button', { name: 'Reset' }).click();
  await page.waitForURL('**/overview');
  await close();
});

test('the theme follows the system until one is chosen, which is kept', async () => {
  const { page, close } = await visit(browser, site.url, { colorScheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.goto('/conversations/overview');
  await page.locator('.masthead').waitFor();
  const dark = await ground();
  await page.getByRole('radio', { name: 'Light', exact: true }).check({ force: true });
  const light = await ground();
  expect(light).not.toBe(dark);
  await page.reload();
  await page.locator('.masthead').waitFor();
  expect(await ground()).toBe(light);
  await page.getByRole('radio', { name: 'As the system' }).check({ force: true });
  expect(await ground()).toBe(dark);
  await close();
});

test('everything can be done by keyboard alone', async () => {
  const { page, complaints, close } = await visit(browser, site.url);
  await page.goto('/conversations/response-times');
  await settle(page);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  async function tabTo(wanted: (text: string, tag: string) => boolean, max = 90): Promise<void> {
    for (let step = 0; step < max; step++) {
      await page.keyboard.press('Tab');
      const tag = await page.evaluate(() => document.activeElement?.tagName ?? '');
      if (wanted(await focused(), tag)) return;
    }
    throw new Error('not reached by Tab');
  }
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the figures');
  await page.keyboard.press('Enter');

  await tabTo((text) => text.startsWith('Clinic'));
  await page.keyboard.press('Enter');
  await page.getByRole('searchbox').waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('search');
  await page.keyboard.type('hulu');
  await page.getByRole('checkbox', { name: 'hulu support' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.waitForURL('**/response-times?clinic=hulu_support');
  await page.keyboard.press('Escape');
  await expect.poll(focused).toMatch(/^Clinic/);
  await page.keyboard.press('Enter');
  await page.getByRole('searchbox').waitFor();
  await tabTo((text) => text === 'Clear: show all');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/response-times');
  await page.keyboard.press('Escape');
  await settle(page);

  // Every place that is reached can be seen to be.
  const table = page.locator('.panel', { hasText: 'Every clinic' });
  await tabTo((text) => text === 'Clinic', 120);
  expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).not.toBe('none');
  await page.keyboard.press('Enter');
  const names = () => table.locator('tbody th').allTextContents();
  expect(await table.getByRole('columnheader', { name: 'Clinic' }).getAttribute('aria-sort')).toBe('ascending');
  const ascending = await names();
  expect(ascending).toEqual(
    [...ascending].sort(new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare),
  );
  await page.keyboard.press('Enter');
  expect(await names()).toEqual(ascending.reverse());
  expect(await page.getByRole('status').last().textContent()).toBe('Every clinic: sorted by Clinic, descending');
  expect(complaints).toEqual([]);
  await close();
});

test('a question that fails says its code and what to do, and can be asked again', async () => {
  const { page, close } = await visit(browser, site.url);
  let isFailing = true;
  await page.route('**/api/query/conversations/themes?*', (route) =>
    isFailing
      ? route.fulfill({
          status: 500,
          contentType: 'application/json',
          body: JSON.stringify({ error: { code: 'PARLEY_QUERY_FAILED', message: 'The query failed.' } }),
        })
      : route.fallback(),
  );
  await page.goto('/conversations/overview');
  const panel = page.locator('.panel', { hasText: 'Most frequent themes' });
  await panel.scrollIntoViewIfNeeded();
  await panel.getByRole('alert').waitFor();
  expect(await panel.getByRole('alert').textContent()).toMatch(
    /PARLEY_QUERY_FAILED.*The query failed\..*docs\/errors\.md/,
  );
  // The others are not touched by it.
  expect(await figure(page, 'messages')).toBeGreaterThan(1000);
  isFailing = false;
  await panel.getByRole('button', { name: 'Try again' }).click();
  await panel.locator('.drawing svg').waitFor();
  await close();
});

test('days without anything say which, and offer a way out', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.goto('/conversations/overview?from=2018-06-01&to=2018-06-03&clinic=AppleSupport');
  await settle(page);
  const first = page.locator('.panel [data-state="empty"]').first();
  expect(await first.textContent()).toContain('Nothing in these days: 1 Jun 2018 to 3 Jun 2018');
  expect(await first.textContent()).toContain('2 May 2018 to 2 Apr 2020');
  await first.getByRole('button', { name: 'Show all days' }).click();
  await page.waitForURL('**/overview?clinic=AppleSupport');
  await untilFigure(page, 'messages', (value) => value > 0);
  await close();
});

test('a server that does not answer is told apart from pages that there are none of', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.route('**/api/pages', (route) => route.abort());
  // An update would have them asked for again.
  await page.route('**/api/updates', (route) => route.abort());
  await page.goto('/');
  await page.getByRole('heading', { name: 'The pages could not be loaded' }).waitFor();
  expect(await page.getByRole('alert').textContent()).toContain('NO_ANSWER');
  await page.unroute('**/api/pages');
  await page.getByRole('button', { name: 'Try again' }).click();
  await settle(page);
  await close();
});

test('numbers change while events flow, without a reload and without a jump', async () => {
  const { page, complaints, close } = await visit(browser, site.url);
  await page.goto('/conversations/overview');
  await settle(page);
  await page.locator('.live[data-connection="live"]').waitFor();
  const before = await figure(page, 'messages');
  await page.evaluate(() => {
    Object.assign(window, { isSamePage: true, jumped: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        Object.assign(window, { jumped: (entry as unknown as { value: number }).value });
    }).observe({ type: 'layout-shift', buffered: false });
  });

  await site.count([message('live-1', '2020-04-05T10:00:00Z'), message('live-2', '2020-04-05T10:01:00Z')]);

  await untilFigure(page, 'messages', (value) => value === before + 2);
  // The last day with data is another now, and all days go up to it.
  await expect.poll(() => page.getByRole('textbox', { name: 'To' }).inputValue()).toBe('2020-04-05');
  const after = await page.evaluate(() => {
    const { isSamePage, jumped } = window as unknown as Record<string, unknown>;
    return { isSamePage, jumped };
  });
  expect(after).toEqual({ isSamePage: true, jumped: 0 });
  expect(complaints).toEqual([]);
  await close();
});

test('what cannot be refreshed stays, and says that it is not the newest', async () => {
  const { page, close } = await visit(browser, site.url);
  await page.goto('/conversations/overview');
  await settle(page);
  const before = await figure(page, 'messages');
  await page.route('**/api/query/conversations/overview?*', (route) => route.fulfill({ status: 503, body: 'gone' }));
  await site.count([message('later-1', '2020-04-05T11:00:00Z')]);
  const panel = page.locator('.panel', { hasText: 'In these days' });
  await panel.getByRole('status').waitFor();
  expect(await panel.getByRole('status').textContent()).toContain('not the newest');
  expect(await figure(page, 'messages')).toBe(before);
  await page.unroute('**/api/query/conversations/overview?*');
  await panel.getByRole('button', { name: 'Try again' }).click();
  await untilFigure(page, 'messages', (value) => value === before + 1);
  expect(await panel.getByRole('status').count()).toBe(0);
  await close();
});

test('a lost connection is told, and found again', async () => {
  const { page, close } = await visit(browser, site.url);
  let isLost = true;
  await page.route('**/api/updates', (route) => (isLost ? route.abort() : route.fallback()));
  await page.goto('/conversations/overview');
  await page.locator('.live[data-connection="lost"]').waitFor();
  expect(await page.locator('.live').textContent()).toContain('Reconnecting');
  isLost = false;
  await page.locator('.live[data-connection="live"]').waitFor();
  expect(await page.getByRole('status').last().textContent()).toBe('Connected again. Numbers update.');
  await close();
});

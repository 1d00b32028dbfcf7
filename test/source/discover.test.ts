import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { discoverFiles, topicOf } from '../../src/source/files/discover.ts';
import { temporaryFolders } from './support.ts';

const folder = temporaryFolders();
const known = ['shop.orders', 'shop.orders_archive', 'shop.customers'];

test.each([
  ['shop.orders.ndjson', 'shop.orders'],
  ['shop.orders.ndjson.gz', 'shop.orders'],
  ['shop.orders-2026-01.ndjson', 'shop.orders'],
  ['shop.orders.1.ndjson', 'shop.orders'],
  ['shop.orders_1.ndjson.gz', 'shop.orders'],
  ['shop.orders_archive-1.ndjson', 'shop.orders_archive'],
  ['shop.orders_archives.ndjson', 'shop.orders'],
  ['shop.ordersold.ndjson', undefined],
  ['shop.orders.json', undefined],
  ['shop.orders.ndjson.zip', undefined],
  ['orders.ndjson', undefined],
  ['xshop.orders.ndjson', undefined],
])('the name %s says the topic %s', (name, topic) => {
  expect(topicOf(name, known)).toBe(topic);
});

test('folders are searched to the bottom, links resolved, each file found once, and strange names told', async () => {
  const place = await folder();
  await mkdir(join(place, 'deep', 'er'), { recursive: true });
  await mkdir(join(place, '.hidden'));
  for (const name of ['shop.orders.ndjson', 'deep/er/shop.customers.ndjson.gz', '.hidden/shop.orders.ndjson']) {
    await writeFile(join(place, name), 'xyz');
  }
  for (const name of ['other.things.ndjson', 'readme.md', 'deep/orders.ndjson']) await writeFile(join(place, name), '');
  await symlink(place, join(place, 'deep', 'loop'));
  await symlink(join(place, 'shop.orders.ndjson'), join(place, 'deep', 'shop.orders.ndjson'));
  await symlink(join(place, 'nowhere'), join(place, 'dangling'));
  const { files, ignored } = await discoverFiles([place, join(place, 'shop.orders.ndjson')], known);
  expect(files).toEqual([
    { path: join(place, 'deep/er/shop.customers.ndjson.gz'), topic: 'shop.customers', size: 3, compressed: true },
    { path: join(place, 'shop.orders.ndjson'), topic: 'shop.orders', size: 3, compressed: false },
  ]);
  expect(ignored).toEqual([join(place, 'deep/orders.ndjson'), join(place, 'other.things.ndjson')]);
});

test('--topic gives files a topic that their names do not say', async () => {
  const place = await folder();
  await writeFile(join(place, 'export.json'), '');
  await writeFile(join(place, 'orders.ndjson'), '');
  await writeFile(join(place, 'shop.customers.ndjson'), '');
  const explicit = await discoverFiles([join(place, 'export.json')], known, { topic: 'shop.orders' });
  expect(explicit.files.map(({ topic }) => topic)).toEqual(['shop.orders']);
  const { files } = await discoverFiles([place], known, { topic: 'shop.orders' });
  expect(files.map(({ path, topic }) => [path.slice(place.length + 1), topic])).toEqual([
    ['orders.ndjson', 'shop.orders'],
    ['shop.customers.ndjson', 'shop.customers'],
  ]);
});

test('what cannot be read is told by its code', async () => {
  const place = await realpath(await folder());
  await writeFile(join(place, 'shop.things.ndjson'), '');
  const code = (path: string, options = {}) => discoverFiles([path], known, options);
  await expect(code(join(place, 'nowhere'))).rejects.toMatchObject({ code: 'PARLEY_SOURCE_NOT_FOUND' });
  await expect(code(join(place, 'shop.things.ndjson', 'x'))).rejects.toMatchObject({ code: 'PARLEY_SOURCE_NOT_FOUND' });
  await expect(code(place)).rejects.toMatchObject({
    code: 'PARLEY_SOURCE_EMPTY',
    detail: { received: expect.stringContaining('shop.things.ndjson') },
  });
  await expect(code('/dev/null')).rejects.toMatchObject({ code: 'PARLEY_SOURCE_UNREADABLE' });
  for (const options of [{}, { topic: 'shop.nothing' }]) {
    await expect(code(join(place, 'shop.things.ndjson'), options)).rejects.toMatchObject({
      code: 'PARLEY_TOPIC_UNKNOWN',
      detail: { expected: 'one of shop.customers, shop.orders, shop.orders_archive' },
    });
  }
});

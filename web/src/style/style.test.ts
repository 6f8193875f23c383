import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const sources = new URL('..', import.meta.url);
/** What pages are made of; a page may say more of it. */
const common = ['style', 'charts'];

test('no two pages style the same class: all of it becomes one sheet', async () => {
  const sheets = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith('.css'));
  expect(sheets.length).toBeGreaterThan(4);
  const owners = new Map<string, Set<string>>();
  for (const sheet of sheets) {
    const [folder = ''] = sheet.split('/');
    const rules = await readFile(new URL(sheet, sources), 'utf8');
    // A selector belongs to the class it begins with.
    for (const [, name = ''] of rules.matchAll(/^\s*\.([\w-]+)[^;]*?[,{]$/gm))
      owners.set(name, (owners.get(name) ?? new Set()).add(folder));
  }
  const shared = [...owners].filter(
    ([, folders]) => folders.size > 1 && !common.some((folder) => folders.has(folder)),
  );
  expect(shared.map(([name, folders]) => `.${name}: ${[...folders].join(', ')}`)).toEqual([]);
});

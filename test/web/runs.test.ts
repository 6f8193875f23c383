import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { bodyBytes, openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Logger, loggerFor, startedAt } from './logging.ts';

const responseBytesMax = 1_000_000;

let stack: RunningStack;
let browser: WebBrowser;
let log: Logger;
let small: string;
const runIds = new Map<string, string>();

beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  log = loggerFor(stack.url);
  small = await log.experiment('Small');
  const add = async (name: string, accuracy: number | undefined, model: string, tags = {}) => {
    const metrics: Record<string, number> =
      accuracy === undefined ? {} : { accuracy, 'val/auc': accuracy / 2 };
    const run = await log.run(small, { name, metrics, params: { model }, tags, status: 'FINISHED' });
    runIds.set(name, run);
    return run;
  };
  const parent = await add('parent', undefined, 'search');
  await add('oak', 0.9, 'tree', { 'mlflow.parentRunId': parent, 'mlflow.user': 'mira' });
  await add('elm', 0.7, 'tree', { 'mlflow.parentRunId': parent });
  await add('line', 0.8, 'linear', { note: 'a "quoted", text' });
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

const at = (query = '') => `#/experiments/${small}${query === '' ? '' : `?${query}`}`;
/** Names of the runs in view, from the top. */
const names = async ({ page, settled }: View) => {
  await settled();
  return page.locator('.runs-row a[href*="/runs/"]').allInnerTexts();
};
const choose = ({ page }: View, name: string) => page.getByLabel(`Choose ${name}`, { exact: true }).check();

describe('the table of runs', () => {
  test('shows metrics and params in columns, and what was chosen in the address', async () => {
    await browser.look(at('col=metrics.accuracy&col=attributes.user'), async (view) => {
      await view.settled();
      const heads = await view.page.getByRole('columnheader').allInnerTexts();
      expect(heads.map((head) => head.split('\n').at(-1))).toEqual(['Run', 'accuracy', 'User']);
      const row = view.page.locator('.runs-row', { hasText: 'oak' });
      expect(await row.innerText()).toContain('0.9');
      expect(await row.innerText()).toContain('mira');
    });
  });

  test('is ordered by a column, downwards first, with runs that have no value last', async () => {
    await browser.look(at(), async (view) => {
      await view.page.getByRole('columnheader', { name: 'accuracy' }).getByRole('button').click();
      expect(await names(view)).toEqual(['oak', 'line', 'elm', 'parent']);
      await view.page.getByRole('columnheader', { name: 'accuracy' }).getByRole('button').click();
      expect(await names(view)).toEqual(['elm', 'line', 'oak', 'parent']);
      expect(await view.page.getByRole('columnheader', { name: 'accuracy' }).getAttribute('aria-sort')).toBe(
        'ascending',
      );
      await view.page.reload();
      expect(await names(view)).toEqual(['elm', 'line', 'oak', 'parent']);
    });
  });

  test('completes a filter as it is typed, and applies it', async () => {
    await browser.look(at(), async (view) => {
      const { page } = view;
      await page.getByRole('combobox', { name: 'Filter runs' }).click();
      await page.keyboard.type('auc');
      await page.keyboard.press('Tab');
      await page.keyboard.type('> 0.36 AND mod');
      await page.keyboard.press('Tab');
      await page.keyboard.type("= 'tree'");
      await page.keyboard.press('Enter');
      expect(await names(view)).toEqual(['oak']);
      expect(await page.getByRole('combobox', { name: 'Filter runs' }).inputValue()).toBe(
        "metrics.`val/auc` > 0.36 AND params.model = 'tree'",
      );
    });
  });

  test('underlines what is wrong in a filter', async () => {
    await browser.look(
      at(`filter=${encodeURIComponent('metrics.accuracy > 0.5 AN params.model')}`),
      async ({ page }) => {
        expect(await page.locator('.filter-under u').innerText()).toBe('AN');
        expect(await page.getByRole('alert').innerText()).toContain("'AN'");
        await page.getByRole('button', { name: 'Clear the filter' }).click();
        await page.getByRole('link', { name: 'oak' }).waitFor();
      },
      { refused: /runs\/search/ },
    );
  });

  test('stands in groups, which fold', async () => {
    await browser.look(at(), async (view) => {
      await view.page.getByLabel('Group runs by').selectOption('Group by model');
      const shown = await names(view);
      expect([...shown.slice(0, 2), ...shown.slice(2).toSorted()]).toEqual(['line', 'parent', 'elm', 'oak']);
      const group = view.page.getByRole('button', { name: /^tree/ });
      expect(await group.innerText()).toContain('2');
      await group.click();
      expect(await names(view)).toEqual(['line', 'parent']);
    });
  });

  test('nests runs below their parent, which folds', async () => {
    await browser.look(at(), async (view) => {
      const shown = await names(view);
      expect(shown.slice(shown.indexOf('parent'), shown.indexOf('parent') + 3).toSorted()).toEqual([
        'elm',
        'oak',
        'parent',
      ]);
      await view.page.getByRole('button', { name: 'Runs nested in parent' }).click();
      expect((await names(view)).toSorted()).toEqual(['line', 'parent']);
    });
  });

  test('keeps pinned runs on top whatever the filter, and hides others, also after a reload', async () => {
    await browser.look(at("filter=params.model+%3D+'linear'"), async (view) => {
      const { page, visit } = view;
      await visit(at());
      await page.locator('.runs-row', { hasText: 'elm' }).hover();
      await page.getByRole('button', { name: 'Pin elm to the top' }).click();
      await page.locator('.runs-row', { hasText: 'oak' }).hover();
      await page.getByRole('button', { name: 'Hide oak' }).click();
      expect((await names(view))[0]).toBe('elm');
      await visit(at("filter=params.model+%3D+'linear'"));
      await page.reload();
      expect(await names(view)).toEqual(['elm', 'line']);
      await visit(at());
      expect(await names(view)).not.toContain('oak');
      await page.getByRole('button', { name: '1 hidden, show' }).click();
      expect(await names(view)).toContain('oak');
    });
  });

  test('hands chosen runs to the page that compares them', async () => {
    await browser.look(at(), async (view) => {
      await choose(view, 'oak');
      await choose(view, 'line');
      await view.page.getByRole('link', { name: 'Compare' }).click();
      await view.page.waitForURL('**/#/compare?**');
      expect(new URL(view.page.url()).hash).toMatch(
        `#/compare?runs=${runIds.get('oak')},${runIds.get('line')}`,
      );
    });
  });

  test('tags, deletes and restores the chosen runs', async () => {
    const id = await log.experiment('Bulk');
    for (const name of ['a', 'b', 'c']) await log.run(id, { name });
    await browser.look(`#/experiments/${id}?col=tags.phase`, async (view) => {
      const { page } = view;
      await choose(view, 'a');
      await choose(view, 'b');
      await page.getByRole('button', { name: 'Tag' }).click();
      await page.getByLabel('Name', { exact: true }).fill('phase');
      await page.getByLabel('Value', { exact: false }).fill('review');
      await page.getByRole('button', { name: 'Set tag' }).click();
      await page.locator('.runs-row', { hasText: 'review' }).nth(1).waitFor();
      expect(await page.locator('.runs-row', { hasText: 'review' }).count()).toBe(2);
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('link', { name: 'a', exact: true }).waitFor({ state: 'detached' });
      expect(await names(view)).toEqual(['c']);
      await page.getByRole('button', { name: 'Deleted' }).click();
      await page.getByRole('link', { name: 'a', exact: true }).waitFor();
      await choose(view, 'a');
      await page.getByRole('button', { name: 'Restore' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
      await page.getByRole('link', { name: 'a', exact: true }).waitFor({ state: 'detached' });
      expect(await names(view)).toEqual(['b']);
    });
  });

  test('is saved as CSV: every matching run with the chosen columns', async () => {
    const query =
      "filter=params.model+!%3D+'search'&order=metrics.accuracy+DESC&col=metrics.accuracy&col=tags.note";
    await browser.look(at(query), async ({ page }) => {
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'CSV' }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe(`runs-${small}.csv`);
      const lines = (await readFile(await download.path(), 'utf8')).split('\r\n');
      expect(lines).toEqual([
        'run_id,name,status,metrics.accuracy,tags.note',
        `${runIds.get('oak')},oak,FINISHED,0.9,`,
        `${runIds.get('line')},line,FINISHED,0.8,"a ""quoted"", text"`,
        `${runIds.get('elm')},elm,FINISHED,0.7,`,
        '',
      ]);
    });
  });

  test('shows a new run by itself where it is told to look for changes', async () => {
    const id = await log.experiment('Live');
    await log.run(id, { name: 'before' });
    await browser.look(`#/experiments/${id}?live=1`, async ({ page }) => {
      await log.run(id, { name: 'after' });
      await page.getByRole('link', { name: 'after' }).waitFor();
      expect(await page.locator('.runs-foot').innerText()).toBe('2 runs');
    });
  });

  test('holds the runs of several experiments', async () => {
    const other = await log.experiment('Other');
    await log.run(other, { name: 'elsewhere' });
    await browser.look(`#/experiments/${small},${other}?col=attributes.experiment`, async (view) => {
      expect((await names(view)).toSorted()).toEqual(['elm', 'elsewhere', 'line', 'oak', 'parent']);
      expect(await view.page.locator('.runs-row', { hasText: 'elsewhere' }).innerText()).toContain('Other');
    });
  });

  test.each([
    ['light', 1440],
    ['dark', 900],
  ] as const)('puts no barrier in the way, its menus and bars neither: %s, %i', async (theme, width) => {
    await browser.look(
      at('group=params.model'),
      async (view) => {
        const { page, barriers } = view;
        await choose(view, 'oak');
        expect(await barriers()).toEqual([]);
        await page.getByRole('button', { name: 'Columns' }).click();
        await page.getByLabel('Find a column').waitFor();
        expect(await barriers()).toEqual([]);
        await page.keyboard.press('Escape');
        await page.getByRole('combobox', { name: 'Filter runs' }).fill('m');
        expect(await barriers()).toEqual([]);
      },
      { theme, width },
    );
  });
});

describe('an experiment of many runs with 500 metrics', () => {
  const many = 320;
  let huge: string;
  beforeAll(async () => {
    huge = await log.experiment('Huge');
    const keys = Array.from({ length: 500 }, (_, index) => `layer/${index}/gradient`);
    const add = (index: number) =>
      log.call('runs/create', {
        experiment_id: huge,
        run_name: `trial-${index}`,
        start_time: startedAt - many + index,
      });
    for (let from = 0; from < many; from += 16)
      await Promise.all(Array.from({ length: 16 }, (_, index) => add(from + index)));
    await log.run(huge, {
      name: 'widest',
      metrics: Object.fromEntries(keys.map((key, index) => [key, index / 8])),
    });
  });

  test('asks for columns as they come into view, in answers far below a megabyte', async () => {
    const view = await browser.view();
    const { page } = view;
    const bytes: number[] = [];
    page.on('response', async (response) => {
      if (response.url().includes('/api/v1/runs/')) bytes.push(await bodyBytes(response));
    });
    await view.visit(`#/experiments/${huge}?col=metrics.*&filter=attributes.run_name+%3D+'widest'`);
    expect(await page.getByRole('columnheader').count()).toBeLessThan(30);
    expect(await page.getByRole('table').getAttribute('aria-colcount')).toBe('501');
    await page.locator('.runs-scroll').evaluate((element) => element.scrollTo(element.scrollWidth, 0));
    await page.getByRole('columnheader', { name: 'layer/499/gradient' }).waitFor();
    await view.settled();
    expect(await page.locator('.runs-row').innerText()).toContain('62.375');
    // The name of the run stays in view.
    expect((await page.getByRole('link', { name: 'widest' }).boundingBox())?.x).toBeLessThan(400);
    expect(bytes.length).toBeGreaterThan(2);
    expect(Math.max(...bytes)).toBeLessThan(responseBytesMax);
    expect(view.troubles()).toEqual([]);
    await view.close();
  });

  test('comes page by page as one scrolls, with few rows drawn at a time', async () => {
    await browser.look(`#/experiments/${huge}`, async (view) => {
      const { page } = view;
      for (let tries = 0; tries < 20; tries++) {
        await page.locator('.runs-scroll').evaluate((element) => element.scrollTo(0, element.scrollHeight));
        await view.settled();
        if ((await page.locator('.runs-foot').innerText()).startsWith(`${many + 1} runs`)) break;
      }
      expect(await page.locator('.runs-foot').innerText()).toBe(`${many + 1} runs`);
      await page.locator('.runs-scroll').evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await page.getByRole('link', { name: 'trial-0', exact: true }).waitFor();
      expect(await page.locator('.runs-row').count()).toBeLessThan(60);
    });
  });
});

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type WebBrowser } from './browser.ts';
import { type Logger, loggerFor } from './logging.ts';

/** Of all scripts that the first page loads. */
const firstPageGzipBytesMax = 250_000;

let stack: RunningStack;
let browser: WebBrowser;
let log: Logger;
beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  log = loggerFor(stack.url);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

describe('the first page', () => {
  test('says how to begin, and shows the first run when it comes', async () => {
    // What an earlier attempt made.
    const { runs = [] } = await log.call<{ runs?: { info: { run_id: string } }[] }>('runs/search', {
      experiment_ids: ['0'],
    });
    for (const { info } of runs) await log.call('runs/delete', { run_id: info.run_id });
    await browser.look('#/', async ({ page }) => {
      await page.getByText('Nothing is tracked here yet').waitFor();
      expect(await page.locator('.code').first().innerText()).toContain(
        `mlflow.set_tracking_uri("${stack.url}")`,
      );
      await log.run('0', { name: 'first-of-all' });
      await page.getByRole('link', { name: 'first-of-all' }).waitFor();
    });
  });

  test('loads scripts of at most 250 kB compressed, all from under /assets/', async () => {
    const view = await browser.view();
    const scripts: Promise<Buffer>[] = [];
    const elsewhere: string[] = [];
    view.page.on('response', (response) => {
      const type = response.headers()['content-type'] ?? '';
      if (!type.startsWith('text/javascript')) return;
      scripts.push(response.body());
      if (!response.url().startsWith(`${stack.url}/assets/`)) elsewhere.push(response.url());
    });
    await view.visit('#/');
    expect(elsewhere).toEqual([]);
    const bytes = (await Promise.all(scripts)).map((script) => gzipSync(script).length);
    expect(bytes.length).toBeGreaterThan(1);
    expect(bytes.reduce((sum, each) => sum + each)).toBeLessThan(firstPageGzipBytesMax);
    await view.close();
  });
});

/** An experiment that the search finds. */
const findable = 'Findable experiment';

describe('what surrounds every page', () => {
  test('leads to the others, tells where one is, and gives each its title', async () => {
    await browser.look('#/', async ({ page, settled }) => {
      for (const name of [
        'Experiments',
        'Models',
        'Endpoints',
        'Batch jobs',
        'Monitors',
        'Alerts',
        'Retraining',
        'Webhooks',
      ]) {
        await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
        await page.getByRole('heading', { level: 1, name }).waitFor();
        await settled();
        expect(await page.title()).toBe(`${name} · Cairn`);
        expect(await page.locator('.side [aria-current="page"]').innerText()).toBe(name);
      }
    });
  });

  test('can be reached by keyboard: past the navigation, and into the search', async () => {
    await browser.look('#/', async ({ page }) => {
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').innerText()).toBe('Skip to content');
      await page.keyboard.press('Enter');
      expect(await page.locator(':focus').getAttribute('id')).toBe('main');
      await page.keyboard.press('/');
      expect(await page.locator(':focus').getAttribute('aria-label')).toMatch(/^Search/);
    });
  });

  test('changes its theme, and keeps it', async () => {
    await browser.look('#/', async ({ page, visit }) => {
      const theme = () => page.locator('html').getAttribute('data-theme');
      expect(await theme()).toBe('light');
      await page.getByRole('button', { name: 'Theme: system' }).click();
      await page.getByRole('button', { name: 'Theme: light' }).click();
      expect(await theme()).toBe('dark');
      await page.reload();
      await visit('#/');
      expect(await theme()).toBe('dark');
    });
  });

  test('finds experiments by name and runs by name or id', async () => {
    const needle = 'needle-in-it';
    const experiment = await log.experiment(findable);
    const run = await log.run(experiment, { name: needle });
    await browser.look('#/', async ({ page }) => {
      const search = page.getByRole('combobox', { name: /^Search/ });
      const find = async (text: string, name: string) => {
        await page.goto(`${stack.url}/#/retraining`);
        await search.fill(text);
        await page.getByRole('option', { name }).waitFor();
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => location.hash !== '#/retraining');
        return new URL(page.url()).hash;
      };
      expect(await find(findable.toLowerCase(), findable)).toBe(`#/experiments/${experiment}`);
      expect(await find(needle.toUpperCase(), needle)).toBe(`#/experiments/${experiment}/runs/${run}`);
      expect(await find(run, needle)).toBe(`#/experiments/${experiment}/runs/${run}`);
      await search.fill('nothing is called this');
      await page.getByText('Nothing has such a name.').waitFor();
    });
  });

  test('says what is not there: no page, and what the server knows nothing of, with the request', async () => {
    await browser.look('#/no/such/page', async ({ page }) => {
      expect(await page.locator('main').innerText()).toContain('Nothing of Cairn has the address');
    });
    await browser.look(
      '#/experiments/12345',
      async ({ page }) => {
        const notice = await page.getByRole('alert').innerText();
        expect(notice).toContain('Not found');
        expect(notice).toMatch(/Request [\w-]{8,}/);
      },
      { refused: /experiments\/get/ },
    );
  });

  test('stays when the code of a page does not come, as after a new version was deployed', async () => {
    const view = await browser.view();
    await view.page.route('**/assets/RetrainingPage*', (route) => route.abort());
    await view.visit('#/retraining');
    expect(await view.page.getByRole('heading', { level: 1 }).innerText()).toBe('This page broke');
    await view.page.unroute('**/assets/RetrainingPage*');
    await view.page.getByRole('button', { name: 'Try again' }).click();
    await view.page.getByRole('heading', { level: 1, name: 'Retraining' }).waitFor();
    await view.close();
  });

  test('offers to try again what failed, and then shows it', async () => {
    const view = await browser.view();
    let isDown = true;
    await view.page.route('**/experiments/search', (route) =>
      isDown
        ? route.fulfill({
            status: 500,
            headers: { 'x-request-id': 'r-17' },
            json: { message: 'Out of order.' },
          })
        : route.continue(),
    );
    await view.visit('#/experiments');
    const notice = view.page.getByRole('alert');
    expect(await notice.innerText()).toContain('Out of order.');
    expect(await notice.innerText()).toContain('r-17');
    isDown = false;
    await notice.getByRole('button', { name: 'Try again' }).click();
    await view.page.getByRole('link', { name: findable }).waitFor();
    await view.close();
  });
});

describe.each([
  ['light', 1440],
  ['dark', 900],
] as const)('no barrier stands in the way, %s at a width of %i', (theme, width) => {
  const pages = [
    '',
    'experiments',
    'models',
    'endpoints',
    'monitors',
    'batch-jobs',
    'retraining',
    'alerts',
    'silences',
    'webhooks',
    'nowhere',
  ];
  test.each(pages)('on #/%s', async (path) => {
    const barriers = await browser.look(`#/${path}`, (view) => view.barriers(), { theme, width });
    expect(barriers).toEqual([]);
  });
});

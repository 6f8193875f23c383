import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Logger, loggerFor } from './logging.ts';

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

const names = ({ page }: View) => page.locator('tbody th[scope="row"]').allInnerTexts();
const longName = 'an-experiment-whose-name-is-the-path-of-a-notebook/'.repeat(8);

/** What the first test makes: its name, and the value of its tag. */
const made = 'Made by hand';
const team = 'risk';

describe('the page of experiments', () => {
  test('makes an experiment, which its page then shows, with how to log to it', async () => {
    await browser.look('#/experiments', async ({ page }) => {
      await page.getByRole('button', { name: 'New experiment' }).click();
      await page.getByLabel('Name', { exact: true }).fill(made);
      await page.getByLabel('Description').fill('To see whether it can be.');
      await page.getByRole('button', { name: 'Add a tag' }).click();
      await page.getByLabel('Name of tag 1').fill('team');
      await page.getByLabel('Value of tag 1').fill(team);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: made }).waitFor();
      expect(await page.locator('main').innerText()).toContain('To see whether it can be.');
      expect(await page.locator('main').innerText()).toContain(`team: ${team}`);
      expect(await page.locator('.code').innerText()).toContain(`mlflow.set_experiment("${made}")`);
    });
  });

  test('says why one cannot be made, and lets it be corrected', async () => {
    const again = 'Made by hand again';
    await browser.look(
      '#/experiments',
      async ({ page }) => {
        await page.getByRole('button', { name: 'New experiment' }).click();
        await page.getByLabel('Name', { exact: true }).fill(made);
        await page.getByRole('button', { name: 'Create', exact: true }).click();
        expect(await page.getByRole('dialog').getByRole('alert').innerText()).toContain('already exists');
        await page.getByLabel('Name', { exact: true }).fill(again);
        await page.getByRole('button', { name: 'Create', exact: true }).click();
        await page.getByRole('heading', { level: 1, name: again }).waitFor();
      },
      { refused: /experiments\/create/ },
    );
  });

  test('renames, describes and tags one', async () => {
    const before = 'Badly named';
    const after = 'Well named';
    await log.experiment(before);
    await browser.look('#/experiments', async (view) => {
      const { page } = view;
      await page.getByRole('button', { name: `Actions on ${before}` }).click();
      await page.getByRole('button', { name: 'Rename, describe, tag' }).click();
      await page.getByLabel('Name', { exact: true }).fill(after);
      await page.getByLabel('Description').fill('What it is about');
      await page.getByRole('button', { name: 'Add a tag' }).click();
      await page.getByLabel('Name of tag 1').fill('stage');
      await page.getByLabel('Value of tag 1').fill('done');
      await page.getByRole('button', { name: 'Save' }).click();
      const row = page.getByRole('row', { name: after });
      await row.waitFor();
      expect(await row.innerText()).toContain('What it is about');
      expect(await row.innerText()).toContain('stage: done');
      expect(await names(view)).not.toContain(before);
    });
  });

  test('finds by a part of the name, whatever its case, or by a filter, and keeps that in the address', async () => {
    const odd = "It's 100% odd";
    await log.experiment(odd);
    await log.experiment('Even');
    await browser.look(`#/experiments?q=${encodeURIComponent(odd.toUpperCase())}`, async (view) => {
      expect(await names(view)).toEqual([odd]);
      await view.page
        .getByRole('searchbox', { name: 'Search experiments', exact: true })
        .fill(`tags.team = '${team}'`);
      await view.page.waitForURL('**/#/experiments?q=tags.team*');
      await view.settled();
      expect(await names(view)).toEqual([made]);
    });
  });

  test('comes in pages, ordered as asked', async () => {
    for (let at = 0; at < 60; at++) await log.experiment(`page-${String(at).padStart(2, '0')}`);
    await browser.look('#/experiments?q=page-&order=name+ASC', async (view) => {
      expect(await names(view)).toHaveLength(50);
      await view.page.getByRole('button', { name: 'Load more' }).click();
      await view.page.getByRole('link', { name: 'page-59' }).waitFor();
      const all = await names(view);
      expect(all).toEqual(all.toSorted());
      expect(all).toHaveLength(60);
      await view.page.getByRole('button', { name: 'Name', exact: true }).click();
      await view.page.waitForURL('**order=name+DESC**');
      await view.settled();
      expect((await names(view))[0]).toBe('page-59');
    });
  });

  test('deletes those that are chosen, and brings them back', async () => {
    for (const each of ['a', 'b']) await log.experiment(`doomed-${each}`);
    await browser.look('#/experiments?q=doomed-', async (view) => {
      const { page, settled } = view;
      await page.getByLabel('Choose all').check();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('No experiment matches').waitFor();
      await page.getByRole('button', { name: 'Deleted' }).click();
      await page.getByRole('link', { name: 'doomed-b' }).waitFor();
      await page.getByLabel('Choose all').check();
      await page.getByRole('button', { name: 'Restore' }).click();
      await page.getByText('No experiment matches').waitFor();
      await page.getByRole('button', { name: 'Active' }).click();
      await settled();
      expect((await names(view)).toSorted()).toEqual(['doomed-a', 'doomed-b']);
    });
  });

  test('holds a very long name without growing wider than the window', async () => {
    const id = await log.experiment(longName);
    for (const hash of ['#/experiments', `#/experiments/${id}`])
      for (const width of [1440, 900, 500])
        await browser.look(
          hash,
          async ({ page }) => {
            expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
          },
          { width },
        );
  });

  test('puts no barrier in the way, its dialogs neither', async () => {
    await browser.look('#/experiments', async ({ page, barriersInBothThemes }) => {
      expect(await barriersInBothThemes()).toEqual([]);
      await page.getByRole('button', { name: 'New experiment' }).click();
      await page.getByRole('button', { name: 'Add a tag' }).click();
      expect(await barriersInBothThemes()).toEqual([]);
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type WebBrowser } from './browser.ts';
import { type Registrar, registrarFor } from './registering.ts';

const name = 'credit';
const at = (number: number) => `#/models/${name}/promotions/${number}`;

let stack: RunningStack;
let browser: WebBrowser;
let api: Registrar;
beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  api = registrarFor(stack.url);
  await api.model(name);
  for (const accuracy of [0.8, 0.9, 0.95])
    await api.version(name, { name: `at ${accuracy}`, metrics: { accuracy }, shift: accuracy });
  for (const version of [1, 2, 3]) await api.read(name, version);
  await api.alias(name, 'champion', 2);
  await api.cairn('PUT', `models/${name}/policy`, {
    aliases: ['champion'],
    gates: [
      { gate: 'metric', key: 'accuracy', at_least: 0.85 },
      { gate: 'inspection' },
      { gate: 'schema' },
      { gate: 'approvals', count: 1 },
    ],
  });
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Asks for a promotion by the API; its number, once it has been judged. */
async function asked(version: number, as = 'ana'): Promise<number> {
  const { number } = await api.cairn<{ number: number }>(
    'POST',
    `models/${name}/promotions`,
    { version, alias: 'champion', comment: 'Better on the new regions.' },
    as,
  );
  await api.promotion(name, number, 'waiting', 'refused');
  return number;
}

describe('a promotion', () => {
  test('is asked for from the version, judged before the reader’s eyes, approved by another, and moves the alias', async () => {
    let address = '';
    await browser.look(
      `#/models/${name}/versions/3`,
      async ({ page }) => {
        await page.getByRole('button', { name: 'Promote' }).click();
        const dialog = page.getByRole('dialog');
        expect(await dialog.getByRole('combobox', { name: 'Alias' }).inputValue()).toBe('champion');
        await dialog.getByRole('textbox', { name: 'Comment' }).fill('Better on the new regions.');
        await dialog.getByRole('button', { name: 'Promote' }).click();
        await page.getByRole('heading', { level: 1, name: /^Promotion \d+/ }).waitFor();
        // It is judged while the page looks on.
        await page.locator('.page-title .chip', { hasText: 'waiting' }).waitFor();
        const gates = page.locator('.gates > li');
        expect(await gates.count()).toBe(4);
        const metric = await gates.first().innerText();
        for (const said of ['Metric threshold', 'accuracy', 'passed', '0.95', '0.85'])
          expect(metric).toContain(said);
        address = new URL(page.url()).hash;

        await page.getByRole('button', { name: 'Approve' }).click();
        await dialog.getByRole('button', { name: 'Approve' }).click();
        expect(await page.getByRole('alert').innerText()).toContain('Not allowed');
      },
      { as: 'ana', refused: /approve/ },
    );
    const watcher = await browser.view({ as: 'ana' });
    await watcher.visit(address);
    await browser.look(
      address,
      async ({ page }) => {
        expect(await page.locator('main').innerText()).toContain('Better on the new regions.');
        await page.getByRole('button', { name: 'Approve' }).click();
        await page.getByRole('dialog').getByRole('textbox', { name: 'Comment' }).fill('Looked at it.');
        await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
        await page.locator('.page-title .chip', { hasText: 'promoted' }).waitFor();
        expect(await page.locator('.approval').innerText()).toMatch(/bob[\s\S]*Looked at it\./);
        expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
      },
      { as: 'bob' },
    );
    // Who waits for it sees it without doing anything.
    await watcher.page.locator('.page-title .chip', { hasText: 'promoted' }).waitFor();
    expect(watcher.troubles()).toEqual([]);
    await watcher.close();
    await browser.look(`#/models/${name}?tab=aliases`, async ({ page }) => {
      await page
        .getByRole('row', { name: /^champion/ })
        .getByRole('link', { name: 'v3' })
        .waitFor();
      await page
        .getByRole('link', { name: /^promotion \d/ })
        .first()
        .click();
      await page.getByRole('heading', { level: 1, name: /^Promotion/ }).waitFor();
    });
  });

  test('that a gate refuses says which and why, and is overridden with a reason alone', async () => {
    const number = await asked(1);
    await browser.look(
      at(number),
      async ({ page }) => {
        await page.locator('.page-title .chip', { hasText: 'refused' }).waitFor();
        expect(await page.locator('.gates > li').first().innerText()).toMatch(/failed[\s\S]*0\.8\D/);
        await page.getByRole('button', { name: 'Override the gates' }).click();
        const dialog = page.getByRole('dialog');
        expect(await dialog.innerText()).toContain('0.8');
        await dialog.getByRole('button', { name: 'Override' }).click();
        expect(await dialog.isVisible()).toBe(true);
        await dialog.getByRole('textbox', { name: 'Reason' }).fill('The regulator asks for it today.');
        await dialog.getByRole('button', { name: 'Override' }).click();
        await page.locator('.page-title .chip', { hasText: 'promoted' }).waitFor();
        expect(await page.locator('.outcome').first().innerText()).toMatch(
          /Overridden by carla.*The regulator asks for it today\./,
        );
        expect(await page.locator('.gates').innerText()).toContain('overridden');
      },
      { as: 'carla' },
    );
  });

  test('is rejected with a reason, or taken back by who asked for it', async () => {
    const first = await asked(3);
    await browser.look(
      at(first),
      async ({ page }) => {
        await page.getByRole('button', { name: 'Reject' }).click();
        await page.getByRole('textbox', { name: 'Reason' }).fill('Not before the audit.');
        await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
        await page.locator('.page-title .chip', { hasText: 'rejected' }).waitFor();
        expect(await page.locator('.outcome').innerText()).toMatch(/Rejected by bob.*Not before the audit\./);
      },
      { as: 'bob' },
    );
    const second = await asked(2);
    await browser.look(
      at(second),
      async ({ page }) => {
        await page.getByRole('button', { name: 'More actions' }).click();
        await page.getByRole('button', { name: 'Cancel the promotion' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Cancel the promotion' }).click();
        await page.locator('.page-title .chip', { hasText: 'cancelled' }).waitFor();
      },
      { as: 'ana' },
    );
  });

  test('stands in the list of the model and of its version, and what is not there is said to be', async () => {
    await browser.look(`#/models/${name}?tab=promotions`, async ({ page }) => {
      const list = page.getByRole('region', { name: 'Promotions, newest first' });
      await list.getByText('rejected').waitFor();
      await list.getByText('cancelled').waitFor();
      await list.getByRole('link', { name: 'Promotion 1', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Promotion 1' }).waitFor();
    });
    await browser.look(`#/models/${name}/versions/1`, async ({ page }) => {
      const list = page.getByRole('region', { name: 'Promotions, newest first' });
      expect(await list.locator('tbody tr').count()).toBeGreaterThan(0);
    });
    await browser.look(
      at(999),
      async ({ page }) => expect(await page.getByRole('alert').first().innerText()).toContain('Not found'),
      { refused: /promotions\/999/ },
    );
  });
});

describe('no barrier stands in the way in either theme', () => {
  test.each([at(1), at(2), at(3), `#/models/${name}?tab=promotions`])('of %s', async (place) => {
    expect(await browser.look(place, (view) => view.barriersInBothThemes())).toEqual([]);
  });
});

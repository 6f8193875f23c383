import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type WebBrowser } from './browser.ts';
import { type Registrar, registrarFor } from './registering.ts';

let stack: RunningStack;
let browser: WebBrowser;
let api: Registrar;
let receiver: Server;
let target: string;
/** What the receiver answers next. */
let answer = 200;
const received: { event: string; signed: boolean }[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { entity, action } = JSON.parse(body) as { entity: string; action: string };
      received.push({
        event: `${entity}.${action}`,
        signed: request.headers['x-mlflow-signature'] !== undefined,
      });
      response.writeHead(answer).end(answer === 200 ? 'thanks' : 'no');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  target = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  stack = await startedStack({ CAIRN_WEBHOOK_TARGETS: 'any' });
  browser = await openBrowser(stack.url);
  api = registrarFor(stack.url);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  receiver?.close();
});

describe('webhooks', () => {
  test('say what they are for where there are none', async () => {
    expect(await browser.look('#/webhooks', ({ page }) => page.locator('main').innerText())).toContain(
      'No webhooks yet',
    );
  });

  test('are made, tested, edited, disabled and deleted', async () => {
    const deploys = 'deploys';
    answer = 200;
    await browser.look('#/webhooks', async ({ page, settled }) => {
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'New webhook' }).click();
      await dialog.getByRole('textbox', { name: 'Name' }).fill(deploys);
      await dialog.getByRole('textbox', { name: 'Address' }).fill(target);
      await dialog.locator('input[name=secret]').fill('only between us');
      await dialog.getByLabel('A version is created').uncheck();
      await dialog.getByLabel('A model is created').check();
      await dialog.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('heading', { level: 1, name: deploys }).waitFor();
      const main = page.locator('main');
      expect(await main.innerText()).toContain('registered_model.created');
      expect(await main.innerText()).not.toContain('model_version.created');
      expect(await main.innerText()).not.toContain('only between us');

      await page.getByRole('button', { name: 'Send a test' }).click();
      await page.getByText('The receiver took the test: it answered 200').waitFor();
      expect(received.at(-1)?.signed).toBe(true);
      answer = 500;
      await page.getByRole('button', { name: 'Send a test' }).click();
      await page.getByText('The test was not taken: it answered 500').waitFor();
      answer = 200;

      await page.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByRole('textbox', { name: 'Description' }).fill('Tells the deployer.');
      await dialog.getByLabel('A model is created').uncheck();
      await dialog.getByLabel('An alias is set or moved').uncheck();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByRole('alert').getByText('Choose what it is told of.').waitFor();
      await dialog.getByLabel('A version is created').check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('paragraph').filter({ hasText: 'Tells the deployer.' }).waitFor();
      await settled();

      // Of rollouts alone, which MLflow's own clients are not shown.
      await page.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByLabel('A version is created').uncheck();
      await dialog.getByLabel('A rollout is broken off').check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await main.getByText('rollout.rolled_back').waitFor();
      expect(await main.innerText()).not.toContain('model_version.created');
      await page.getByRole('button', { name: 'Send a test' }).click();
      await page.getByText('The receiver took the test: it answered 200').waitFor();
      expect(received.at(-1)?.event).toBe('rollout.rolled_back');

      await page.getByRole('button', { name: 'Disable' }).click();
      await page.locator('.page-title .chip', { hasText: 'disabled' }).waitFor();
      await page.getByRole('button', { name: 'Enable' }).click();
      await page.locator('.page-title .chip', { hasText: 'active' }).waitFor();

      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await dialog.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'New webhook' }).waitFor();
      await settled();
      expect(await page.getByRole('link', { name: deploys }).count()).toBe(0);
    });
  });

  test('show each delivery with its attempts and what was sent, and deliver again', async () => {
    const { webhook } = await api.call<{ webhook: { webhook_id: string } }>('webhooks', {
      name: 'listener',
      url: target,
      events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
    });
    answer = 503;
    const told = 'told-of';
    await api.model(told);
    await browser.look(`#/webhooks/${webhook.webhook_id}`, async ({ page }) => {
      await expect
        .poll(
          async () => {
            await page.getByRole('button', { name: 'Refresh' }).click();
            return (await page.locator('.delivery').allInnerTexts()).join();
          },
          { timeout: 30_000 },
        )
        .toContain('answered 503');
      const delivery = page.locator('.deliveries > li').first();
      await delivery.getByRole('button', { name: 'registered_model.created' }).click();
      await delivery.getByText(told).waitFor();
      expect(page.url()).toContain('delivery=');
      answer = 200;
      await delivery.getByRole('button', { name: 'Redeliver' }).click();
      // It shows by itself when it has arrived.
      await delivery.locator('.chip', { hasText: 'delivered' }).waitFor();
      const attempts = page.getByRole('region', { name: 'Attempts of registered_model.created' });
      expect(await attempts.locator('tbody tr').count()).toBeGreaterThanOrEqual(2);
      expect(await attempts.innerText()).toContain('200');
    });
  });

  test('are refused where the address is none, in words, and what is not there is said to be', async () => {
    await browser.look(
      '#/webhooks',
      async ({ page }) => {
        const dialog = page.getByRole('dialog');
        await page.getByRole('button', { name: 'New webhook' }).click();
        await dialog.getByRole('textbox', { name: 'Name' }).fill('not a name!');
        await dialog.getByRole('textbox', { name: 'Address' }).fill('ftp://example.org/');
        await dialog.getByRole('button', { name: 'Create' }).click();
        await dialog.getByRole('alert').waitFor();
        expect(await dialog.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('not a name!');
      },
      { refused: /webhooks/ },
    );
    await browser.look(
      '#/webhooks/none',
      async ({ page }) => expect(await page.getByRole('alert').first().innerText()).toContain('Not found'),
      { refused: /webhooks\/none/ },
    );
  });

  test('keep nobody out in either theme', async () => {
    const { webhooks } = (await (await fetch(`${stack.url}/api/2.0/mlflow/webhooks`)).json()) as {
      webhooks: { webhook_id: string }[];
    };
    for (const place of ['#/webhooks', `#/webhooks/${webhooks[0]?.webhook_id}`])
      expect(await browser.look(place, (view) => view.barriersInBothThemes())).toEqual([]);
  });
});

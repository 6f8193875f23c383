import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier, features } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Logger, loggerFor } from './logging.ts';

const name = 'flowers';

let stack: RunningStack;
let browser: WebBrowser;
let log: Logger;
let runId: string;
beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  log = loggerFor(stack.url);
  runId = await log.run(await log.experiment('Flowers'), { name: 'trained' });
  await log.artifact(runId, 'model/model.onnx', new Uint8Array(classifier()));
  await log.call('registered-models/create', { name, description: 'Which flower is it?' });
  await log.call('model-versions/create', {
    name,
    source: `runs:/${runId}/model`,
    run_id: runId,
    tags: [{ key: 'reviewed', value: 'yes' }],
  });
  await eventually(async () => {
    await log.call('registered-models/alias', { name, alias: 'champion', version: '1' });
    await deploy(name);
  }, 30);
  await eventually(score, 30);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

function deploy(endpoint: string): Promise<void> {
  return post('/api/v1/endpoints', { name: endpoint, model: name, alias: 'champion' });
}

function score(): Promise<void> {
  const rows = [[1, 2, 3]];
  return post(`/endpoints/${name}/invocations`, { dataframe_split: { columns: features, data: rows } });
}

async function post(path: string, body: unknown): Promise<void> {
  const response = await fetch(stack.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
}

const visits = {
  model: `#/models/${name}`,
  endpoint: `#/endpoints/${name}`,
  monitor: `#/monitors/${name}`,
} as const;

describe('what serves', () => {
  test('is listed: the model, its endpoint, and the monitor of that', async () => {
    for (const place of ['#/', '#/models', '#/endpoints', '#/monitors'])
      await browser.look(place, async ({ page }) => {
        expect(await page.locator('main').getByRole('link', { name, exact: true }).count()).toBeGreaterThan(
          0,
        );
      });
  });

  test('a model says who serves it and which run made a version, and the run which version it became', async () => {
    await browser.look(visits.model, async ({ page }) => {
      const main = page.locator('main');
      expect(await main.innerText()).toContain('Which flower is it?');
      expect(await main.locator(`a[href="${visits.endpoint}"]`).count()).toBe(1);
      await main.getByRole('link', { name: runId.slice(-8) }).click();
      await page.getByRole('heading', { level: 1, name: 'trained' }).waitFor();
      await page.getByRole('link', { name: `${name} version 1` }).click();
      await page.getByRole('heading', { level: 1, name: `Version 1 of ${name}` }).waitFor();
    });
  });

  test('an endpoint says which version answers, and where to ask it', async () => {
    const looking = async ({ page }: View) => {
      const text = await page.locator('main').innerText();
      expect(text).toContain('ready');
      expect(text).toContain(`POST ${stack.url}/endpoints/${name}/invocations`);
      expect(text).toContain(`POST ${stack.url}/v2/models/${name}/infer`);
      expect(await page.getByTitle(/^sha256:[0-9a-f]{64}$/).innerText()).toMatch(/^sha256:[0-9a-f]{12}…$/);
      await page.getByRole('link', { name: 'v1', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: `Version 1 of ${name}` }).waitFor();
    };
    await browser.look(visits.endpoint, looking);
  });

  test('an endpoint has a data policy: made on its page, refused where it fits not, and changed', async () => {
    const kept = 'kept';
    await deploy(kept);
    const looking = async ({ page }: View) => {
      const dialog = page.getByRole('dialog');
      const card = page.locator('.card', { hasText: 'Data policy' });
      await card.getByText('Nobody has said what its predictions are logged for').waitFor();
      await card.getByRole('button', { name: 'Make one' }).click();
      await dialog.getByRole('textbox', { name: 'Purpose' }).fill('To see whether flowers change.');
      await dialog.getByRole('spinbutton', { name: 'Kept for, in days' }).fill('30');
      await dialog.getByRole('button', { name: 'Add a column' }).click();
      await dialog.getByRole('textbox', { name: 'Column', exact: true }).fill('no such column');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByRole('alert').getByText('no such column').waitFor();
      await dialog.getByRole('textbox', { name: 'Column', exact: true }).fill(features[0] ?? '');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await card.getByText('version 1').waitFor();
      expect(await card.innerText()).toContain(`${features[0]} · masked`);
      expect(await card.innerText()).toContain('30 days');

      await card.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByRole('button', { name: `Remove ${features[0]}` }).click();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await card.getByText('version 2').waitFor();
      expect(await card.innerText()).not.toContain('masked');
    };
    await browser.look(`#/endpoints/${kept}`, looking, { refused: /data-policy/ });
  });

  test('a monitor says what it watches for', async () => {
    await browser.look(`${visits.monitor}?tab=settings`, async ({ page }) => {
      const text = await page.locator('main').innerText();
      expect(text).toContain('Feature drift');
      expect(text).toContain('Rows needed');
    });
  });

  test.each(Object.entries(visits))('no barrier stands in the way of a %s', async (_, hash) => {
    expect(await browser.look(hash, (view) => view.barriersInBothThemes(), { width: 900 })).toEqual([]);
  });

  test('what is not known is said to be', async () => {
    for (const hash of ['#/models/none', '#/endpoints/none', '#/monitors/none'])
      await browser.look(
        hash,
        async ({ page }) => {
          expect(await page.getByRole('alert').first().innerText()).toContain('Not found');
        },
        { refused: /none/ },
      );
  });
});

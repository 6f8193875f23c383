import { afterAll, beforeAll, expect, test } from 'vitest';
import { calls, deploymentOf, lookAfter, rolling } from '../rollouts/support.ts';
import { features } from '../serving/support.ts';
import type { TestServer } from '../support/server.ts';
import { type Guarded, guarded } from './access.ts';
import type { View } from './browser.ts';

let web: Guarded;
let server: TestServer;
let operator: string;
/** The endpoint of a rollout that was rolled back. */
const worse = 'worse';
beforeAll(async () => {
  web = await guarded();
  server = { ...web.server, call: web.server.admin };
  operator = await web.token('olga', 'operator');
});
afterAll(() => web?.close());

function plan({ page }: View) {
  return page.getByRole('list', { name: 'Plan' });
}

test('a rollout tells its plan, what was judged by which figures, and is stopped for a reason that stays', async () => {
  const stopped = 'stopped';
  const rollout = await rolling(server, stopped);
  const looking = async (view: View) => {
    const { page } = view;
    expect(await plan(view).locator('[aria-current="step"]').innerText()).toBe('10 %');
    await page.getByText('Nothing has been judged yet').waitFor();
    await calls(server.ctx, stopped, rollout);
    await lookAfter(server.ctx, stopped, rollout);
    // The page looks again by itself.
    await plan(view).locator('[aria-current="step"]', { hasText: '50 %' }).waitFor();
    const guards = page.getByRole('region', { name: 'Guards' });
    expect(await guards.getByRole('columnheader').allInnerTexts()).toContain('New (400 calls)');
    expect(await guards.getByRole('row', { name: 'Errors' }).innerText()).toMatch(
      /0 %\s+0 %\s+0 %\s+1 of \d+\s+holds/,
    );
    expect(await guards.getByRole('row', { name: 'Latency, p95' }).innerText()).toContain('1.5');
    expect(await view.barriers()).toEqual([]);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The new one is not needed.');
    await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('heading', { name: 'Last rollout of main' }).waitFor();
    await page.getByText('The new one is not needed.').waitFor();
    expect(await page.locator('main').innerText()).toContain('was stopped');
  };
  await web.browser.look(`#/endpoints/${stopped}`, looking, { token: operator });
  expect((await deploymentOf(server.ctx, stopped)).stable?.version).toBe(1);
});

test('a rollout is finished before its time, and the new version answers', async () => {
  const finished = 'finished';
  await rolling(server, finished);
  const looking = async ({ page }: View) => {
    await page.getByRole('button', { name: 'Finish now' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Tried by hand.');
    await dialog.getByRole('button', { name: 'Finish now' }).click();
    await page.getByText('Tried by hand.').waitFor();
    await page.getByRole('cell', { name: 'v2' }).waitFor();
  };
  await web.browser.look(`#/endpoints/${finished}`, looking, { token: operator });
  expect((await deploymentOf(server.ctx, finished)).stable?.version).toBe(2);
});

test('a rollout that did worse tells why it was rolled back, and what the guards had found', async () => {
  const rollout = await rolling(server, worse);
  await calls(server.ctx, worse, rollout, { failing: 50 }, 1);
  await lookAfter(server.ctx, worse, rollout, 2);
  await web.browser.look(
    `#/endpoints/${worse}`,
    async ({ page }) => {
      await page.getByText('33.3 % of the calls of version 2 fail', { exact: false }).first().waitFor();
      await page.getByText('What the guards had found').click();
      const errors = page.getByRole('row', { name: 'Errors' });
      expect(await errors.innerText()).toContain('worse');
    },
    { token: operator, theme: 'dark' },
  );
});

test('who may only see tries an endpoint, and is offered nothing that changes it', async () => {
  const viewer = await web.token('vera', 'viewer');
  const looking = async (view: View) => {
    const { page } = view;
    expect(await page.locator('main').getByRole('slider').count()).toBe(0);
    for (const name of ['Edit', 'More actions', 'Save', 'Stop', 'Finish now', 'Make one'])
      expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: 'Try it' }).click();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('region', { name: 'Predictions' }).waitFor();
    expect(await page.getByRole('textbox', { name: /^Label of/ }).count()).toBe(0);
    await page.getByRole('link', { name: 'Endpoints' }).first().click();
    await page.getByRole('row', { name: worse }).waitFor();
    expect(await page.getByRole('button', { name: 'New endpoint' }).count()).toBe(0);
  };
  await web.browser.look(`#/endpoints/${worse}`, looking, { token: viewer });
});

test('who may only see watches what a batch job of an endpoint did, and is offered nothing that changes it', async () => {
  const viewer = await web.token('vito', 'viewer');
  const input = `${worse}/rows.csv`;
  const text = Buffer.from(`${features.join(',')}\n1,2,3\n`);
  await server.ctx.stores.blobs('batch-input').write(input, text);
  const { body } = await server.call('POST', '/api/v1/batch-jobs', { endpoint: worse, input });
  await server.drain();
  const looking = async ({ page }: View) => {
    await page.getByRole('status').getByText('succeeded').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: /^Download the output/ }).click();
    await download;
    for (const name of ['More actions', 'Retry', 'Go on', 'Cancel the job'])
      expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: 'Batch jobs' }).first().click();
    await page.getByRole('row', { name: 'rows' }).first().waitFor();
    expect(await page.getByRole('link', { name: 'New job' }).count()).toBe(0);
    expect(await page.locator('.drop').count()).toBe(0);
  };
  await web.browser.look(`#/batch-jobs/${String(body['id'])}`, looking, { token: viewer });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type WebBrowser } from './browser.ts';
import { registrarFor } from './registering.ts';

let stack: RunningStack;
let browser: WebBrowser;
let job: { readonly id: string };
beforeAll(async () => {
  stack = await startedStack({ CAIRN_EXECUTORS: JSON.stringify({ idle: { process: ['sleep', '600'] } }) });
  browser = await openBrowser(stack.url);
  const registrar = registrarFor(stack.url);
  await registrar.model('iris');
  await registrar.version('iris');
  await registrar.read('iris', 1);
  await registrar.alias('iris', 'champion', 1);
  await registrar.cairn('POST', 'endpoints', { name: 'iris', model: 'iris', alias: 'champion' });
  const asked = { endpoint: 'iris', executor: 'idle', reason: 'New data since Monday.' };
  job = await registrar.cairn('POST', 'retraining-jobs', asked);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

test('a retraining is found in the list, shows its steps, and is cancelled on its page', async () => {
  await browser.look('#/retraining', async ({ page, barriersInBothThemes }) => {
    await page.getByRole('link', { name: 'iris', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Retraining of iris' }).waitFor();
    expect(page.url()).toContain(encodeURIComponent(job.id));
    await page.getByText('New data since Monday.').waitFor();
    await page.getByText('(a command on this machine)').waitFor();
    const steps = page.getByRole('region', { name: 'Steps, in order' });
    await steps.getByText('training', { exact: true }).waitFor();
    expect(await barriersInBothThemes()).toEqual([]);
    await page.getByRole('button', { name: 'Cancel the retraining' }).click();
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await steps.getByText('cancelled', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Cancel the retraining' }).count()).toBe(0);
  });
});

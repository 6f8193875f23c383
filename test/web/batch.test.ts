import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsedOutput, scoredAtOnce } from '../batch/support.ts';
import { classifier, features } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Registrar, registrarFor } from './registering.ts';

const name = 'flowers';
const rows = 3000;
/** In the order of the file, the first is 1. */
const bad = new Map([
  [21, 'long'],
  [2500, 'n.a.'],
]);

const blockBytes = 15_000;
const blockIds = ['a', 'b', 'c'].map((id) => btoa(id.repeat(30)));

let stack: RunningStack;
let browser: WebBrowser;
let web: Registrar;
beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  web = registrarFor(stack.url);
  await web.model(name);
  await web.version(name);
  await web.read(name, 1);
  await web.alias(name, 'champion', 1);
  await eventually(() => web.cairn('POST', 'endpoints', { name, model: name, alias: 'champion' }), 30);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

/** A table of the model's columns and one more; `length` of some rows is no number. */
function table(isGood = false): string {
  const lines = Array.from({ length: rows }, (_, at) => at + 1)
    .filter((row) => !isGood || !bad.has(row))
    .map((row) => `${row},${bad.get(row) ?? (row % 80) / 8},${(row % 13) - 6},${row % 7}\n`);
  return `id,${features.join(',')}\n${lines.join('')}`;
}

/** Drops a file as a reader does who drags it from elsewhere. */
async function drop(page: Page, file: string, text: string): Promise<void> {
  const dragged = await page.evaluateHandle(
    ([called, content]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content ?? ''], called ?? ''));
      return transfer;
    },
    [file, text],
  );
  await page.locator('.drop').dispatchEvent('dragover', { dataTransfer: dragged });
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dragged });
}

async function choose(page: Page, owner: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Scored by' }).fill(owner);
  await page.getByRole('option', { name: `${owner} endpoint` }).click();
}

async function fileOf(page: Page, button: RegExp): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).first().click(),
  ]);
  return contentOf(download);
}

async function contentOf(download: Download): Promise<string> {
  return readFile(await download.path(), 'utf8');
}

/** Of the jobs of the endpoint those whose input has this name. */
async function jobsOf(file: string): Promise<{ id: string; requested_by: string | null }[]> {
  const { jobs } = await web.cairn<{
    jobs: { id: string; input: { name: string }; requested_by: string | null }[];
  }>('GET', `batch-jobs?endpoint=${name}&limit=200`);
  return jobs.filter((job) => job.input.name.endsWith(`/${file}`));
}

describe('a file that is dropped', () => {
  const file = 'march.csv';

  test('goes straight to storage in blocks, one sent again, and comes out scored, its bad rows told', async () => {
    const looking = async (view: View) => {
      const { page } = view;
      const sent = { storage: 0, lost: 0, server: 0 };
      // Small blocks: what a large file is sent in.
      await page.route('**/batch-uploads', async (route) => {
        const answer = await route.fetch();
        const ticket = (await answer.json()) as { input: string; blocks: unknown };
        if (ticket.input.endsWith('.csv'))
          ticket.blocks = { upload: '0'.repeat(24), bytes: blockBytes, ids: blockIds };
        await route.fulfill({ response: answer, json: ticket });
      });
      await page.route(/comp=block&/, async (route) => {
        if (sent.lost++ === 0) await route.abort();
        else await route.continue();
      });
      page.on('request', (request) => {
        if (request.method() !== 'PUT') return;
        if (request.url().startsWith(stack.url)) sent.server++;
        else sent.storage++;
      });
      await drop(page, file, table());
      await page.getByRole('heading', { level: 1, name: 'New batch job' }).waitFor();
      await page.getByText(file).waitFor();
      await choose(page, name);
      await page.getByRole('combobox', { name: 'Rows that cannot be scored' }).selectOption('skip');
      await page.getByRole('spinbutton', { name: /^At most, rows/ }).fill('5');
      expect(await view.barriersInBothThemes()).toEqual([]);
      await page.getByRole('button', { name: 'Upload and score' }).click();
      await page.getByRole('heading', { level: 1, name: file }).waitFor();
      await page.getByText('Rows written').waitFor();
      await page.getByRole('status').getByText('succeeded').waitFor();
      // The options, each block and one again, and the list of them.
      expect(sent).toEqual({ storage: blockIds.length + 3, lost: blockIds.length + 1, server: 0 });

      const cells = page.getByRole('region', { name: 'Bad rows' }).getByRole('row');
      await cells.nth(1).waitFor();
      expect((await cells.allInnerTexts()).slice(1).map((text) => text.split('\t'))).toEqual(
        [...bad].map(([row, value]) => [row.toLocaleString('en-GB'), 'length', value, 'is not a number']),
      );
      const output = await fileOf(page, /^Download the output/);
      expect(await parsedOutput(output)).toEqual(await scoredAtOnce(classifier(), features, table(true)));
      const errors = (await fileOf(page, /^Download the bad rows/)).trim().split('\n');
      expect(errors.map((line) => (JSON.parse(line) as { row: number }).row)).toEqual([...bad.keys()]);
      await page.getByRole('link', { name: `${name} version 1` }).waitFor();
      expect(await view.barriersInBothThemes()).toEqual([]);
    };
    await browser.look('#/batch-jobs', looking, { refused: /comp=block/ });
  });

  test('has a report of what went in and came out, and a place in the lineage', async () => {
    const [job] = await jobsOf(file);
    await browser.look(`#/batch-jobs/${job?.id}?tab=report`, async (view) => {
      const { page } = view;
      const report = await page.locator('main').innerText();
      expect(report).toContain('is not a number');
      expect(report).toContain('The version names no reference set.');
      for (const feature of features)
        await page.getByRole('img', { name: new RegExp(`^${feature}: [\\d,]+ rows from `) }).waitFor();
      expect(await page.getByRole('region', { name: 'Predictions by class' }).getByRole('row').count()).toBe(
        4,
      );
      expect(await view.barriersInBothThemes()).toEqual([]);
      await page.getByRole('link', { name: 'Lineage' }).click();
      await page.getByText(`Scoring of ${file}`).first().waitFor();
    });
  });

  test('is one job, of whoever dropped it, which lists find by what scored it and how it went', async () => {
    expect(await jobsOf(file)).toHaveLength(1);
    await browser.look(`#/batch-jobs?endpoint=${name}&state=succeeded`, async (view) => {
      const row = view.page.getByRole('row').filter({ hasText: file });
      expect(await row.innerText()).toMatch(/flowers\s+endpoint\s+succeeded\s+100 %\s+2,998\s+2\s/);
      await view.page.getByRole('button', { name: 'Failed' }).click();
      await row.waitFor({ state: 'detached' });
      expect(view.page.url()).toContain('state=failed');
    });
  });
});

describe('before a file is sent', () => {
  test('the page says what is missing, by field', async () => {
    await browser.look('#/batch-jobs/new', async ({ page }) => {
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      const submit = page.getByRole('button', { name: 'Upload and score' });
      await page.getByRole('combobox', { name: 'Scored by' }).fill('nobody');
      await submit.click();
      await page.getByRole('alert').getByText('Choose the file').waitFor();
      await drop(page, 'rows.txt', table());
      await submit.click();
      await page.getByRole('alert').getByText('no endpoint or model called “nobody”').waitFor();
      await choose(page, name);
      await submit.click();
      await page.getByRole('alert').getByText('does not tell its format').waitFor();
      expect(asked.filter((url) => url.includes('batch-uploads'))).toEqual([]);
    });
  });

  test('an upload is stopped, and starts no job', async () => {
    const file = 'stopped.csv';
    await browser.look('#/batch-jobs/new', async ({ page }) => {
      await page.route(/sig=/, () => undefined);
      await drop(page, file, table());
      await choose(page, name);
      await page.getByRole('button', { name: 'Upload and score' }).click();
      await page.getByRole('button', { name: 'Cancel the upload' }).click();
      await page.getByRole('button', { name: 'Upload and score' }).waitFor();
      await page.getByText(file).waitFor();
    });
    expect(await jobsOf(file)).toEqual([]);
  });
});

describe('a job', () => {
  test('that meets a bad row it may not pass over says which, and can be retried', async () => {
    const file = 'bad.csv';
    await browser.look(`#/batch-jobs/new?endpoint=${name}`, async (view) => {
      const { page } = view;
      await drop(page, file, table());
      await page.getByRole('button', { name: 'Upload and score' }).click();
      const notice = page.getByRole('alert');
      await notice.getByText('Row 21, column length, “long”: is not a number').waitFor();
      await page.getByRole('button', { name: 'Retry' }).waitFor();
      expect(await view.barriersInBothThemes()).toEqual([]);
      await view.visit('#/batch-jobs?state=failed');
      const why = page.getByRole('row').filter({ hasText: file }).getByText('Row 21, column length');
      await why.filter({ visible: true }).waitFor();
      expect(await view.barriersInBothThemes()).toEqual([]);
      await page.setViewportSize({ width: 375, height: 700 });
      const inSight = await why.first().boundingBox();
      expect((inSight?.x ?? 375) + (inSight?.width ?? 0)).toBeLessThanOrEqual(375);
    });
  });

  test('is watched as it goes on, cancelled, and deleted with all that came of it', async () => {
    const file = 'long.csv.gz';
    // Packed it is one chunk, which takes some seconds.
    const line = '1.5,2,3\n';
    const text = Buffer.concat([
      Buffer.from(`${features.join(',')}\n`),
      Buffer.alloc(12_000_000 * line.length, line),
    ]);
    const body = new Uint8Array(gzipSync(text, { level: 1 }));
    const sent = await fetch(`${stack.url}/api/v1/batch-inputs/${name}/${file}`, { method: 'PUT', body });
    expect(sent.status).toBe(201);
    const view = await browser.view();
    const { page } = view;
    await view.visit('#/batch-jobs?state=under way');
    const events = page.waitForResponse((answer) => answer.url().endsWith('/events'));
    await page.getByRole('link', { name: file }).click();
    await page.getByText('Progress').waitFor();
    expect((await events).headers()['content-type']).toContain('text/event-stream');
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Yes, cancel it' }).click();
    await page.getByRole('status').getByText('cancelled').waitFor();
    await page.getByRole('button', { name: 'Go on' }).waitFor();
    await page.getByText('The job was cancelled. For a week it can go on').waitFor();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('button', { name: 'Delete the job' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Batch jobs' }).waitFor();
    await page.getByRole('row').filter({ hasText: file }).waitFor({ state: 'detached' });
    expect(view.troubles()).toEqual([]);
    await view.close();
  });
});

describe('a job of many files', () => {
  test('tells them apart by the folders they lie in, in the page and as they are saved', async () => {
    const folder = 'parts/_days';
    for (const day of [1, 2]) {
      const body = `${features.join(',')}\n1,2,3\n${day === 2 ? '1,x,3\n' : ''}`;
      const url = `${stack.url}/api/v1/batch-inputs/${name}/${folder}/day=${day}/part-0.csv`;
      expect((await fetch(url, { method: 'PUT', body })).status).toBe(201);
    }
    const { id } = await web.cairn<{ id: string }>('POST', 'batch-jobs', {
      endpoint: name,
      input: `${name}/${folder}/`,
      bad_rows: { policy: 'skip' },
    });
    await browser.look(`#/batch-jobs/${id}`, async (view) => {
      const { page } = view;
      await page.getByText('Rows written').waitFor();
      const files = page.getByRole('region', { name: 'Files of the job' }).getByRole('rowheader');
      await expect
        .poll(() => files.allInnerTexts(), { timeout: 5000 })
        .toEqual([expect.stringContaining('day=1/part-0.csv'), expect.stringContaining('day=2/part-0.csv')]);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'part-0.csv', exact: true }).last().click(),
      ]);
      expect(download.suggestedFilename()).toBe('day=2_part-0.csv');
      await page.getByRole('button', { name: 'Bad rows of day=2/part-0.csv: 1' }).click();
      await page.getByRole('heading', { name: 'Bad rows of day=2/part-0.csv' }).waitFor();
      expect(await view.barriersInBothThemes()).toEqual([]);
      await view.visit(`#/batch-jobs?endpoint=${name}`);
      const row = page.getByRole('row').filter({ hasText: '_days/' });
      expect(await row.innerText()).toMatch(/in parts, 2 files, .*by local/s);
    });
  });
});

test('a job whose endpoint was deleted stays with its output, and with no link that leads nowhere', async () => {
  const gone = 'short-lived';
  await web.cairn('POST', 'endpoints', { name: gone, model: name, alias: 'champion' });
  const input = `${stack.url}/api/v1/batch-inputs/${gone}/x.csv`;
  expect((await fetch(input, { method: 'PUT', body: `${features.join(',')}\n1,2,3\n` })).status).toBe(201);
  const job = await eventually(async () => {
    const { jobs } = await web.cairn<{ jobs: { id: string; status: string }[] }>(
      'GET',
      `batch-jobs?endpoint=${gone}&status=succeeded`,
    );
    return jobs[0] ?? Promise.reject(new Error('It has not been scored yet.'));
  }, 30);
  await web.cairn('DELETE', `endpoints/${gone}`);
  const looking = async ({ page }: View) => {
    await page.getByText('endpoint, which is not there').waitFor();
    await page.getByRole('button', { name: /^Download the output/ }).waitFor();
    expect(await page.getByRole('link', { name: gone }).count()).toBe(0);
  };
  await browser.look(`#/batch-jobs/${job.id}`, looking);
});

test('nothing of a page of batch jobs is cut by a narrow window', async () => {
  const { jobs } = await web.cairn<{ jobs: { id: string }[] }>(
    'GET',
    `batch-jobs?endpoint=${name}&status=succeeded`,
  );
  const view = await browser.view({ width: 375, theme: 'dark' });
  const id = jobs[0]?.id ?? '';
  const places = ['batch-jobs', 'batch-jobs/new', `batch-jobs/${id}`, `batch-jobs/${id}?tab=report`];
  const cut: string[] = [];
  for (const place of places) {
    await view.visit(`#/${place}`);
    for (const element of await view.cut()) cut.push(`${place}: ${element}`);
  }
  expect(cut).toEqual([]);
  expect(view.troubles()).toEqual([]);
  await view.close();
});

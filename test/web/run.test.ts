import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startedStack, type RunningStack } from '../support/stack.ts';
import { bodyBytes, openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Logger, loggerFor, startedAt } from './logging.ts';

let stack: RunningStack;
let browser: WebBrowser;
let log: Logger;
let experimentId: string;

beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  log = loggerFor(stack.url);
  experimentId = await log.experiment('Study');
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

async function looking<T>(at: string, look: (view: View) => Promise<T>, options = {}): Promise<T> {
  const view = await browser.view(options);
  try {
    await view.visit(at);
    const result = await look(view);
    expect(view.troubles()).toEqual([]);
    return result;
  } finally {
    await view.close();
  }
}

const longName = 'a-name-that-someone-made-of-all-its-params,'.repeat(5);

describe('the overview of a run', () => {
  let runId: string;
  beforeAll(async () => {
    runId = await log.run(experimentId, {
      name: 'baseline',
      params: { lr: '0.001', ['k'.repeat(120)]: 'v'.repeat(3000) },
      metrics: { loss: 0.25, worst: Number.NaN, best: Number.POSITIVE_INFINITY },
      tags: { team: 'vision', 'mlflow.source.name': 'train.py', 'mlflow.source.git.commit': 'c0ffee1' },
      status: 'FINISHED',
    });
    await log.call('runs/log-inputs', {
      run_id: runId,
      datasets: [
        {
          tags: [{ key: 'mlflow.data.context', value: 'training' }],
          dataset: {
            name: 'flowers',
            digest: 'd1',
            source_type: 'http',
            source: '{"url": "https://example.org/flowers.csv"}',
            schema: '{"mlflow_colspec": [{"type": "double", "name": "petal", "required": true}]}',
            profile: '{"num_rows": 150}',
          },
        },
      ],
    });
    await log.run(experimentId, { name: 'its child', tags: { 'mlflow.parentRunId': runId } });
  });

  test('tells what the run was told, measured, read and came from', async () => {
    await looking(`#/runs/${runId}`, async ({ page }) => {
      const said = await page.locator('main').innerText();
      for (const text of ['baseline', 'finished', '1 min 30 s', 'Study', runId, 'train.py', 'c0ffee1'])
        expect(said).toContain(text);
      for (const text of [
        'loss',
        '0.25',
        'NaN',
        '∞',
        'lr',
        '0.001',
        'team',
        'vision',
        'flowers',
        'training',
        'num rows 150',
      ])
        expect(said).toContain(text);
      await page.getByText('1 column').click();
      expect(await page.getByRole('region', { name: 'Columns of flowers' }).innerText()).toContain('petal');
      await page.getByRole('link', { name: 'its child' }).click();
      await page.getByRole('heading', { level: 1, name: 'its child' }).waitFor();
    });
  });

  test('a long value is one line until it is pressed', async () => {
    await looking(`#/runs/${runId}`, async ({ page }) => {
      const value = page.getByRole('button', { name: 'v'.repeat(3000) });
      const closed = await value.boundingBox();
      await value.click();
      const open = await value.boundingBox();
      expect(open?.height).toBeGreaterThan((closed?.height ?? 0) * 5);
    });
  });

  test('name, description and tags change where they are read', async () => {
    const changing = await log.run(experimentId, { name: 'to change', tags: { team: 'vision' } });
    await looking(`#/runs/${changing}`, async (view) => {
      const { page } = view;
      await page.getByRole('button', { name: 'Rename' }).first().click();
      await page.getByRole('textbox', { name: 'Name' }).fill('renamed');
      await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
      await page.getByRole('heading', { level: 1, name: 'renamed' }).waitFor();

      await page.getByRole('button', { name: 'Add a description' }).click();
      await page.getByRole('textbox', { name: 'Description' }).fill('<b>Plain</b> words');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('<b>Plain</b> words').waitFor();
      await page.getByRole('textbox', { name: 'Description' }).waitFor({ state: 'detached' });

      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('stage');
      await page.getByRole('textbox', { name: 'Value' }).fill('first');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Edit tag stage' }).click();
      await page.getByRole('textbox', { name: 'Value' }).fill('second');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('second').waitFor();
      await page.getByRole('button', { name: 'Delete tag team' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('vision').waitFor({ state: 'detached' });
      await view.settled();
      const response = await page.request.get(`${stack.url}/api/2.0/mlflow/runs/get?run_id=${changing}`);
      const { run } = (await response.json()) as {
        run: { info: { run_name: string }; data: { tags: { key: string; value: string }[] } };
      };
      const tags = Object.fromEntries(run.data.tags.map(({ key, value }) => [key, value]));
      expect(run.info.run_name).toBe('renamed');
      expect(tags).toMatchObject({ 'mlflow.note.content': '<b>Plain</b> words', stage: 'second' });
      expect(tags).not.toHaveProperty('team');
    });
  });

  test('a run is deleted after a question, says so, and is restored', async () => {
    const doomed = await log.run(experimentId, { name: 'doomed', tags: { a: 'b' }, status: 'FAILED' });
    await looking(`#/runs/${doomed}`, async ({ page }) => {
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.locator('.chip', { hasText: 'deleted' }).waitFor();
      expect(await page.getByRole('button', { name: 'Edit tag a' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Restore' }).first().click();
      await page.locator('.chip', { hasText: 'deleted' }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Edit tag a' }).waitFor();
    });
  });

  test('a run without anything, and one with a very long name, are pages too', async () => {
    const empty = await log.run(experimentId, { name: longName });
    await looking(
      `#/runs/${empty}`,
      async (view) => {
        const { page } = view;
        expect(await page.locator('main').innerText()).toContain('None were logged.');
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        expect(await view.barriers()).toEqual([]);
        for (const [tab, title] of [
          ['Metrics', 'No metrics'],
          ['Artifacts', 'No artifacts'],
        ] as const) {
          await page.getByRole('link', { name: tab, exact: true }).click();
          await page.getByRole('heading', { name: title }).waitFor();
          await view.settled();
          expect(await view.barriers()).toEqual([]);
        }
      },
      { width: 900 },
    );
  });

  test('a run that is not there is said to be not there', async () => {
    const view = await browser.view();
    await view.visit(`#/runs/${'0'.repeat(32)}`);
    expect(await view.page.getByRole('alert').innerText()).toContain('Not found');
    await view.close();
  });
});

describe('the curves of a run', () => {
  const wave = Array.from({ length: 1500 }, (_, step) => Math.sin(step / 50) + 2);
  let runId: string;
  beforeAll(async () => {
    runId = await log.run(experimentId, { name: 'waves', status: 'FINISHED' });
    await log.points(runId, 'wave', wave);
    await log.points(runId, 'system/cpu', [10, 20, 30]);
    await log.points(runId, 'signed', [-1, 0, Number.NaN, 10, 100]);
  });

  test('are painted from the points that the page asked for, sampled', async () => {
    const view = await browser.view();
    const answers: { metrics?: { step: number; value: number }[] }[] = [];
    view.page.on('response', (response) => {
      if (response.url().includes('metric_key=wave')) void response.json().then((body) => answers.push(body));
    });
    await view.visit(`#/runs/${runId}?tab=metrics`);
    const card = view.page.getByRole('region', { name: 'wave' });
    await card.locator('canvas').waitFor();
    const points = answers.flatMap(({ metrics = [] }) => metrics);
    expect(points.length).toBeGreaterThan(500);
    expect(points.length).toBeLessThanOrEqual(1000);
    for (const { step, value } of points) expect(value).toBe(wave[step]);
    expect(await paintedColours(view, 'wave')).toBeGreaterThan(300);
    expect(await card.getByRole('group').getAttribute('aria-label')).toMatch(
      /^Chart of wave: \d+ points, from 1(\.\d+)? to (2\.99\d*|3)$/,
    );
    expect(view.troubles()).toEqual([]);
    await view.close();
  });

  test('are smoothed, over time, on a log scale and closer, as the address says after a reload too', async () => {
    await looking(`#/runs/${runId}?tab=metrics`, async (view) => {
      const { page } = view;
      await page.getByLabel('Smoothing').fill('0.5');
      // The second comes before the first is drawn, as on a slow machine.
      await page.evaluate(async () => {
        for (const name of ['Log scale', 'Relative']) {
          const buttons = [...document.querySelectorAll('button')];
          buttons.find(({ textContent }) => textContent === name)?.click();
          for (let turn = 0; turn < 50; turn++) await Promise.resolve();
        }
      });
      await view.settled();
      expect(page.url()).toContain('smooth=0.5');
      await page.reload();
      await view.settled();
      for (const name of ['Log scale', 'Relative'])
        expect(await page.getByRole('button', { name }).getAttribute('aria-pressed')).toBe('true');
      const signed = page.getByRole('region', { name: 'signed' });
      await signed.getByText('3 points not drawable').waitFor();

      await page.getByRole('button', { name: 'Step' }).click();
      // Until then the chart over the other axis stands there, and is about to be taken away.
      await page.getByRole('button', { name: 'Step', pressed: true }).waitFor();
      await view.settled();
      await page.getByRole('region', { name: 'wave' }).locator('.u-over').waitFor();
      const asked = page.waitForRequest((request) => /metric_key=wave.*start_step=/.test(request.url()));
      const over = await page.getByRole('region', { name: 'wave' }).locator('.u-over').boundingBox();
      if (!over) throw new Error('no chart');
      const y = over.y + over.height / 2;
      await page.mouse.move(over.x + over.width * 0.25, y);
      await page.mouse.down();
      await page.mouse.move(over.x + over.width * 0.5, y, { steps: 4 });
      await page.mouse.up();
      const steps = new URL((await asked).url()).searchParams;
      expect(Number(steps.get('start_step'))).toBeGreaterThan(300);
      expect(Number(steps.get('end_step'))).toBeLessThan(800);
      await page.getByRole('button', { name: 'Reset zoom' }).click();
      expect(page.url()).not.toContain('range=');
    });
  });

  test('are read by pointer and by keyboard, and point by point in a table', async () => {
    await looking(`#/runs/${runId}?tab=metrics`, async ({ page }) => {
      const cpu = page.getByRole('region', { name: 'system/cpu' });
      await cpu.locator('.u-over').hover();
      await cpu.locator('.chart-tip', { hasText: 'Step 1' }).waitFor();
      expect(await cpu.locator('.chart-tip').innerText()).toContain('20');
      await cpu.getByRole('group').focus();
      await page.keyboard.press('End');
      await cpu.locator('.chart-tip', { hasText: 'Step 2' }).waitFor();
      await page.keyboard.press('ArrowLeft');
      await cpu.locator('.chart-tip', { hasText: 'Step 1' }).waitFor();
      await cpu.getByRole('button', { name: 'Open system/cpu' }).click();
      const points = page.getByRole('dialog').getByRole('table', { name: 'Points' });
      await points.getByRole('row').nth(3).waitFor();
      expect(await points.getByRole('row').count()).toBe(4);
      await page.keyboard.press('Escape');
      await points.waitFor({ state: 'detached' });
    });
  });

  test('grow while the run goes on, by what is new alone', async () => {
    const live = await log.run(experimentId, { name: 'live' });
    await log.points(live, 'loss', [5, 4, 3]);
    await looking(`#/runs/${live}?tab=metrics`, async ({ page }) => {
      const chart = page.getByRole('region', { name: 'loss' }).getByRole('group');
      expect(await chart.getAttribute('aria-label')).toContain('3 points');
      const more = page.waitForRequest((request) => request.url().includes('start_step='));
      await log.points(live, 'loss', [2, 1], 3);
      expect(new URL((await more).url()).searchParams.get('start_step')).toBe('2');
      await page.waitForFunction(() =>
        document.querySelector('.chart')?.getAttribute('aria-label')?.includes('5 points, from 1 to 5'),
      );
      await log.call('runs/update', { run_id: live, status: 'FINISHED', end_time: startedAt + 9000 });
      await page.locator('.chip', { hasText: 'finished' }).waitFor();
    });
  });

  test('of five hundred metrics are those in sight, and no answer is large', async () => {
    const many = await log.run(experimentId, { name: 'many', status: 'FINISHED' });
    const keys = Array.from({ length: 500 }, (_, at) => `layer_${String(at).padStart(3, '0')}/norm`);
    for (const step of [0, 1])
      await log.call('runs/log-batch', {
        run_id: many,
        metrics: keys.map((key, at) => ({ key, value: at + step, step, timestamp: startedAt })),
      });
    const view = await browser.view();
    const sizes: number[] = [];
    const histories: string[] = [];
    view.page.on('response', (response) => {
      if (response.url().includes('/assets/')) return;
      void bodyBytes(response).then((bytes) => sizes.push(bytes));
      const key = new URL(response.url()).searchParams.get('metric_key');
      if (key !== null) histories.push(key);
    });
    await view.visit(`#/runs/${many}`);
    expect(await view.page.locator('.row-list [role="row"]').count()).toBeLessThan(60);
    await view.page.getByRole('link', { name: 'Metrics 500' }).click();
    await view.page.getByRole('region', { name: keys[0] }).waitFor();
    await view.settled();
    expect(histories.length).toBeGreaterThan(3);
    expect(histories.length).toBeLessThan(30);
    await view.page.locator('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
    await view.page.getByRole('region', { name: keys[499] }).locator('canvas').waitFor();
    expect(new Set(histories).size).toBeLessThan(60);
    await view.page.getByLabel('Find metrics').fill('layer_25');
    await view.page.getByRole('region', { name: 'layer_250/norm' }).waitFor();
    expect(await view.page.locator('.chart-card').count()).toBeLessThanOrEqual(10);
    expect(Math.max(...sizes)).toBeLessThan(1_000_000);
    expect(view.troubles()).toEqual([]);
    await view.close();
  });

  test('keep nobody out in either theme', async () => {
    for (const state of ['', '?tab=metrics&smooth=0.6', '?tab=metrics&metric=wave'])
      await looking(`#/runs/${runId}${state}`, async (view) =>
        expect(await view.barriersInBothThemes()).toEqual([]),
      );
  });
});

/** How many pixels of a chart have a colour: axes and grid are grey. */
function paintedColours({ page }: View, metric: string): Promise<number> {
  return page
    .getByRole('region', { name: metric })
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
        data: [],
      };
      let painted = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(at, at + 4);
        if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) painted++;
      }
      return painted;
    });
}

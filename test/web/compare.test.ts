import { afterAll, beforeAll, expect, test } from 'vitest';
import { startedStack, type RunningStack } from '../support/stack.ts';
import { bodyBytes, openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Logger, loggerFor } from './logging.ts';

let stack: RunningStack;
let browser: WebBrowser;
let log: Logger;
let runIds: string[];

const names = ['red', 'green', 'a run with a name that is so long that no column of a table has room for it'];
const rates = ['0.1', '0.01', '0.001'];

beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  log = loggerFor(stack.url);
  const experimentId = await log.experiment('Sweep');
  runIds = await Promise.all(
    names.map((name, at) =>
      log.run(experimentId, {
        name,
        params: { seed: '42', rate: rates[at] ?? '', ...(at === 0 ? { only: 'here' } : {}) },
        metrics: { score: (at + 1) / 10, same: 7 },
        tags: { team: at === 2 ? 'blue' : 'white' },
        status: 'FINISHED',
      }),
    ),
  );
  await Promise.all(
    runIds.map((runId, at) =>
      log.points(
        runId,
        'loss',
        Array.from({ length: 50 }, (_, step) => (at + 1) / (step + 1)),
      ),
    ),
  );
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

async function comparing(state: string, look: (view: View) => Promise<void>, options = {}): Promise<void> {
  const view = await browser.view(options);
  try {
    await view.visit(`#/compare?runs=${runIds.join(',')}${state}`);
    await look(view);
    expect(view.troubles()).toEqual([]);
  } finally {
    await view.close();
  }
}

test('what differs comes first, or alone; a run can be taken out', async () => {
  await comparing('', async ({ page, settled }) => {
    const table = page.getByRole('table', { name: 'Runs side by side' });
    const rows = () => table.getByRole('rowheader').allInnerTexts();
    const all = await rows();
    const at = (key: string) => all.findIndex((text) => text.trim() === key);
    expect(at('only')).toBeLessThan(at('seed'));
    expect(at('rate')).toBeLessThan(at('seed'));
    expect(at('score')).toBeLessThan(at('same'));
    expect(
      await table.getByRole('row').filter({ hasText: 'rate' }).getByRole('cell').allInnerTexts(),
    ).toEqual(rates);
    expect(
      await table.getByRole('row').filter({ hasText: 'only' }).getByRole('cell').allInnerTexts(),
    ).toEqual(['here', '–', '–']);

    await page.getByLabel('Only differences').click();
    await table.getByText('seed').waitFor({ state: 'detached' });
    expect(page.url()).toContain('only=differences');
    await page.reload();
    await settled();
    expect(await rows()).not.toContain('seed');

    await page.getByRole('button', { name: `Take ${names[2]} out` }).click();
    await page.getByRole('heading', { name: 'Compare 2 runs' }).waitFor();
    // Without the run of another team, teams do not differ.
    expect(await rows()).not.toContain('team');
    expect(page.url()).not.toContain(runIds[2]);
  });
});

test('the curves of a metric are drawn together, each run in its colour', async () => {
  await comparing('&tab=curves&metric=loss', async ({ page }) => {
    const chart = page.getByRole('region', { name: 'loss' });
    expect(await chart.getByRole('group').getAttribute('aria-label')).toMatch(
      /3 curves, 150 points, from 0.02 to 3/,
    );
    const legend = page.getByRole('list', { name: 'Runs' });
    const colours = await legend
      .locator('line')
      .evaluateAll((lines) => lines.map((line) => line.getAttribute('stroke')));
    expect(new Set(colours).size).toBe(3);
    const painted = await chart.locator('canvas').evaluate((canvas: HTMLCanvasElement, wanted) => {
      const context = canvas.getContext('2d');
      const drawn = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
      // A pixel of each colour, as this browser makes it of what the legend says.
      const probe = new OffscreenCanvas(1, 1).getContext('2d');
      return wanted.map((colour) => {
        if (!probe) return 0;
        probe.fillStyle = colour ?? '';
        probe.fillRect(0, 0, 1, 1);
        const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
        let count = 0;
        for (let at = 0; at < drawn.length; at += 4)
          if (drawn[at] === red && drawn[at + 1] === green && drawn[at + 2] === blue) count++;
        return count;
      });
    }, colours);
    for (const count of painted) expect(count).toBeGreaterThan(20);
    await chart.locator('.u-over').hover();
    expect(await chart.locator('.chart-tip').innerText()).toContain('red');

    await page.getByRole('button', { name: 'Metrics (1)' }).click();
    await page.getByRole('checkbox', { name: 'score' }).check();
    await page.getByRole('region', { name: 'score' }).locator('canvas').waitFor();
    expect(new URLSearchParams(page.url().split('?')[1]).getAll('metric')).toEqual(['loss', 'score']);
  });
});

test('a range of an axis leaves the runs within it', async () => {
  await comparing(
    '&tab=parallel&axis=params.rate&axis=metrics.score&color=metrics.score',
    async ({ page, settled }) => {
      const chosen = () => page.getByRole('region').getByRole('rowheader').allInnerTexts();
      expect(await chosen()).toHaveLength(3);
      const axis = await page.getByRole('slider', { name: 'Range of score' }).boundingBox();
      if (!axis) throw new Error('no axis');
      await page.mouse.move(axis.x + axis.width / 2, axis.y + axis.height - 1);
      await page.mouse.down();
      await page.mouse.move(axis.x + axis.width / 2, axis.y + axis.height * 0.7, { steps: 4 });
      await page.mouse.up();
      await page.getByRole('heading', { name: '1 of 3 runs' }).waitFor();
      expect((await chosen()).map((text) => text.trim())).toEqual(['red']);
      await page.reload();
      await settled();
      await page.getByRole('heading', { name: '1 of 3 runs' }).waitFor();
      await page.getByRole('button', { name: 'Clear ranges' }).click();
      await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();

      const slider = page.getByRole('slider', { name: 'Range of score' });
      await slider.focus();
      for (let low = 10; low <= 60; low += 10) {
        await page.keyboard.press('ArrowUp');
        await page.locator(`[aria-valuenow="${low}"]`).waitFor();
      }
      await page.getByRole('heading', { name: '1 of 3 runs' }).waitFor();
      expect((await chosen())[0]?.trim()).toBe(names[2]);
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    },
  );
});

test('a scatter has a point for each run, which leads to it', async () => {
  await comparing('&tab=scatter', async ({ page }) => {
    await page.getByLabel('X', { exact: true }).selectOption('params.rate');
    await page.getByLabel('Y', { exact: true }).selectOption('metrics.score');
    await page.getByLabel('Colour', { exact: true }).selectOption('metrics.loss');
    expect(await page.locator('.scatter circle').count()).toBe(3);
    expect(new URLSearchParams(page.url().split('?')[1]).get('color')).toBe('metrics.loss');
    const point = page.getByRole('link', { name: 'green: 0.01, 0.2' });
    await point.focus();
    await page.locator('.chart-tip', { hasText: 'green' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'green' }).waitFor();
  });
});

test('a hundred runs of many metrics stay one page, whose answers are small', async () => {
  const experimentId = await log.experiment('Large sweep');
  const metrics = Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`metric_${at}`, at]));
  const many: string[] = [];
  for (let at = 0; at < 100; at += 10)
    many.push(
      ...(await Promise.all(
        Array.from({ length: 10 }, (_, each) =>
          log.run(experimentId, {
            name: `run ${at + each}`,
            params: { at: String(at + each) },
            metrics,
            status: 'FINISHED',
          }),
        ),
      )),
    );
  const view = await browser.view();
  let largest = 0;
  view.page.on('response', (response) => {
    if (response.url().includes('ajax-api'))
      void bodyBytes(response).then((bytes) => (largest = Math.max(largest, bytes)));
  });
  await view.visit(`#/compare?runs=${many.join(',')}`);
  const table = view.page.getByRole('table');
  expect(await table.getByRole('columnheader').count()).toBe(101);
  await table.evaluate((element) => element.scrollTo(element.scrollWidth, element.scrollHeight));
  await table.getByRole('rowheader', { name: 'metric_119', exact: true }).waitFor();
  expect(await table.getByRole('row').count()).toBeLessThan(70);
  await view.page.getByRole('link', { name: 'Curves' }).click();
  await view.page.locator('canvas').waitFor();
  await view.settled();
  expect(largest).toBeLessThan(1_000_000);
  expect(view.troubles()).toEqual([]);
  await view.close();
});

test('runs that are not there are said, the others compared', async () => {
  const view = await browser.view();
  await view.visit(`#/compare?runs=${runIds[0]},${'0'.repeat(32)}`);
  expect(await view.page.getByRole('alert').innerText()).toContain('1 run could not be read');
  expect(await view.page.getByRole('columnheader').count()).toBe(2);
  await view.visit('#/compare');
  await view.page.getByRole('heading', { name: 'No runs to compare' }).waitFor();
  await view.close();
});

test('no way to compare keeps anybody out, in either theme', async () => {
  for (const tab of ['table', 'curves', 'parallel', 'scatter'])
    await comparing(`&tab=${tab}`, async (view) => expect(await view.barriersInBothThemes()).toEqual([]));
});

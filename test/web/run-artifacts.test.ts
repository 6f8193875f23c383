import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startedStack, type RunningStack } from '../support/stack.ts';
import { bodyBytes, openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Logger, loggerFor } from './logging.ts';

let stack: RunningStack;
let browser: WebBrowser;
let log: Logger;
let runId: string;

const rows = Array.from({ length: 3000 }, (_, at) => `${at},"name, ${at}",${at / 8}`);
const lines = Array.from({ length: 40_000 }, (_, at) => `${at} a line of a log that goes on and on`);
/** Tries everything that a page could do to whoever looks at it, and writes down what it got. */
const hostile = (url: string) => `<!doctype html><title>bad</title><h1>Report</h1>
<p id="done"></p><script>
const got = [];
const attempt = (name, act) => { try { act(); got.push(name); } catch { /* refused */ } };
attempt('parent', () => parent.document.title);
attempt('parent storage', () => parent.localStorage.setItem('stolen', '1'));
attempt('storage', () => localStorage.setItem('stolen', '1'));
attempt('cookie', () => { document.cookie = 'stolen=1'; });
attempt('top', () => { top.location.href = '${url}/stolen-top'; });
attempt('popup', () => { if (!window.open('${url}/stolen-popup')) throw 0; });
new Image().src = '${url}/stolen-image';
const form = document.createElement('form'); form.action = '${url}/stolen-form'; document.body.append(form); form.submit();
fetch('${url}/stolen-fetch').then(() => got.push('fetch'), () => {}).finally(() => {
  document.getElementById('done').textContent = 'script ran, got: ' + (got.join(', ') || 'nothing');
});
</script>`;

beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  log = loggerFor(stack.url);
  runId = await log.run(await log.experiment('Files'), { name: 'files', status: 'FINISHED' });
  const table = {
    columns: ['question', 'score', 'picture'],
    data: [['Why?', 0.5, { type: 'image', filepath: 'images/a.png' }]],
  };
  const files: Record<string, string | Uint8Array<ArrayBuffer>> = {
    'table.csv': ['id,name,score', ...rows].join('\n'),
    'eval.json': JSON.stringify(table),
    'images/a.png': picture(60, 40),
    'config.json': JSON.stringify({ model: { layers: [64, 10] }, name: '<b>not markup</b>' }),
    'broken.json': '{"a": ',
    'log.txt': lines.join('\n'),
    'report.html': hostile(stack.url),
    'model.bin': new Uint8Array([0, 1, 2, 255]),
    'empty.txt': '',
    'folder with spaces/ümlaut 100%.md': '# Hello',
    'model/MLmodel': `flavors:\n  python_function:\n    loader_module: x\nmlflow_version: 3.1.0\nsignature:\n  inputs: '[{"type": "double", "name": "petal width", "required":\n    true}]'\n  outputs: null\n`,
    'drawing.svg':
      '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><script>alert(1)</script><rect width="30" height="20" fill="teal"/></svg>',
    'paper.pdf': '%PDF-1.4\n%%EOF',
  };
  await Promise.all(Object.entries(files).map(([path, content]) => log.artifact(runId, path, content)));
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

async function file(path: string, look: (view: View) => Promise<void>, options = {}): Promise<void> {
  const view = await browser.view(options);
  try {
    await view.visit(
      `#/runs/${runId}?tab=artifacts${path === '' ? '' : `&path=${encodeURIComponent(path)}`}`,
    );
    await look(view);
    expect(view.troubles()).toEqual([]);
  } finally {
    await view.close();
  }
}

test('folders are listed when they are opened, and a link to a file opens its own', async () => {
  await file('', async ({ page, settled }) => {
    const listed: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('artifacts/list'))
        listed.push(new URL(request.url()).searchParams.get('path') ?? '');
    });
    await page.getByRole('button', { name: 'folder with spaces' }).click();
    await page.getByRole('button', { name: 'ümlaut 100%.md' }).click();
    await page.getByText('# Hello').waitFor();
    expect(listed).toEqual(['folder with spaces']);
    await page.reload();
    await settled();
    await page.getByText('# Hello').waitFor();
    expect(await page.getByRole('button', { name: 'ümlaut 100%.md' }).getAttribute('aria-current')).toBe(
      'true',
    );
  });
});

test('a long CSV is a table of which a part is drawn', async () => {
  await file('table.csv', async ({ page }) => {
    await page.getByText('3,000 rows, 3 columns').waitFor();
    const table = page.getByRole('table');
    expect(await table.getByRole('row').nth(1).innerText()).toMatch(/1\s+0\s+name, 0\s+0/);
    expect(await table.getByRole('row').count()).toBeLessThan(100);
    await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await table.getByText('name, 2999').waitFor();
  });
});

test('a logged table shows the images it refers to', async () => {
  await file('eval.json', async ({ page }) => {
    await page.getByText('1 row, 3 columns').waitFor();
    const image = page.getByRole('cell').locator('img');
    await image.waitFor();
    expect(await image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(60);
    await page.getByRole('button', { name: 'Source' }).click();
    await page.getByText('"columns"').waitFor();
  });
});

test('JSON is a tree whose texts stay text; what is no JSON is shown as it is', async () => {
  await file('config.json', async ({ page }) => {
    await page.getByText('"<b>not markup</b>"').waitFor();
    await page.getByRole('button', { name: 'layers' }).click();
    await page.getByText('64', { exact: true }).waitFor();
    expect(await page.locator('main b').count()).toBe(0);
  });
  await file('broken.json', async ({ page }) => {
    await page.getByText('{"a":').waitFor();
  });
});

test('of a long text the beginning is read, and only what is in sight drawn', async () => {
  const view = await browser.view();
  let bytes = 0;
  view.page.on('response', (response) => {
    if (response.url().includes('get-artifact')) void bodyBytes(response).then((each) => (bytes += each));
  });
  await view.visit(`#/runs/${runId}?tab=artifacts&path=log.txt`);
  await view.page.getByText('The beginning of the file').waitFor();
  await view.page.getByText('0 a line of a log').first().waitFor();
  expect(bytes).toBe(1024 * 1024);
  expect(await view.page.locator('.artifact-line').count()).toBeLessThan(120);
  expect(view.troubles()).toEqual([]);
  await view.close();
});

test('images are drawn, SVG among them without its script; a PDF has a link, other bytes are offered for download', async () => {
  await file('images/a.png', async ({ page }) => {
    await page.getByText('60 × 40 pixels').waitFor();
  });
  await file('drawing.svg', async ({ page }) => {
    await page.getByText('30 × 20 pixels').waitFor();
  });
  await file('paper.pdf', async ({ page }) => {
    expect(await page.getByRole('link', { name: /Open the PDF/ }).getAttribute('href')).toMatch(/^blob:/);
  });
  await file('model.bin', async ({ page }) => {
    await page.getByRole('heading', { name: 'No preview' }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('model.bin');
  });
  await file('empty.txt', async ({ page }) => {
    await page.getByRole('heading', { name: 'Empty', exact: true }).waitFor();
  });
});

test('an MLmodel tells flavours and signature', async () => {
  await file('model/MLmodel', async ({ page }) => {
    await page.getByText('pyfunc', { exact: true }).waitFor();
    expect(await page.getByRole('region', { name: 'Inputs' }).innerText()).toContain('petal width');
    await page.getByText(`runs:/${runId}/model`).waitFor();
  });
});

test('a logged page draws by its own script, and reaches nothing: no parent, no storage, no server, no other place', async () => {
  const view = await browser.view();
  const answered: string[] = [];
  view.page.on('response', (response) => {
    if (response.url().includes('stolen')) answered.push(response.url());
  });
  await view.visit(`#/runs/${runId}?tab=artifacts&path=report.html`);
  const frame = view.page.frameLocator('iframe');
  await frame.getByText('script ran').waitFor();
  expect(await frame.locator('#done').innerText()).toBe('script ran, got: nothing');
  expect(await view.page.evaluate(() => [localStorage.getItem('stolen'), document.cookie])).toEqual([
    null,
    '',
  ]);
  expect(view.page.url()).toContain('report.html');
  expect(answered).toEqual([]);
  expect(view.page.context().pages()).toHaveLength(1);
  // What was refused is told on the console; of the web UI itself there is nothing.
  expect(view.troubles().filter((trouble) => trouble.includes(`${stack.url}/assets/`))).toEqual([]);
  await view.close();
});

test('no file keeps anybody out in either theme', async () => {
  for (const path of ['table.csv', 'config.json', 'model/MLmodel'])
    await file(path, async (view) => expect(await view.barriersInBothThemes()).toEqual([]), { width: 900 });
});

/** A PNG of one colour: header, one deflated block of RGB rows, end. */
function picture(width: number, height: number): Uint8Array<ArrayBuffer> {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 120)]);
  const parts: [string, Buffer][] = [
    ['IHDR', Buffer.concat([size, Buffer.from([8, 2, 0, 0, 0])])],
    ['IDAT', deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))],
    ['IEND', Buffer.alloc(0)],
  ];
  const chunks = parts.map(([type, data]) => {
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(typed), 4);
    return Buffer.concat([ends.subarray(0, 4), typed, ends.subarray(4)]);
  });
  return new Uint8Array(
    Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks]),
  );
}

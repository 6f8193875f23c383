import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/build.ts';
import { type TestServer, testServer } from '../support/server.ts';

const documentBytesMax = 60_000;

let server: TestServer;
let html: string;
let headers: Headers;
beforeAll(async () => {
  server = await testServer();
  const response = await server.fetch('/');
  if (!response.ok) throw new Error(`The page answers ${response.status}.`);
  ({ headers } = response);
  html = await response.text();
});
afterAll(() => server.close());

/** What stands between the only two tags of that name. */
function inner(tag: string): string {
  const parts = html.split(new RegExp(`<${tag}[^>]*>|</${tag}>`));
  expect(parts).toHaveLength(3);
  return parts[1] ?? '';
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

describe('the page at /', () => {
  test('is an HTML document that a browser must not guess about, cache for long or tell others of', () => {
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  test('runs its own script and style, and no other, wherever it comes from', () => {
    const policy = headers.get('content-security-policy')?.split('; ');
    expect(policy).toEqual([
      "default-src 'none'",
      `script-src ${digest(inner('script'))}`,
      `style-src ${digest(inner('style'))}`,
      'img-src data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  test('needs nothing beside itself, and has neither inline handlers nor inline styles', () => {
    const markup = html.replace(inner('script'), '').replace(inner('style'), '');
    for (const [, target = ''] of markup.matchAll(/\s(?:src|href)="([^"]*)"/g))
      expect(target).toMatch(/^(data:image\/svg\+xml,|#)/);
    expect(markup).not.toMatch(/\s(on\w+|style)=/);
    expect(inner('style')).not.toMatch(/@import|url\(/);
    expect(inner('script')).not.toMatch(/\bimport\s*[({"'*]/);
  });

  test('has a script without a syntax error, and is small', async () => {
    const script = inner('script');
    expect(script.length).toBeGreaterThan(1000);
    await expect(transform(script, { loader: 'js', format: 'esm' })).resolves.toMatchObject({ warnings: [] });
    expect(Buffer.byteLength(html)).toBeLessThan(documentBytesMax);
  });

  test('never makes HTML of text', async () => {
    const folder = new URL('../../web/', import.meta.url);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
    expect(names.length).toBeGreaterThan(5);
    const parsing =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|\beval\b|new Function/;
    const guilty: string[] = [];
    for (const name of names)
      if (parsing.test(await readFile(new URL(name, folder), 'utf8'))) guilty.push(name);
    expect(guilty).toEqual([]);
  });

  test('answers HEAD, and refuses what is not reading', async () => {
    expect((await server.fetch('/', { method: 'HEAD' })).status).toBe(200);
    const refused = await server.fetch('/', { method: 'POST', body: '{}' });
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('GET, HEAD');
  });

  test('is carried by the bundle for Azure, which has no sources to make it from', async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'cairn-web-'));
    try {
      await build({ outDir });
      const bundle = await readFile(join(outDir, 'main.cjs'), 'utf8');
      expect(bundle).toContain(digest(inner('script')));
      expect(bundle).not.toMatch(/require\("esbuild"\)/);
    } finally {
      await rm(outDir, { recursive: true, force: true });
    }
  });
});

describe('what the page asks for', () => {
  test.each([
    '/ajax-api/2.0/mlflow/experiments/search?max_results=20',
    '/ajax-api/2.0/mlflow/experiments/get?experiment_id=0',
    '/ajax-api/2.0/mlflow/registered-models/search?max_results=100',
    '/api/v1/endpoints',
    '/api/v1/monitors',
    '/api/v1/batch-jobs?limit=8',
    '/api/v1/retraining-jobs?limit=8',
  ])('is there: %s', async (path) => {
    expect((await server.fetch(path)).status).toBe(200);
  });

  test('is there: the search for runs', async () => {
    const runs = await server.call('POST', '/ajax-api/2.0/mlflow/runs/search', {
      experiment_ids: ['0'],
      max_results: 8,
    });
    expect(runs.status).toBe(200);
  });
});

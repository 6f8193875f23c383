import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/build.ts';
import { type TestServer, testServer } from '../support/server.ts';

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

/** The page's only script. */
function loader(): string {
  const parts = html.split(/<script[^>]*>|<\/script>/);
  expect(parts).toHaveLength(3);
  return parts[1] ?? '';
}

/** The addresses of the built files that the page names. */
function named(): string[] {
  return [...html.matchAll(/\/assets\/[\w.-]+/g)].map(([path]) => path);
}

describe('the page at /', () => {
  test('is an HTML document that a browser must not guess about, cache for long or tell others of', () => {
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  test('runs its own script and what that loads, nothing else of this origin, and makes no markup of text', () => {
    const digest = createHash('sha256').update(loader()).digest('base64');
    expect(headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'sha256-${digest}' 'strict-dynamic'`,
      "style-src 'self'",
      "img-src 'self' blob: data:",
      "media-src 'self' blob:",
      expect.stringMatching(/^connect-src 'self' http:\/\/127\.0\.0\.1:\d+$/),
      "frame-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      'trusted-types loader',
    ]);
  });

  test('has neither inline handlers nor inline styles, and asks no other host', () => {
    const markup = html.replace(loader(), '');
    expect(markup).not.toMatch(/\s(on\w+|style)=|<style/);
    for (const [, target = ''] of markup.matchAll(/\s(?:src|href)="([^"]*)"/g))
      expect(target).toMatch(/^(data:image\/svg\+xml,|\/assets\/)/);
  });

  test('answers HEAD, and refuses what is not reading', async () => {
    expect((await server.fetch('/', { method: 'HEAD' })).status).toBe(200);
    const refused = await server.fetch('/', { method: 'POST', body: '{}' });
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('the files of the page', () => {
  const get = (path: string, accepted?: string) =>
    server.fetch(path, accepted === undefined ? {} : { headers: { 'accept-encoding': accepted } });

  test('are a script and a style sheet, kept by browsers for good', async () => {
    const types = new Map<string | undefined, string | null>();
    for (const path of named()) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      types.set(path.split('.').at(-1), response.headers.get('content-type'));
    }
    expect(Object.fromEntries(types)).toEqual({
      css: 'text/css; charset=utf-8',
      js: 'text/javascript; charset=utf-8',
    });
  });

  test.each([
    [undefined, null],
    ['identity', null],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['BR', 'br'],
  ])('are sent as the browser can read them: %s → %s', async (accepted, encoding) => {
    const [path = ''] = named();
    const whole = Buffer.from(await (await get(path)).arrayBuffer());
    const response = await get(path, accepted);
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('vary')).toBe('accept-encoding');
    const bytes = Buffer.from(await response.arrayBuffer());
    const read =
      encoding === 'br' ? brotliDecompressSync(bytes) : encoding === 'gzip' ? gunzipSync(bytes) : bytes;
    expect(read.equals(whole)).toBe(true);
    expect(bytes.length).toBeLessThanOrEqual(encoding === null ? whole.length : whole.length / 2);
  });

  test.each(['nothing.js', 'site.json', '..%2Fsite.json', '%2e%2e%2findex.html', '..%5cindex.html', '%00'])(
    'are no way to another file: %s',
    async (name) => {
      expect((await get(`/assets/${name}`)).status).toBe(404);
    },
  );

  test('are carried by the bundle for Azure, which has neither their sources nor what builds them', async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'cairn-web-'));
    try {
      await build({ outDir });
      expect(await readFile(join(outDir, 'web/index.html'), 'utf8')).toBe(html);
      const assets = await readdir(join(outDir, 'web/assets'));
      for (const path of named())
        for (const suffix of ['', '.br', '.gz'])
          expect(assets).toContain(path.slice('/assets/'.length) + suffix);
      expect(await readFile(join(outDir, 'main.cjs'), 'utf8')).not.toMatch(
        /(require|import)\("(vite|esbuild)"\)/,
      );
    } finally {
      await rm(outDir, { recursive: true, force: true });
    }
  });
});

describe('the frame for logged pages', () => {
  test('has no origin, reaches no server, and only this origin may frame it', async () => {
    const response = await server.fetch('/frame');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const rules = new Map(
      response.headers
        .get('content-security-policy')
        ?.split('; ')
        .map((rule) => [rule.split(' ')[0] ?? '', rule.split(' ').slice(1).join(' ')]),
    );
    expect(rules.get('sandbox')).toBe('allow-scripts');
    expect(rules.get('default-src')).toBe("'none'");
    expect(rules.get('frame-ancestors')).toBe("'self'");
    expect(rules.get('form-action')).toBe("'none'");
    for (const reach of ['connect-src', 'frame-src', 'object-src']) expect(rules.has(reach)).toBe(false);
  });
});

test('no source of the page makes HTML of text', async () => {
  const folder = new URL('../../web/src/', import.meta.url);
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  expect(names.length).toBeGreaterThan(5);
  const parsing =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|srcDoc|\beval\b|new Function/i;
  const guilty: string[] = [];
  for (const name of names)
    if (parsing.test(await readFile(new URL(name, folder), 'utf8'))) guilty.push(name);
  expect(guilty).toEqual([]);
});

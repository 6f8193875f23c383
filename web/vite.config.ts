import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The API that a development server (`vite web`) hands requests on to. */
const api = process.env['CAIRN_URL'] ?? 'http://127.0.0.1:7071';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  build: {
    target: 'es2023',
    // One style sheet, so that no page is ever seen without its style; a route adds no request for it.
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Libraries say 'use client' to frameworks that render on a server; here everything is the client.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/ajax-api', '/graphql', '/get-artifact', '/frame', '/endpoints'].map((path) => [path, api]),
    ),
  },
});

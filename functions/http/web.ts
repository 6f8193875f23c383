import * as z from 'zod';
import { problem, route, type Surface } from '../../shared/http/index.ts';
import { buildPage, type Page } from '../../web/build.ts';

let page: Promise<Page> | undefined;

/** The web UI: one document that reads everything else through the API, as whoever opened it. */
export const web: Surface = {
  name: 'web',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/', {
      operation: 'web',
      role: 'public',
      input: z.object({}),
      async handle() {
        page ??= buildPage();
        const { html, policy } = await page;
        return new Response(html, {
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': policy,
            'x-content-type-options': 'nosniff',
            'referrer-policy': 'no-referrer',
            'cache-control': 'no-cache',
          },
        });
      },
    }),
  ],
};

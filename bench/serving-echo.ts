/** What a call costs without a model: a route beside the others that parses a body and writes the same JSON again. */
import { surfaces } from '../functions/http/surfaces.ts';
import { inferenceError, json, readBody, type Surface, utf8 } from '../shared/http/index.ts';

const bodyBytesMax = 16 * 1024 * 1024;

const echo: Surface = {
  name: 'echo',
  part: 'inference',
  errors: inferenceError,
  routes: [
    {
      method: 'POST',
      path: '/bench/echo',
      operation: 'echo',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      handle: async (_ctx, { request }) =>
        json(JSON.parse(utf8(await readBody(request, bodyBytesMax))) as unknown),
    },
  ],
};

(surfaces as Surface[]).unshift(echo);

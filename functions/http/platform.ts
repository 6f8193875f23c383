import * as z from 'zod';
import { problem, route, type Surface } from '../../shared/http/index.ts';

/** The MLflow release whose wire contract this server keeps; clients choose their features by it. */
const mlflowVersion = '3.6.0';

const text = (body: string) =>
  new Response(body, { headers: { 'content-type': 'text/plain; charset=utf-8' } });

/** What monitors, clients and people ask of any server. */
export const platform: Surface = {
  name: 'platform',
  part: 'both',
  errors: problem,
  routes: [
    route('GET', '/health', {
      operation: 'health',
      role: 'public',
      input: z.object({}),
      handle: () => Promise.resolve(text('OK')),
    }),
    route('GET', '/version', {
      operation: 'version',
      role: 'public',
      input: z.object({}),
      handle: () => Promise.resolve(text(mlflowVersion)),
    }),
  ],
};

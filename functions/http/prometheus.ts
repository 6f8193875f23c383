import * as z from 'zod';
import type { Identity } from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import { contentTypes, exposition, formatFor } from '../../shared/exposition/index.ts';
import { fields, problem, route, type Surface } from '../../shared/http/index.ts';
import { accessElsewhere, enterableWorkspaces } from './workspace.ts';

/** More than there can be. */
const workspacesMax = 10_000;

/** What Prometheus reads, and where it finds what to read. */
export const prometheus: Surface = {
  name: 'prometheus',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/metrics', {
      operation: 'metrics',
      role: 'viewer',
      scope: { among: ['endpoint', 'model'] },
      workspaceInQuery: true,
      input: z.strictObject({ workspace: fields.text.optional() }),
      async handle(ctx, _input, { request }) {
        const format = formatFor(request.headers.get('accept'));
        return new Response(await exposition(ctx, format), {
          headers: { 'content-type': contentTypes[format], vary: 'accept', 'cache-control': 'no-store' },
        });
      },
    }),
    route('GET', '/api/v1/prometheus/targets', {
      operation: 'prometheusTargets',
      role: 'signed-in',
      input: z.strictObject({}),
      handle: (ctx, _input, { identity }) => targets(ctx, identity),
    }),
  ],
};

/** A target for each workspace of which the caller may see anything, as `http_sd_configs` reads them. */
async function targets(ctx: Context, identity: Identity) {
  const { host, protocol, pathname } = new URL(`${ctx.settings.publicUrl.replace(/\/+$/, '')}/metrics`);
  const { items } = await enterableWorkspaces(ctx, identity, { limit: workspacesMax, pageToken: undefined });
  const seen: string[] = [];
  for (const { name } of items) {
    const access = await accessElsewhere(ctx, identity, name);
    if (access.mayAny('viewer', 'endpoint') || access.mayAny('viewer', 'model')) seen.push(name);
  }
  return seen.map((workspace) => ({
    targets: [host],
    labels: {
      __scheme__: protocol.slice(0, -1),
      __metrics_path__: pathname,
      __param_workspace: workspace,
      workspace,
    },
  }));
}

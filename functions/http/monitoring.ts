import * as z from 'zod';
import type { Stored } from '../../shared/documents.ts';
import { fields, json, problem, route, type Scope, type Surface } from '../../shared/http/index.ts';
import {
  checkNow,
  getMonitor,
  getResult,
  labelledCsv,
  listMonitors,
  listResults,
  type Monitor,
  type MonitorChange,
  type MonitorResult,
  noMonitorYet,
  putMonitor,
} from '../../shared/monitoring/index.ts';
import { snakeCase } from './snake-case.ts';

const yearsEnd = Date.UTC(10_000, 0);
/** Milliseconds since 1970, or ISO 8601 with a time zone. */
const instant = z
  .union([
    fields.int64,
    z.iso
      .datetime({ offset: true, error: 'must be milliseconds since 1970 or ISO 8601' })
      .transform((t) => Date.parse(t)),
  ])
  .refine((t) => t >= 0 && t < yearsEnd, 'must lie in the years 1970 to 9999');
const between = (min: number, max: number) => {
  const bounds = `must be ${min} to ${max}`;
  return z.number({ error: 'must be a number' }).min(min, bounds).max(max, bounds);
};
const whole = (min: number, max: number) => between(min, max).int('must be a whole number');
const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'must be lower-case letters, digits and hyphens, at most 63, a letter first',
  );
const daySeconds = 86_400;

const monitorChange = z.strictObject({
  name,
  endpoint: fields.requiredText.optional(),
  window_seconds: whole(60, 31 * daySeconds).optional(),
  every_seconds: whole(60, 31 * daySeconds).optional(),
  min_rows: whole(20, 1_000_000).optional(),
  thresholds: z
    .strictObject({
      psi: between(0.001, 100).optional(),
      p_value: between(1e-12, 0.5).optional(),
      drifted_share: between(0.001, 1).optional(),
    })
    .optional(),
  performance: z
    .strictObject({
      metric: z.literal('accuracy', "must be 'accuracy'").optional(),
      max_drop: between(0, 1).optional(),
      min_labelled: whole(20, 1_000_000).optional(),
    })
    .optional(),
  retraining: z
    .strictObject({
      executor: fields.requiredText,
      on: z.enum(['performance', 'drift', 'either'], "must be 'performance', 'drift' or 'either'").optional(),
      alias: fields.requiredText.optional(),
      margin: between(0, 1).optional(),
    })
    .nullable()
    .optional(),
});

const onMonitor: Scope = { on: [{ field: 'name', names: 'monitor' }] };

/** Monitors of endpoints, the results of their windows, and the labelled rows a retraining may see. */
export const monitoring: Surface = {
  name: 'monitoring',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/monitors', {
      operation: 'listMonitors',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.object({}),
      handle: async (ctx) => ({ monitors: (await listMonitors(ctx)).map(presentMonitor) }),
    }),
    route('GET', '/api/v1/monitors/{name}', {
      operation: 'getMonitor',
      role: 'viewer',
      scope: onMonitor,
      input: z.object({ name: fields.requiredText }),
      handle: async (ctx, input) => monitorResponse(await getMonitor(ctx, input.name)),
    }),
    route('PUT', '/api/v1/monitors/{name}', {
      operation: 'putMonitor',
      role: 'operator',
      scope: {
        on: [
          { field: 'name', names: 'monitor', unknown: (input) => noMonitorYet(String(input['name'])) },
          { field: 'endpoint', names: 'endpoint' },
        ],
      },
      input: monitorChange,
      handle: async (ctx, { name: monitorId, ...change }, { request }) =>
        monitorResponse(
          await putMonitor(ctx, monitorId, changeOf(change), request.headers.get('if-match') ?? undefined),
        ),
    }),
    route('POST', '/api/v1/monitors/{name}/check', {
      operation: 'checkMonitor',
      role: 'operator',
      scope: onMonitor,
      input: z.strictObject({ name: fields.requiredText, from: instant.optional(), to: instant.optional() }),
      handle: async (ctx, { name: monitorId, from, to }) =>
        presentResult(await checkNow(ctx, monitorId, { from, to })),
    }),
    route('GET', '/api/v1/monitors/{name}/results', {
      operation: 'listMonitorResults',
      role: 'viewer',
      scope: onMonitor,
      input: z.object({
        name: fields.requiredText,
        limit: fields.limit(1000, 100),
      }),
      handle: async (ctx, input) => ({
        results: (await listResults(ctx, input.name, input.limit)).map(presentResult),
      }),
    }),
    route('GET', '/api/v1/monitors/{name}/results/{windowEnd}', {
      operation: 'getMonitorResult',
      role: 'viewer',
      scope: onMonitor,
      input: z.object({ name: fields.requiredText, windowEnd: instant }),
      handle: async (ctx, input) => presentResult(await getResult(ctx, input.name, input.windowEnd)),
    }),
    route('GET', '/api/v1/endpoints/{name}/labelled', {
      operation: 'getLabelledRows',
      role: 'contributor',
      scope: { on: [{ field: 'name', names: 'endpoint' }] },
      input: z.object({
        name: fields.requiredText,
        from: instant,
        to: instant,
        part: z.enum(['train', 'evaluation'], "must be 'train'").default('train'),
      }),
      handle: async (ctx, { name: endpoint, from, to, part }) =>
        new Response(await labelledCsv(ctx, { endpoint, from, to, part }), {
          headers: { 'content-type': 'text/csv; charset=utf-8' },
        }),
    }),
  ],
};

function monitorResponse({ doc, etag }: Stored<Monitor>): Response {
  return json(presentMonitor(doc), 200, { etag });
}

function changeOf(change: Omit<z.output<typeof monitorChange>, 'name'>): MonitorChange {
  const { thresholds, performance } = change;
  return {
    endpoint: change.endpoint,
    windowSeconds: change.window_seconds,
    everySeconds: change.every_seconds,
    minRows: change.min_rows,
    thresholds: thresholds && {
      psi: thresholds.psi,
      pValue: thresholds.p_value,
      driftedShare: thresholds.drifted_share,
    },
    performance: performance && {
      metric: performance.metric,
      maxDrop: performance.max_drop,
      minLabelled: performance.min_labelled,
    },
    retraining: change.retraining,
  };
}

/** The monitor and the result without the envelopes of their documents. */
function presentMonitor({ id, type, v, workspace, seq, monitorId, ...monitor }: Monitor) {
  return snakeCase({ name: monitorId, ...monitor });
}

function presentResult({ id, type, v, workspace, monitorId, ...result }: MonitorResult) {
  return snakeCase({ monitor: monitorId, ...result });
}

import * as z from 'zod';
import type { Stored } from '../../../shared/documents.ts';
import { fields, json, problem, route, type Scope, type Surface } from '../../../shared/http/index.ts';
import {
  backfill,
  checkNow,
  getMonitor,
  getResult,
  getResultDetail,
  history,
  labelledCsv,
  listMonitors,
  listResults,
  type Monitor,
  type MonitorResult,
  noMonitorYet,
  putMonitor,
  type ResultDetail,
  signalNames,
} from '../../../shared/monitoring/index.ts';
import { checkChannels } from '../../../shared/webhooks/index.ts';
import { snakeCase } from '../snake-case.ts';
import { instant, monitorChange, presentMonitor } from './settings.ts';

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
      input: z.strictObject({}),
      handle: async (ctx) => ({ monitors: (await listMonitors(ctx)).map(presentMonitor) }),
    }),
    route('GET', '/api/v1/monitors/{name}', {
      operation: 'getMonitor',
      role: 'viewer',
      scope: onMonitor,
      input: z.strictObject({ name: fields.requiredText }),
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
      async handle(ctx, { name: monitorId, ...change }, { request }) {
        await checkChannels(ctx, change.alerting?.channels ?? [], 'alerting.channels');
        return monitorResponse(await putMonitor(ctx, monitorId, change, versionIn(request)));
      },
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
      input: z.strictObject({
        name: fields.requiredText,
        limit: fields.limit(1000, 100),
        from: instant.optional(),
        to: instant.optional(),
      }),
      handle: async (ctx, { name: monitorId, limit, ...range }) => ({
        results: (await listResults(ctx, monitorId, limit, range)).map(presentResult),
      }),
    }),
    route('GET', '/api/v1/monitors/{name}/results/{windowEnd}', {
      operation: 'getMonitorResult',
      role: 'viewer',
      scope: onMonitor,
      input: z.strictObject({ name: fields.requiredText, windowEnd: instant }),
      handle: async (ctx, input) => presentResult(await getResult(ctx, input.name, input.windowEnd)),
    }),
    route('GET', '/api/v1/monitors/{name}/results/{windowEnd}/detail', {
      operation: 'getMonitorResultDetail',
      role: 'viewer',
      scope: onMonitor,
      input: z.strictObject({ name: fields.requiredText, windowEnd: instant }),
      handle: async (ctx, input) => presentDetail(await getResultDetail(ctx, input.name, input.windowEnd)),
    }),
    route('GET', '/api/v1/monitors/{name}/history', {
      operation: 'getMonitorHistory',
      role: 'viewer',
      scope: onMonitor,
      input: z.strictObject({
        name: fields.requiredText,
        signal: z.enum(signalNames, `must be one of ${signalNames.join(', ')}`),
        segment: z.string().default(''),
        metric: z.string().optional(),
        item: z.string().optional(),
        from: instant.optional(),
        to: instant.optional(),
      }),
      handle: async (ctx, { name: monitorId, item, ...of }) => ({
        points: (await history(ctx, monitorId, { ...of, name: item })).map(snakeCase),
      }),
    }),
    route('POST', '/api/v1/monitors/{name}/backfill', {
      operation: 'backfillMonitor',
      role: 'operator',
      scope: onMonitor,
      input: z.strictObject({ name: fields.requiredText, from: instant, to: instant }),
      handle: async (ctx, { name: monitorId, from, to }) =>
        json({ windows: await backfill(ctx, monitorId, { from, to }) }, 202),
    }),
    route('GET', '/api/v1/endpoints/{name}/labelled', {
      operation: 'getLabelledRows',
      role: 'contributor',
      scope: { on: [{ field: 'name', names: 'endpoint' }] },
      input: z.strictObject({
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

/** The version that a change is of; `null` where there must be none yet. */
function versionIn({ headers }: Request): string | null | undefined {
  if (headers.get('if-none-match')?.trim() === '*') return null;
  return headers.get('if-match') ?? undefined;
}

function monitorResponse({ doc, etag }: Stored<Monitor>): Response {
  return json(presentMonitor(doc), 200, { etag });
}

function presentResult({ id, type, v, workspace, monitorId, labels, ...result }: MonitorResult) {
  return snakeCase({ monitor: monitorId, ...result });
}

function presentDetail(detail: ResultDetail) {
  const { v, ...rest } = detail;
  return snakeCase(rest);
}

import * as z from 'zod';
import {
  acknowledge,
  addNote,
  alertSignals,
  createSilence,
  endSilence,
  getIncident,
  listAlerts,
  listIncidents,
  listSilences,
  noMonitorToSilence,
  resolveIncident,
  seenIncident,
  silenceStates,
} from '../../../shared/alerts/index.ts';
import {
  fields,
  json,
  type Page,
  problem,
  route,
  type Scope,
  type Surface,
} from '../../../shared/http/index.ts';
import { severities } from '../../../shared/monitoring/index.ts';
import { instant } from '../monitoring/settings.ts';
import { alertmanagerRoute } from './alertmanager.ts';
import { presentAlert, presentIncident, presentSilence, presentWhole } from './present.ts';

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`);
const text = (max: number) => fields.text.max(max, `must have at most ${max} characters`);
const name = text(200).min(1, 'must not be empty');
const note = text(4000)
  .min(1, 'must not be empty')
  .refine((words) => words.trim() !== '', 'must not be blank');

const onIncident: Scope = { on: [{ field: 'id', names: 'incident' }] };
const paging = { max_results: fields.limit(1000, 100), page_token: fields.text.optional() };
const filter = {
  endpoint: name.optional(),
  monitor: name.optional(),
  severity: oneOf(severities).optional(),
};

/** Alerts of monitors, the incidents that they are part of, and the silences that keep them from being told. */
export const alerts: Surface = {
  name: 'alerts',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/alerts', {
      operation: 'listAlerts',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.strictObject({
        ...filter,
        state: oneOf(['ok', 'pending', 'firing', 'resolved']).optional(),
        signal: oneOf(alertSignals).optional(),
        ...paging,
      }),
      handle: async (ctx, { max_results: limit, page_token: pageToken, ...of }) =>
        pageAs('alerts', await listAlerts(ctx, of, { limit, pageToken }), presentAlert),
    }),
    route('GET', '/api/v1/incidents', {
      operation: 'listIncidents',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.strictObject({ ...filter, state: oneOf(['open', 'resolved']).optional(), ...paging }),
      handle: async (ctx, { max_results: limit, page_token: pageToken, ...of }) =>
        pageAs('incidents', await listIncidents(ctx, of, { limit, pageToken }), presentIncident),
    }),
    route('GET', '/api/v1/incidents/{id}', {
      operation: 'getIncident',
      role: 'viewer',
      scope: onIncident,
      input: z.strictObject({ id: fields.requiredText }),
      handle: async (ctx, { id }) => presentWhole(await getIncident(ctx, id)),
    }),
    route('POST', '/api/v1/incidents/{id}/acknowledge', {
      operation: 'acknowledgeIncident',
      role: 'operator',
      scope: onIncident,
      input: z.strictObject({ id: fields.requiredText, comment: text(1000).optional() }),
      handle: async (ctx, { id, comment }) =>
        presentWhole(await seenIncident(ctx, await acknowledge(ctx, id, comment))),
    }),
    route('POST', '/api/v1/incidents/{id}/resolve', {
      operation: 'resolveIncident',
      role: 'operator',
      scope: onIncident,
      input: z.strictObject({ id: fields.requiredText, comment: text(1000).optional() }),
      handle: async (ctx, { id, comment }) =>
        presentWhole(await seenIncident(ctx, await resolveIncident(ctx, id, comment))),
    }),
    route('POST', '/api/v1/incidents/{id}/notes', {
      operation: 'addIncidentNote',
      role: 'operator',
      scope: onIncident,
      input: z.strictObject({ id: fields.requiredText, text: note }),
      handle: async (ctx, { id, text: words }) =>
        json(presentWhole(await seenIncident(ctx, await addNote(ctx, id, words))), 201),
    }),
    route('GET', '/api/v1/silences', {
      operation: 'listSilences',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.strictObject({ state: oneOf(silenceStates).optional(), monitor: name.optional(), ...paging }),
      async handle(ctx, { max_results: limit, page_token: pageToken, ...of }) {
        const now = ctx.clock.now();
        const page = await listSilences(ctx, of, { limit, pageToken });
        return pageAs('silences', page, (silence) => presentSilence(silence, now));
      },
    }),
    route('POST', '/api/v1/silences', {
      operation: 'createSilence',
      role: 'operator',
      // One that names no monitor is of all of them.
      scope: {
        on: [
          {
            field: 'monitor',
            names: 'monitor',
            unknown: ({ monitor }) => noMonitorToSilence(String(monitor)),
          },
        ],
      },
      input: z.strictObject({
        monitor: name.optional(),
        signal: oneOf(alertSignals).optional(),
        segment: text(300).optional(),
        severity: oneOf(severities).optional(),
        from: instant.optional(),
        until: instant,
        comment: text(1000).default(''),
      }),
      handle: async (ctx, input) =>
        json(presentSilence(await createSilence(ctx, input), ctx.clock.now()), 201),
    }),
    route('DELETE', '/api/v1/silences/{id}', {
      operation: 'endSilence',
      role: 'operator',
      scope: { on: [{ field: 'id', names: 'silence' }] },
      input: z.strictObject({ id: fields.requiredText }),
      handle: async (ctx, { id }) => presentSilence(await endSilence(ctx, id), ctx.clock.now()),
    }),
    alertmanagerRoute,
  ],
};

function pageAs<T>(list: string, { items, nextToken }: Page<T>, shown: (item: T) => object) {
  return { [list]: items.map(shown), ...(nextToken === undefined ? {} : { next_page_token: nextToken }) };
}

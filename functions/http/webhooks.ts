import * as z from 'zod';
import {
  CairnError,
  fields,
  json,
  mlflowError,
  problem,
  route,
  type Surface,
} from '../../shared/http/index.ts';
import {
  actionsOf,
  batchActions,
  createWebhook,
  deleteWebhook,
  type Delivery,
  type Entity,
  type EventKind,
  eventOf,
  getWebhook,
  kindOf,
  listDeliveries,
  listWebhooks,
  mlflowActions,
  monitoringActions,
  partsOf,
  redeliver,
  rolloutActions,
  testWebhook,
  updateWebhook,
  type Webhook,
  type WebhookEvent,
  webhookFormats,
} from '../../shared/webhooks/index.ts';
import { mlflow, nextPage, optional } from './mlflow.ts';

const id = { webhook_id: fields.requiredText };

const oneOf = (names: readonly string[]) => z.enum([...new Set(names)].map((name) => name.toUpperCase()));
const eventOfThese = (actions: Readonly<Record<string, readonly string[]>>) =>
  z.object({ entity: oneOf(Object.keys(actions)), action: oneOf(Object.values(actions).flat()) });
/** `{entity, action}` in the names of MLflow's enums. */
const event = eventOfThese(mlflowActions);
const yesOrNo = z.enum(['true', 'false']).default('false');
/** Events that MLflow's enums do not have are in lists of their own. */
const changeable = {
  rollout_events: z.array(eventOfThese(rolloutActions)).optional(),
  batch_events: z.array(eventOfThese(batchActions)).optional(),
  monitoring_events: z.array(eventOfThese(monitoringActions)).optional(),
  format: z.enum(webhookFormats).optional(),
  description: fields.text.optional(),
  // The verb checks it: what a schema refuses is quoted to the caller.
  secret: z.unknown().optional(),
  status: z
    .enum(['ACTIVE', 'DISABLED'])
    .transform((status) => status.toLowerCase() as Webhook['status'])
    .optional(),
};

/** MLflow's webhooks API. MLflow lets administrators use it only: an address may hold a secret of its receiver. */
export const webhooks: Surface = {
  name: 'webhooks',
  part: 'control',
  errors: mlflowError,
  routes: [
    ...mlflow('POST', 'webhooks', 'admin', {
      scope: 'workspace',
      input: z.object({
        name: fields.requiredText,
        url: fields.requiredText,
        events: z.array(event),
        ...changeable,
      }),
      async handle(ctx, { events, rollout_events, batch_events, monitoring_events, ...input }) {
        const all = ownEvents({ rollout_events, batch_events, monitoring_events });
        const own = all.flatMap(([, given = []]) => given);
        return {
          webhook: present(await createWebhook(ctx, { ...input, events: [...events, ...own].map(parsed) })),
        };
      },
    }),
    ...mlflow('GET', 'webhooks', 'admin', {
      scope: 'workspace',
      input: z.object({
        // 0 is what protobuf makes of a number left out.
        max_results: fields.int64.default(0),
        page_token: fields.text.optional(),
        with_rollouts: yesOrNo,
        with_batch: yesOrNo,
        with_monitoring: yesOrNo,
      }),
      handle: async (ctx, input) => {
        const found = await listWebhooks(ctx, {
          limit: checkedLimit(input.max_results),
          pageToken: input.page_token,
        });
        // MLflow's clients fail on a list in which one webhook has no event that they know.
        const shown = {
          mlflow: true,
          rollout: input.with_rollouts === 'true',
          batch: input.with_batch === 'true',
          monitoring: input.with_monitoring === 'true',
        };
        const isShown = ({ events }: Webhook) => events.some((each) => shown[kindOf(each)]);
        return { ...optional('webhooks', found.items.filter(isShown).map(present)), ...nextPage(found) };
      },
    }),
    ...mlflow('GET', 'webhooks/{webhook_id}', 'admin', {
      scope: 'workspace',
      input: z.object(id),
      handle: async (ctx, input) => ({ webhook: present(await getWebhook(ctx, input.webhook_id)) }),
    }),
    ...mlflow('PATCH', 'webhooks/{webhook_id}', 'admin', {
      scope: 'workspace',
      input: z.object({
        ...id,
        name: fields.text.optional(),
        url: fields.text.optional(),
        events: z.array(event).default([]),
        ...changeable,
      }),
      async handle(
        ctx,
        { webhook_id, name, url, events, rollout_events, batch_events, monitoring_events, ...input },
      ) {
        const all = ownEvents({ rollout_events, batch_events, monitoring_events });
        const own = all.flatMap(([, given]) => given ?? []);
        const keeps = all.flatMap(([kind, given]) => (given ? [] : [kind]));
        // As MLflow reads it: an empty name, URL or list is one left out; an empty description or secret is set.
        // With events that MLflow does not know an empty list of its own is one that is set.
        const isGiven = events.length > 0 || keeps.length < all.length;
        const change = {
          ...input,
          ...(name ? { name } : {}),
          ...(url ? { url } : {}),
          ...(isGiven ? { events: [...events, ...own].map(parsed) } : {}),
        };
        return { webhook: present(await updateWebhook(ctx, webhook_id, change, { keeps })) };
      },
    }),
    ...mlflow('DELETE', 'webhooks/{webhook_id}', 'admin', {
      scope: 'workspace',
      input: z.object(id),
      handle: (ctx, input) => deleteWebhook(ctx, input.webhook_id),
    }),
    ...mlflow('POST', 'webhooks/{webhook_id}/test', 'admin', {
      scope: 'workspace',
      input: z.object({ ...id, event: eventOfThese(actionsOf).optional() }),
      handle: async (ctx, input) => {
        const answer = await testWebhook(ctx, input.webhook_id, input.event && parsed(input.event));
        if (answer.outcome !== 'answered')
          return { result: { success: false, error_message: `Failed to test webhook: ${answer.reason}` } };
        const success = answer.status >= 200 && answer.status < 300;
        return { result: { success, response_status: answer.status, response_body: answer.body } };
      },
    }),
  ],
};

/** What was delivered, and delivering it again. */
export const webhookDeliveries: Surface = {
  name: 'webhook deliveries',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/webhooks/{webhook_id}/deliveries', {
      operation: 'listWebhookDeliveries',
      role: 'admin',
      scope: 'workspace',
      input: z.object({
        ...id,
        max_results: fields.limit(100, 20),
        page_token: fields.text.optional(),
      }),
      handle: async (ctx, input) => {
        const found = await listDeliveries(ctx, input.webhook_id, {
          limit: input.max_results,
          pageToken: input.page_token,
        });
        return { deliveries: found.items.map(presentDelivery), ...nextPage(found) };
      },
    }),
    route('POST', '/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver', {
      operation: 'redeliverWebhookDelivery',
      role: 'admin',
      scope: 'workspace',
      input: z.object({ ...id, delivery_id: fields.requiredText }),
      handle: async (ctx, input) =>
        json(presentDelivery(await redeliver(ctx, input.webhook_id, input.delivery_id)), 202),
    }),
  ],
};

type Given = readonly { readonly entity: string; readonly action: string }[] | undefined;

/** The lists of events that MLflow does not know, each with whose words they are in. */
function ownEvents(given: {
  readonly rollout_events: Given;
  readonly batch_events: Given;
  readonly monitoring_events: Given;
}): readonly (readonly [Exclude<EventKind, 'mlflow'>, Given])[] {
  return [
    ['rollout', given.rollout_events],
    ['batch', given.batch_events],
    ['monitoring', given.monitoring_events],
  ];
}

function parsed({ entity, action }: { entity: string; action: string }): WebhookEvent {
  return eventOf(entity.toLowerCase() as Entity, action.toLowerCase());
}

function checkedLimit(maxResults: number): number {
  if (maxResults === 0) return 100;
  if (maxResults >= 1 && maxResults <= 1000) return maxResults;
  throw new CairnError('invalid', 'max_results must be between 1 and 1000.', { field: 'max_results' });
}

/** The fields of MLflow's message, and events that it has none for: the secret is not among them. */
function present(webhook: Webhook) {
  const {
    mlflow: known = [],
    rollout = [],
    batch = [],
    monitoring = [],
  } = Object.groupBy(webhook.events, kindOf);
  return {
    webhook_id: webhook.webhookId,
    name: webhook.name,
    ...(webhook.description ? { description: webhook.description } : {}),
    url: webhook.url,
    events: known.map(presentEvent),
    ...(rollout.length > 0 ? { rollout_events: rollout.map(presentEvent) } : {}),
    ...(batch.length > 0 ? { batch_events: batch.map(presentEvent) } : {}),
    ...(monitoring.length > 0 ? { monitoring_events: monitoring.map(presentEvent) } : {}),
    status: webhook.status.toUpperCase(),
    // MLflow's clients know of no formats.
    ...(webhook.format === undefined || webhook.format === 'cairn' ? {} : { format: webhook.format }),
    creation_timestamp: webhook.createdAt,
    last_updated_timestamp: webhook.updatedAt,
  };
}

function presentEvent(name: WebhookEvent) {
  const { entity, action } = partsOf(name);
  return { entity: entity.toUpperCase(), action: action.toUpperCase() };
}

function presentDelivery({ deliveryId, event: name, state, attempts, createdAt, body }: Delivery) {
  return {
    delivery_id: deliveryId,
    event: presentEvent(name),
    status: state.status,
    ...(state.status === 'pending' ? { next_attempt_at: state.dueAt } : {}),
    ...(state.status === 'failed' ? { reason: state.reason } : {}),
    attempts: attempts.map(({ at, statusCode, error, milliseconds }) => ({
      at,
      ...(statusCode === undefined ? {} : { status_code: statusCode }),
      ...(error === undefined ? {} : { error }),
      milliseconds,
    })),
    created_at: createdAt,
    body,
  };
}

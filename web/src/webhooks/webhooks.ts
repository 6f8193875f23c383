import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { mlflow } from '../api/client.ts';
import { listsLagMilliseconds, queryClient } from '../api/queries.ts';
import { pagesOf } from '../api/registry.ts';

export type WebhookEvent = { readonly entity: string; readonly action: string };

/** Whom to tell of what, as MLflow's API says it; what deliveries are signed with is never told. */
export type Webhook = {
  readonly webhook_id: string;
  readonly name: string;
  readonly description?: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  /** Those that MLflow has no names for. */
  readonly rollout_events?: readonly WebhookEvent[];
  readonly batch_events?: readonly WebhookEvent[];
  readonly monitoring_events?: readonly WebhookEvent[];
  readonly status: 'ACTIVE' | 'DISABLED';
  /** Absent: `cairn`. */
  readonly format?: string;
  readonly creation_timestamp: number;
  readonly last_updated_timestamp: number;
};

export type WebhookDraft = {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly rollout_events: readonly WebhookEvent[];
  readonly batch_events: readonly WebhookEvent[];
  readonly monitoring_events: readonly WebhookEvent[];
  readonly format: string;
  /** Left as it is where undefined. */
  readonly secret?: string;
};

export type TestResult = {
  readonly success: boolean;
  readonly response_status?: number;
  readonly response_body?: string;
  readonly error_message?: string;
};

export type Delivery = {
  readonly delivery_id: string;
  readonly event: WebhookEvent;
  readonly status: 'pending' | 'delivered' | 'failed';
  readonly reason?: string;
  readonly attempts: readonly {
    readonly at: number;
    readonly status_code?: number;
    readonly error?: string;
    readonly milliseconds: number;
  }[];
  readonly next_attempt_at?: number;
  readonly created_at: number;
  readonly body: unknown;
};

/** In whose shape a receiver is told, and what its secret is for. */
export const formatWords: readonly (readonly [format: string, words: string])[] = [
  ['cairn', 'Cairn: JSON as of MLflow, signed with the secret'],
  ['slack', 'Slack: an incoming webhook'],
  ['teams', 'Microsoft Teams: a workflow that takes webhook requests'],
  ['azure-monitor', 'Azure Monitor: the common alert schema'],
  ['event-grid', 'Azure Event Grid: a topic for CloudEvents; the secret is its access key'],
];

/** What a webhook can be told of, in words. Nothing here has a budget to exceed. */
export const eventWords: readonly (readonly [WebhookEvent, string])[] = [
  [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }, 'A model is created'],
  [{ entity: 'MODEL_VERSION', action: 'CREATED' }, 'A version is created'],
  [{ entity: 'MODEL_VERSION_TAG', action: 'SET' }, 'A tag of a version is set'],
  [{ entity: 'MODEL_VERSION_TAG', action: 'DELETED' }, 'A tag of a version is deleted'],
  [{ entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' }, 'An alias is set or moved'],
  [{ entity: 'MODEL_VERSION_ALIAS', action: 'DELETED' }, 'An alias is deleted'],
  [{ entity: 'PROMPT', action: 'CREATED' }, 'A prompt is created'],
  [{ entity: 'PROMPT_VERSION', action: 'CREATED' }, 'A version of a prompt is created'],
  [{ entity: 'PROMPT_TAG', action: 'SET' }, 'A tag of a prompt is set'],
  [{ entity: 'PROMPT_TAG', action: 'DELETED' }, 'A tag of a prompt is deleted'],
  [{ entity: 'PROMPT_VERSION_TAG', action: 'SET' }, 'A tag of a prompt’s version is set'],
  [{ entity: 'PROMPT_VERSION_TAG', action: 'DELETED' }, 'A tag of a prompt’s version is deleted'],
  [{ entity: 'PROMPT_ALIAS', action: 'CREATED' }, 'An alias of a prompt is set or moved'],
  [{ entity: 'PROMPT_ALIAS', action: 'DELETED' }, 'An alias of a prompt is deleted'],
  [{ entity: 'ROLLOUT', action: 'ROLLED_BACK' }, 'A rollout is broken off: the new version is worse'],
  [{ entity: 'ROLLOUT', action: 'STARTED' }, 'A rollout begins'],
  [{ entity: 'ROLLOUT', action: 'ADVANCED' }, 'A rollout goes on a step'],
  [{ entity: 'ROLLOUT', action: 'FINISHED' }, 'A rollout is finished: the new version has taken over'],
  [{ entity: 'ROLLOUT', action: 'STOPPED' }, 'A rollout is stopped by hand'],
  [{ entity: 'BATCH_JOB', action: 'SUCCEEDED' }, 'A batch job has succeeded'],
  [{ entity: 'BATCH_JOB', action: 'FAILED' }, 'A batch job has failed'],
  [{ entity: 'BATCH_JOB', action: 'CANCELLED' }, 'A batch job is cancelled'],
  [{ entity: 'INCIDENT', action: 'OPENED' }, 'An incident of a monitor begins'],
  [{ entity: 'INCIDENT', action: 'UPDATED' }, 'An incident grows worse, or goes on'],
  [{ entity: 'INCIDENT', action: 'RESOLVED' }, 'An incident is over'],
];

/** `model_version.created`, as receivers are told. */
export function eventName({ entity, action }: WebhookEvent): string {
  return `${entity}.${action}`.toLowerCase();
}

/** All that a webhook is told of. */
export function eventsOf({
  events,
  rollout_events: rollouts = [],
  batch_events: jobs = [],
  monitoring_events: incidents = [],
}: Webhook): readonly WebhookEvent[] {
  return [...events, ...rollouts, ...jobs, ...incidents];
}

const pageSize = 50;
const pendingMilliseconds = 2000;

export const webhooksQuery = infiniteQueryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ pageParam, signal }) =>
    mlflow.get<{ webhooks?: readonly Webhook[]; next_page_token?: string }>('webhooks', {
      query: {
        max_results: pageSize,
        page_token: pageParam,
        with_rollouts: 'true',
        with_batch: 'true',
        with_monitoring: 'true',
      },
      signal,
    }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ next_page_token: next }) => next,
});

export function webhookQuery(id: string) {
  return queryOptions({
    queryKey: ['webhook', id],
    queryFn: async ({ signal }) =>
      (await mlflow.get<{ webhook: Webhook }>(`webhooks/${encodeURIComponent(id)}`, { signal })).webhook,
  });
}

/** Deliveries newest first; asked again while one is on its way. */
export function deliveriesQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ['webhook', id, 'deliveries'],
    ...pagesOf<{ deliveries: readonly Delivery[]; next_page_token?: string }>(
      `webhooks/${encodeURIComponent(id)}/deliveries`,
      { max_results: pageSize },
    ),
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ deliveries }) => deliveries.some(({ status }) => status === 'pending'))
        ? pendingMilliseconds
        : false,
  });
}

/** Reads anew what is shown of webhooks; `gone`: save the one that is left. */
export async function webhooksChanged({ gone = false } = {}): Promise<void> {
  const list = { queryKey: ['webhooks'] };
  setTimeout(() => void queryClient.invalidateQueries(list), listsLagMilliseconds);
  await Promise.all([
    queryClient.invalidateQueries(list),
    queryClient.invalidateQueries({ queryKey: ['webhook'], refetchType: gone ? 'none' : 'active' }),
  ]);
}

import { createHash } from 'node:crypto';
import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import { redacted } from '../redaction/index.ts';

/** What can happen. A subscriber is told after the change has been committed. */
export type EventType =
  | 'experiment.created'
  | 'experiment.updated'
  | 'experiment.deleted'
  | 'experiment.restored'
  | 'run.created'
  | 'run.finished'
  | 'run.deleted'
  | 'run.restored'
  | 'logged-model.created'
  | 'logged-model.deleted'
  | 'logged-model.purged'
  | 'run.purged'
  | 'experiment.purged'
  | 'run.inputs-logged'
  | 'model.created'
  | 'model.updated'
  | 'model.renamed'
  | 'model.tag-set'
  | 'model.tag-deleted'
  | 'model.deleted'
  | 'version.created'
  | 'version.ready'
  | 'version.refused'
  | 'version.updated'
  | 'version.tag-set'
  | 'version.tag-deleted'
  | 'version.staged'
  | 'version.signed'
  | 'version.converted'
  | 'version.deleted'
  | 'policy.changed'
  | 'promotion.requested'
  | 'promotion.judged'
  | 'promotion.approved'
  | 'promotion.rejected'
  | 'promotion.overridden'
  | 'promotion.finished'
  | 'alias.moved'
  | 'alias.deleted'
  | 'endpoint.created'
  | 'endpoint.changed'
  | 'endpoint.moved'
  | 'endpoint.deleted'
  | 'rollout.started'
  | 'rollout.advanced'
  | 'rollout.finished'
  | 'rollout.rolled-back'
  | 'rollout.stopped'
  | 'monitor.changed'
  | 'monitor.checked'
  | 'alert.fired'
  | 'alert.resolved'
  | 'incident.opened'
  | 'incident.updated'
  | 'incident.resolved'
  | 'incident.acknowledged'
  | 'incident.noted'
  | 'silence.created'
  | 'silence.ended'
  | 'batch.requested'
  | 'batch.finished'
  | 'batch.retried'
  | 'batch.deleted'
  | 'retraining.requested'
  | 'retraining.refused'
  | 'retraining.cancelled'
  | 'retraining.finished'
  | 'webhook.created'
  | 'webhook.updated'
  | 'webhook.deleted'
  | 'principal.created'
  | 'principal.updated'
  | 'principal.disabled'
  | 'principal.enabled'
  | 'principal.deleted'
  | 'group.changed'
  | 'group.deleted'
  | 'grant.created'
  | 'grant.deleted'
  | 'trust.changed'
  | 'trust.deleted'
  | 'workspace.created'
  | 'workspace.updated'
  | 'workspace.deleted'
  | 'token.created'
  | 'token.revoked'
  | 'hash-key.made'
  | 'retention.applied'
  | 'hold.placed'
  | 'hold.released'
  | 'erasure.requested'
  | 'erasure.finished'
  | 'access.denied'
  | 'model.downloaded';

/** One thing that happened to one aggregate. `before` and `after` are digests of its state. */
export type CairnEvent = {
  readonly type: EventType;
  /** `run/<id>`, `model/<id>`, … */
  readonly aggregate: string;
  /** Position among the events of the aggregate, from 1, without gaps. */
  readonly seq: number;
  readonly actor: string;
  readonly before?: string;
  readonly after?: string;
  /** Why, in the words of who did it, where they were asked. */
  readonly reason?: string;
  readonly requestId: string;
  readonly traceparent: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Ids a subscriber needs to find what changed; of rules, tokens and data policies also what they say. Never data. */
  readonly subject: Readonly<Record<string, string>>;
};

/** The outbox: an event lives in the partition of its aggregate, `pending` until all subscribers have been served. */
export type EventDocument = Document & {
  readonly type: 'event';
  readonly pending?: true;
  readonly event: CairnEvent;
};

export type NewEvent = Pick<CairnEvent, 'type' | 'aggregate' | 'seq' | 'subject'> & {
  before?: unknown;
  after?: unknown;
  reason?: string;
};

/**
 * The write that records an event; it belongs into the same batch as the change. `key` are the
 * partition key properties of the aggregate's container.
 */
export function eventWrite(
  ctx: Context,
  event: NewEvent,
  key: Readonly<Record<string, string>>,
): Write & { op: 'create' } {
  const given = event.reason ?? ctx.reason;
  // It is kept for years, and in a log that nobody can change.
  const reason = given === undefined ? undefined : redacted(given).text;
  const doc: EventDocument & Record<string, unknown> = {
    ...key,
    id: eventId(event.aggregate, event.seq),
    type: 'event',
    v: 1,
    workspace: ctx.workspace,
    pending: true,
    event: {
      type: event.type,
      aggregate: event.aggregate,
      seq: event.seq,
      actor: ctx.principal.id,
      ...(event.before === undefined ? {} : { before: digest(event.before) }),
      ...(event.after === undefined ? {} : { after: digest(event.after) }),
      ...(reason === undefined ? {} : { reason }),
      requestId: ctx.requestId,
      traceparent: ctx.trace,
      at: ctx.clock.now(),
      subject: event.subject,
    },
  };
  return { op: 'create', doc };
}

function eventId(aggregate: string, seq: number): string {
  return `event:${aggregate.replaceAll('/', ':')}:${String(seq).padStart(8, '0')}`;
}

function digest(state: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(state)).digest('hex')}`;
}

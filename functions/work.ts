import type { InvocationContext } from '@azure/functions';
import type { Envelope } from '../shared/azure/index.ts';
import { checkDirectory, dropGrants, finishEnding, finishTrust } from '../shared/access/index.ts';
import {
  followMonitor,
  followSilence,
  lookAtAlerts,
  sweepAlerts,
  watchAlerts,
} from '../shared/alerts/index.ts';
import { exportSegments, recordAudit } from '../shared/audit/index.ts';
import {
  type BatchMessage,
  cleanCommit,
  cleanJob,
  forgetCounted,
  lookAfterJobs,
  planJob,
  recoverJob,
  removeLeftovers,
} from '../shared/batch/index.ts';
import type { Context } from '../shared/context.ts';
import { convert } from '../shared/conversion/index.ts';
import { erase, expire, type ExpireMessage, sweepRetention } from '../shared/erasure/index.ts';
import {
  type CairnEvent,
  deliver,
  type EventsMessage,
  type Subscriber,
  sweepEvents,
} from '../shared/events/index.ts';
import {
  announceEnded,
  emitLineage,
  recordLineage,
  traceBatchJob,
  traceConversion,
  traceDatasets,
  traceEndpoint,
  traceLoggedModel,
  traceRetraining,
  traceRun,
  traceVersion,
} from '../shared/lineage/index.ts';
import {
  checkOnTime,
  checkWindow,
  endMonitors,
  freezeEdges,
  monitorEndpoint,
} from '../shared/monitoring/index.ts';
import { type RollUpMessage, rollUpProfiles, sweepProfiles } from '../shared/predictions/index.ts';
import {
  recoverRetraining,
  requestRetraining,
  retrain,
  tellOfRetraining,
  tellOfRollout,
} from '../shared/pipelines/index.ts';
import { advancePromotion, wakePromotions } from '../shared/promotion/index.ts';
import {
  cleanModel,
  cleanVersion,
  finishDeletion,
  finishRename,
  inspectAgain,
  inspectConverted,
  inspectVersion,
  linkLoggedModel,
  signInspected,
} from '../shared/registry/index.ts';
import { followAlias } from '../shared/endpoints/index.ts';
import { advanceRollouts, watchBegun } from '../shared/rollouts/index.ts';
import { rollUpSummaries } from '../shared/summaries/index.ts';
import { foldFinishedRun, foldRun, purge, sweepDeleted } from '../shared/tracking/index.ts';
import {
  type DeliveryMessage,
  deliverWebhook,
  notifyWebhooks,
  sweepWebhooks,
} from '../shared/webhooks/index.ts';
import { countStorage } from '../shared/usage/index.ts';
import { doWork } from './app.ts';

/** Who is told of what, after the change has been committed. Each serves the same event twice without harm. */
const subscribers: Partial<Record<CairnEvent['type'], readonly Subscriber[]>> = {
  'run.inputs-logged': [traceRun],
  'run.finished': [foldFinishedRun, traceRun, announceEnded],
  'logged-model.created': [traceLoggedModel],
  'version.created': [notifyWebhooks, traceVersion, inspectVersion, linkLoggedModel],
  'version.ready': [followAlias, traceDatasets, freezeEdges, wakePromotions, signInspected],
  'version.updated': [freezeEdges],
  'version.refused': [wakePromotions, signInspected],
  'version.converted': [inspectConverted, traceConversion, announceEnded],
  'alias.moved': [notifyWebhooks, followAlias, wakePromotions],
  'endpoint.created': [monitorEndpoint, freezeEdges, traceEndpoint],
  'endpoint.moved': [traceEndpoint, freezeEdges],
  'endpoint.changed': [traceEndpoint],
  'endpoint.deleted': [endMonitors, dropGrants],
  'rollout.started': [notifyWebhooks, traceEndpoint, freezeEdges, watchBegun, tellOfRollout],
  'rollout.advanced': [notifyWebhooks],
  'rollout.finished': [notifyWebhooks, traceEndpoint, tellOfRollout],
  'rollout.rolled-back': [notifyWebhooks, tellOfRollout],
  'rollout.stopped': [notifyWebhooks, tellOfRollout],
  'monitor.changed': [followMonitor],
  'monitor.checked': [watchAlerts],
  'silence.created': [followSilence],
  'silence.ended': [followSilence],
  'incident.opened': [notifyWebhooks, requestRetraining],
  'incident.updated': [notifyWebhooks, requestRetraining],
  'incident.resolved': [notifyWebhooks],
  'batch.finished': [cleanCommit, notifyWebhooks, traceBatchJob, announceEnded, forgetCounted],
  'batch.deleted': [cleanJob],
  'retraining.requested': [tellOfRetraining],
  'retraining.refused': [tellOfRetraining],
  'retraining.cancelled': [tellOfRetraining],
  'retraining.finished': [traceRetraining, announceEnded, tellOfRetraining],
  'model.created': [notifyWebhooks],
  'model.renamed': [finishRename],
  'model.deleted': [finishDeletion, dropGrants],
  'model.tag-set': [notifyWebhooks],
  'model.tag-deleted': [notifyWebhooks],
  'version.deleted': [cleanVersion, wakePromotions],
  'version.tag-set': [notifyWebhooks, wakePromotions],
  'version.tag-deleted': [notifyWebhooks, wakePromotions],
  'alias.deleted': [notifyWebhooks, wakePromotions],
  'policy.changed': [wakePromotions],
  'version.signed': [wakePromotions],
  'version.staged': [wakePromotions],
  'experiment.purged': [dropGrants],
  'principal.disabled': [finishEnding],
  'group.changed': [finishEnding],
  'workspace.updated': [finishEnding],
  'trust.deleted': [finishTrust],
};

type Message = Partial<Envelope> & Readonly<Record<string, unknown>> & { readonly kind?: string };

/** Kinds of work that messages ask for. */
const kinds: Record<string, (ctx: Context, message: never) => Promise<unknown>> = {
  events: (ctx, message: EventsMessage) =>
    deliver(ctx, message, (type) => subscribers[type] ?? [], recordAudit),
  'sweep-lost': (ctx) => Promise.all([sweepEvents(ctx), sweepWebhooks(ctx)]),
  // Of messages and agendas of an earlier release, which had two sweeps.
  'sweep-events': (ctx) => sweepEvents(ctx),
  'sweep-webhooks': sweepWebhooks,
  'audit-export': exportSegments,
  'check-directory': checkDirectory,
  'batch-plan': (ctx, message: BatchMessage) => planJob(ctx, message),
  'batch-look': (ctx) => lookAfterJobs(ctx),
  'batch-recover': (ctx, message: BatchMessage) => recoverJob(ctx, message),
  'sweep-batch': removeLeftovers,
  'fold-run': foldRun,
  'check-monitor': checkOnTime,
  'check-window': checkWindow,
  'sweep-alerts': sweepAlerts,
  'look-at-alerts': lookAtAlerts,
  retrain,
  'retrain-recover': recoverRetraining,
  promotion: advancePromotion,
  rollout: advanceRollouts,
  'clean-model': cleanModel,
  'inspect-version': inspectAgain,
  convert,
  'record-lineage': recordLineage,
  'emit-lineage': emitLineage,
  'sweep-deleted': sweepDeleted,
  'webhook-deliver': (ctx, message: DeliveryMessage) => deliverWebhook(ctx, message),
  purge,
  erase: (ctx, message: { jobId: string }) => erase(ctx, message),
  'sweep-retention': sweepRetention,
  expire: (ctx, message: ExpireMessage) => expire(ctx, message),
  'count-storage': countStorage,
  'roll-up-summaries': rollUpSummaries,
  'sweep-profiles': sweepProfiles,
  'roll-up-profiles': (ctx, message: RollUpMessage) => rollUpProfiles(ctx, message),
};

/** The work queue: light work of every kind. A message that throws comes back, and after five tries goes to `work-poison`. */
export async function work(message: unknown, invocation: InvocationContext): Promise<void> {
  const parsed = message as Message;
  await doWork(invocation, parsed, (ctx) => {
    const run = kinds[parsed.kind ?? ''];
    if (!run) throw new Error(`No work is of kind '${String(parsed.kind)}'.`);
    return run(ctx, parsed as never);
  });
}

import type { Context } from '../context.ts';
import { askToSend, type DeliveryMessage } from './deliveries.ts';
import { refreshedBody } from './incident.ts';
import type { Attempt, Delivery, Webhook } from './model.ts';
import type { Answer } from './post.ts';
import { claimed, isSpent, reasonOf, settled, stopped, verdictOf } from './state.ts';
import { readDelivery, readWebhook, replaceDelivery } from './store.ts';
import { sendTo, type Transport } from './send.ts';

/** A delivery due for this long has no message in the queue that would have sent it. */
const missedAfterMilliseconds = 60_000;
/** A message may be seen a little before its time by another clock, and would then find nothing due. */
const delaySecondsMore = 1;
/** How long a receiver that did not answer is left alone, by the instance that waited for it. */
const muteSeconds = 30;

/**
 * Sends one delivery if it is due. A worker first claims it by a conditional write, so that of several at once
 * one sends; one that dies is followed by another when its lease ends. The receiver may so be sent the same
 * delivery twice, under one id; what it is never sent is on record as failed. A message that comes early or twice
 * changes nothing.
 */
export async function deliverWebhook(
  ctx: Context,
  { webhookId, deliveryId }: DeliveryMessage,
  transport?: Transport,
): Promise<void> {
  const stored = await readDelivery(ctx, webhookId, deliveryId);
  const now = ctx.clock.now();
  const claim = stored && claimed(stored.doc, now);
  if (!claim) return;
  const webhook = await readWebhook(ctx, webhookId);
  const why = whyStop(stored.doc, webhook?.doc);
  if (!webhook || why !== undefined) {
    await replaceDelivery(ctx, stopped(stored.doc, why ?? '', now), stored.etag);
    return;
  }
  const fresh = { ...claim, body: await refreshedBody(ctx, claim.body) };
  const etag = await replaceDelivery(ctx, fresh, stored.etag);
  if (etag === undefined) return;
  const answer = await sendUnlessMute(ctx, webhook.doc, fresh, transport);
  await settle(ctx, fresh, etag, attemptOf(answer, now, ctx.clock.now()), answer);
}

/** Asks again for deliveries whose message was lost, or whose worker was. Returns how many. */
export async function sweepWebhooks(ctx: Context): Promise<number> {
  const rows = await ctx.stores
    .documents('webhooks')
    .query<Pick<Delivery, 'workspace' | 'webhookId' | 'deliveryId'>>(
      {
        text: "SELECT c.workspace, c.webhookId, c.deliveryId FROM c WHERE c.type = 'delivery' AND c.state.dueAt < @before",
        values: { before: ctx.clock.now() - missedAfterMilliseconds },
      },
      { limit: 1000 },
    );
  for (const { workspace, ...delivery } of rows) await askToSend({ ...ctx, workspace }, delivery);
  return rows.length;
}

function whyStop(delivery: Delivery, webhook: Webhook | undefined): string | undefined {
  if (webhook === undefined) return 'the webhook was deleted';
  if (webhook.status === 'disabled') return 'the webhook is disabled';
  return isSpent(delivery) ? 'no attempt is left, and the last one was broken off' : undefined;
}

/**
 * Sends a delivery, unless its receiver let this instance wait in vain a moment ago: that is an attempt without
 * an answer, too, but does not keep all other work waiting once more.
 */
async function sendUnlessMute(
  ctx: Context,
  webhook: Webhook,
  { deliveryId, event, body }: Delivery,
  transport: Transport | undefined,
): Promise<Answer> {
  const mute = muteUntil(ctx);
  const receiver = `${webhook.webhookId} ${webhook.url}`;
  if ((mute.get(receiver) ?? 0) > ctx.clock.now())
    return { outcome: 'unreachable', reason: 'the receiver did not answer just before, and was left alone' };
  mute.delete(receiver);
  const answer = await sendTo(ctx, webhook, { deliveryId, event, body }, transport);
  if (answer.outcome === 'unreachable' && answer.waited)
    mute.set(receiver, ctx.clock.now() + muteSeconds * 1000);
  return answer;
}

/** Until when receivers are left alone; only what this instance knows of them. */
const muteByStores = new WeakMap<object, Map<string, number>>();
function muteUntil(ctx: Context): Map<string, number> {
  let mute = muteByStores.get(ctx.stores);
  if (!mute) muteByStores.set(ctx.stores, (mute = new Map()));
  if (mute.size > 1000) mute.clear();
  return mute;
}

/** Records how an attempt ended, unless the lease ran out and another worker has taken over. */
async function settle(
  ctx: Context,
  claim: Delivery,
  etag: string,
  attempt: Attempt,
  answer: Answer,
): Promise<void> {
  const now = ctx.clock.now();
  const next = settled(claim, attempt, answer, now, ctx.ids.random());
  if ((await replaceDelivery(ctx, next, etag)) === undefined) return;
  const { webhookId, deliveryId, state } = next;
  ctx.log.info('webhook delivery', {
    webhookId,
    deliveryId,
    status: state.status,
    attempts: next.attempts.length,
  });
  if (state.status !== 'pending') return;
  await askToSend(ctx, next, Math.ceil((state.dueAt - now) / 1000) + delaySecondsMore);
}

function attemptOf(answer: Answer, begun: number, ended: number): Attempt {
  return {
    at: begun,
    ...(answer.outcome === 'answered' ? { statusCode: answer.status } : {}),
    ...(verdictOf(answer) === 'delivered' ? {} : { error: reasonOf(answer) }),
    milliseconds: ended - begun,
  };
}

import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import { inTurns } from '../turns.ts';
import type { Delivery, Webhook } from './model.ts';
import { bodyOf, newsOf } from './payload.ts';
import {
  deliveryDocument,
  partition,
  readDelivery,
  replaceDelivery,
  requireAll,
  storedWebhook,
} from './store.ts';
import { renewed } from './state.ts';

/** The work message that asks for one delivery. */
export type DeliveryMessage = {
  readonly kind: 'webhook-deliver';
  readonly webhookId: string;
  readonly deliveryId: string;
};

const keptDays = 30;
const writesAtOnceMax = 8;

/**
 * Records a delivery of an event to each webhook that listens to it, and asks for them to be sent. Subscriber
 * of the registry's events. The id of a delivery follows from the event and the webhook, so that serving the
 * event again records nothing twice; it may ask twice.
 */
export async function notifyWebhooks(ctx: Context, event: CairnEvent): Promise<void> {
  const listening = await activeWebhooks(ctx, event.at);
  if (listening.length === 0) return;
  const news = await newsOf(ctx, event);
  if (news === undefined) return;
  const body = bodyOf(ctx, news, event.at);
  const told = listening.filter(
    ({ events, webhookId }) => events.includes(news.event) && (news.channels?.includes(webhookId) ?? true),
  );
  await inTurns(told, writesAtOnceMax, async ({ webhookId }) => {
    const deliveryId = deliveryIdOf(webhookId, event);
    const now = ctx.clock.now();
    const doc: Delivery = {
      id: deliveryDocument(deliveryId),
      type: 'delivery',
      v: 1,
      workspace: ctx.workspace,
      webhookId,
      deliveryId,
      event: news.event,
      body,
      state: { status: 'pending', dueAt: now, tries: 0 },
      attempts: [],
      createdAt: now,
      ttl: keptDays * 86_400,
    };
    await ctx.stores.documents('webhooks').write(partition(ctx, webhookId), { op: 'create', doc });
    await askToSend(ctx, { webhookId, deliveryId });
  });
}

/** The deliveries of a webhook, the newest first. There is a token exactly where there is more. */
export async function listDeliveries(
  ctx: Context,
  webhookId: string,
  { limit, pageToken }: { limit: number; pageToken?: string | undefined },
): Promise<Page<Delivery>> {
  requireAll(ctx);
  await storedWebhook(ctx, webhookId);
  const after = positionIn(pageToken, { createdAt: 0, deliveryId: '' });
  const further = after
    ? ' AND (c.createdAt < @createdAt OR (c.createdAt = @createdAt AND c.deliveryId > @deliveryId))'
    : '';
  const rows = await ctx.stores.documents('webhooks').query<Delivery>(
    {
      text: `SELECT * FROM c WHERE c.type = 'delivery'${further} ORDER BY c.createdAt DESC, c.deliveryId ASC`,
      values: { ...after },
    },
    { key: partition(ctx, webhookId), limit: limit + 1 },
  );
  return pageOf(rows, limit, ({ createdAt, deliveryId }) => ({ createdAt, deliveryId }));
}

/**
 * Sends a delivery again under its id, with all its attempts before it, whatever became of it. Throws
 * `conflict` while it is being sent, and where the webhook is disabled.
 */
export async function redeliver(ctx: Context, webhookId: string, deliveryId: string): Promise<Delivery> {
  requireAll(ctx);
  const { doc: webhook } = await storedWebhook(ctx, webhookId);
  if (webhook.status === 'disabled')
    throw new CairnError('conflict', 'The webhook is disabled; set its status to ACTIVE first.');
  const asked = await swap(ctx, `Delivery '${deliveryId}'`, async () => {
    const stored = await readDelivery(ctx, webhookId, deliveryId);
    if (!stored)
      throw new CairnError('not-found', `Delivery with ID ${deliveryId.slice(0, 100)} not found.`, {
        field: 'delivery_id',
      });
    const now = ctx.clock.now();
    const { state } = stored.doc;
    if (state.status === 'pending' && state.sendingSince !== undefined && state.dueAt > now)
      throw new CairnError('conflict', 'The delivery is being sent just now; look at it again in a moment.');
    const next = renewed(stored.doc, now);
    return (await replaceDelivery(ctx, next, stored.etag)) === undefined ? lost : next;
  });
  await askToSend(ctx, asked);
  return asked;
}

/** Asks the work queue to send a delivery, when it is due. */
export async function askToSend(
  ctx: Context,
  { webhookId, deliveryId }: Pick<Delivery, 'webhookId' | 'deliveryId'>,
  delaySeconds?: number,
): Promise<void> {
  const message: DeliveryMessage = { kind: 'webhook-deliver', webhookId, deliveryId };
  await ctx.stores.queues.send(ctx, 'work', message, delaySeconds === undefined ? {} : { delaySeconds });
}

/** The webhooks that were there and active when something happened. */
async function activeWebhooks(ctx: Context, at: number): Promise<Webhook[]> {
  const rows = await ctx.stores
    .documents('webhooks')
    .query<Webhook>(
      { text: "SELECT * FROM c WHERE c.type = 'webhook' AND c.status = 'active'" },
      { key: [ctx.workspace], consistency: 'strong' },
    );
  return rows.filter(({ createdAt }) => createdAt <= at);
}

/** A UUID of version 8 (RFC 9562): made of the event and the webhook, the same each time. */
function deliveryIdOf(webhookId: string, { aggregate, seq }: CairnEvent): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([webhookId, aggregate, seq]))
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

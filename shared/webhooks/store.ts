import type { Key } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import type { Delivery, Webhook } from './model.ts';

/** A webhook and its deliveries are one partition. */
export function partition(ctx: Context, webhookId: string): Key {
  return [ctx.workspace, webhookId];
}

export function readWebhook(ctx: Context, webhookId: string): Promise<Stored<Webhook> | undefined> {
  return ctx.stores.documents('webhooks').read<Webhook>(partition(ctx, webhookId), 'webhook');
}

/**
 * Refuses who may not see every model and endpoint of the workspace: a webhook tells of all of them, and so do its
 * deliveries.
 * @throws {CairnError} `forbidden`
 */
export function requireAll({ access }: Pick<Context, 'access'>): void {
  const isWhole = (['model', 'endpoint'] as const).every((type) => {
    const visible = access.visible(type);
    return visible.all && visible.except.length === 0;
  });
  if (isWhole) return;
  throw new CairnError(
    'forbidden',
    'Webhooks tell of every model and endpoint of the workspace, so this needs a role on each of them.',
  );
}

/** Throws `not-found` where there is no such webhook. */
export async function storedWebhook(ctx: Context, webhookId: string): Promise<Stored<Webhook>> {
  const stored = await readWebhook(ctx, webhookId);
  if (stored) return stored;
  throw new CairnError('not-found', `Webhook with ID ${webhookId.slice(0, 100)} not found.`, {
    field: 'webhook_id',
  });
}

export function readDelivery(
  ctx: Context,
  webhookId: string,
  deliveryId: string,
): Promise<Stored<Delivery> | undefined> {
  return ctx.stores
    .documents('webhooks')
    .read<Delivery>(partition(ctx, webhookId), deliveryDocument(deliveryId));
}

/** Writes a delivery that nobody else has changed since it was read: its new etag, or `undefined`. */
export async function replaceDelivery(
  ctx: Context,
  doc: Delivery,
  etag: string,
): Promise<string | undefined> {
  const outcome = await ctx.stores
    .documents('webhooks')
    .write(partition(ctx, doc.webhookId), { op: 'replace', doc, etag });
  return outcome.outcome === 'applied' ? outcome.etags[0] : undefined;
}

export function deliveryDocument(deliveryId: string): string {
  return `delivery:${deliveryId}`;
}

import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import { type EventKind, kindOf } from './events.ts';
import { type Change, checked, checkFormat, type NewWebhook } from './fields.ts';
import type { Webhook } from './model.ts';
import { partition, requireAll, storedWebhook } from './store.ts';

/** Every event of the registry asks all of them; the number is looked at before one is added. */
const webhooksMax = 500;

/** Makes a webhook. Throws `invalid` for fields that are none, and where there are too many webhooks. */
export async function createWebhook(ctx: Context, input: NewWebhook): Promise<Webhook> {
  requireAll(ctx);
  const { sealed, ...fields } = await checked(ctx, input);
  checkFormat({ format: fields.format, secret: sealed });
  await checkNumber(ctx);
  const now = ctx.clock.now();
  const doc: Webhook = {
    description: '',
    status: 'active',
    name: input.name,
    url: input.url,
    events: input.events,
    ...fields,
    ...(sealed ? { secret: sealed } : {}),
    id: 'webhook',
    type: 'webhook',
    v: 1,
    workspace: ctx.workspace,
    webhookId: ctx.ids.uuid(),
    createdAt: now,
    updatedAt: now,
    seq: 1,
  };
  await commit(ctx, { op: 'create', doc }, { type: 'webhook.created', after: doc });
  return doc;
}

/** Throws `not-found` where there is none of this id. */
export async function getWebhook(ctx: Context, webhookId: string): Promise<Webhook> {
  return (await storedWebhook(ctx, webhookId)).doc;
}

/** The newest first. There is a token exactly where there is more. */
export async function listWebhooks(
  ctx: Context,
  { limit, pageToken }: { limit: number; pageToken?: string | undefined },
): Promise<Page<Webhook>> {
  const after = positionIn(pageToken, { createdAt: 0, webhookId: '' });
  const further = after
    ? ' AND (c.createdAt < @createdAt OR (c.createdAt = @createdAt AND c.webhookId > @webhookId))'
    : '';
  const rows = await ctx.stores.documents('webhooks').query<Webhook>(
    {
      text: `SELECT * FROM c WHERE c.type = 'webhook'${further} ORDER BY c.createdAt DESC, c.webhookId ASC`,
      values: { ...after },
    },
    { key: [ctx.workspace], limit: limit + 1 },
  );
  return pageOf(rows, limit, ({ createdAt, webhookId }) => ({ createdAt, webhookId }));
}

/**
 * Changes the fields that are given; a `secret` of `''` removes it. Of kinds in `keeps` the events that the webhook
 * listens to stay: who gives the others may know of no such.
 */
export async function updateWebhook(
  ctx: Context,
  webhookId: string,
  change: Change,
  { keeps = [] }: { readonly keeps?: readonly EventKind[] } = {},
): Promise<Webhook> {
  requireAll(ctx);
  await storedWebhook(ctx, webhookId);
  const { sealed, ...fields } = await checked(ctx, change);
  return swap(ctx, `Webhook '${webhookId}'`, async () => {
    const { doc: before, etag } = await storedWebhook(ctx, webhookId);
    const { secret, ...others } = before;
    const kept = sealed ?? secret;
    const doc: Webhook = {
      ...others,
      ...fields,
      ...(fields.events
        ? { events: [...fields.events, ...before.events.filter((each) => keeps.includes(kindOf(each)))] }
        : {}),
      ...(kept ? { secret: kept } : {}),
      updatedAt: ctx.clock.now(),
      seq: nextSeq(before),
    };
    checkFormat(doc);
    const told = { type: 'webhook.updated', before, after: doc } as const;
    return (await commit(ctx, { op: 'replace', doc, etag }, told)) ? doc : lost;
  });
}

/** Ends a webhook: nothing is sent to it any more, and its deliveries expire. */
export async function deleteWebhook(ctx: Context, webhookId: string): Promise<void> {
  await swap(ctx, `Webhook '${webhookId}'`, async () => {
    const { doc, etag } = await storedWebhook(ctx, webhookId);
    const told = { type: 'webhook.deleted', before: doc } as const;
    return (await commit(ctx, { op: 'delete', id: doc.id, etag }, told)) ? undefined : lost;
  });
}

type Told =
  | { readonly type: 'webhook.created'; readonly after: Webhook }
  | { readonly type: 'webhook.updated'; readonly before: Webhook; readonly after: Webhook }
  | { readonly type: 'webhook.deleted'; readonly before: Webhook };

/** Writes a change of a webhook and the event that tells of it; false where somebody else was faster. */
async function commit(ctx: Context, write: Write, told: Told): Promise<boolean> {
  const webhook = 'after' in told ? told.after : told.before;
  const { webhookId } = webhook;
  const event = eventWrite(
    ctx,
    {
      ...told,
      aggregate: `webhook/${webhookId}`,
      seq: 'after' in told ? (webhook.seq ?? 1) : nextSeq(webhook),
      subject: { webhookId },
    },
    { workspace: ctx.workspace, webhookId },
  );
  const key = partition(ctx, webhookId);
  const { outcome } = await ctx.stores.documents('webhooks').batch(key, [write, event]);
  if (outcome !== 'applied') return false;
  relay(ctx, 'webhooks', key, event);
  return true;
}

function nextSeq({ seq = 0 }: Webhook): number {
  return seq + 1;
}

async function checkNumber(ctx: Context): Promise<void> {
  const ids = await ctx.stores
    .documents('webhooks')
    .query<string>(
      { text: "SELECT VALUE c.webhookId FROM c WHERE c.type = 'webhook'" },
      { key: [ctx.workspace], limit: webhooksMax },
    );
  if (ids.length < webhooksMax) return;
  throw new CairnError(
    'invalid',
    `There are ${webhooksMax} webhooks in this workspace already; delete one, or let one listen to more events.`,
  );
}

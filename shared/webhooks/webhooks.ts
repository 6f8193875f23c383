import type { Context } from '../context.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { WebhookEvent } from './events.ts';
import { examples } from './examples.ts';
import type { Webhook } from './model.ts';
import { bodyOf } from './payload.ts';
import { type Answer, post, type Resolve, systemResolve } from './post.ts';
import { deliveryHeaders } from './signature.ts';
import { partition, storedWebhook } from './store.ts';
import { checkTarget } from './target.ts';

/** How long a receiver has, in all, to be found, reached, and to answer. */
export const sendMillisecondsMax = 10_000;

const descriptionCharsMax = 1000;
const secretCharsMax = 1000;
/** Every event of the registry asks all of them; the number is looked at before one is added. */
const webhooksMax = 500;

/** What a webhook is made of; `secret` is checked here and not before, since what is refused there is quoted. */
type Fields = {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
  readonly status: Webhook['status'];
  readonly secret: unknown;
};

export type NewWebhook = Pick<Fields, 'name' | 'url' | 'events'> & {
  readonly [F in 'description' | 'status' | 'secret']?: Fields[F] | undefined;
};

export async function createWebhook(ctx: Context, input: NewWebhook): Promise<Webhook> {
  const checked = await checkedFields(ctx, input);
  await checkNumber(ctx);
  const now = ctx.clock.now();
  const { sealed, ...fields } = checked;
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
  };
  await ctx.stores.documents('webhooks').write(partition(ctx, doc.webhookId), { op: 'create', doc });
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

/** Changes the fields that are given; a `secret` of `''` removes it. */
export async function updateWebhook(
  ctx: Context,
  webhookId: string,
  change: { readonly [F in keyof Fields]?: Fields[F] | undefined },
): Promise<Webhook> {
  await storedWebhook(ctx, webhookId);
  const { sealed, ...fields } = await checkedFields(ctx, change);
  return swap(ctx, `Webhook '${webhookId}'`, async () => {
    const { doc: before, etag } = await storedWebhook(ctx, webhookId);
    const { secret, ...others } = before;
    const kept = sealed ?? secret;
    const doc: Webhook = {
      ...others,
      ...fields,
      ...(kept ? { secret: kept } : {}),
      updatedAt: ctx.clock.now(),
    };
    const { outcome } = await ctx.stores
      .documents('webhooks')
      .write(partition(ctx, webhookId), { op: 'replace', doc, etag });
    return outcome === 'applied' ? doc : lost;
  });
}

/** Ends a webhook: nothing is sent to it any more, and its deliveries expire. */
export async function deleteWebhook(ctx: Context, webhookId: string): Promise<void> {
  await swap(ctx, `Webhook '${webhookId}'`, async () => {
    const { doc, etag } = await storedWebhook(ctx, webhookId);
    const { outcome } = await ctx.stores
      .documents('webhooks')
      .write(partition(ctx, webhookId), { op: 'delete', id: doc.id, etag });
    return outcome === 'applied' ? undefined : lost;
  });
}

/** Sends an example of an event, by default of the first one that the webhook listens to, once and at once. */
export async function testWebhook(
  ctx: Context,
  webhookId: string,
  asked?: WebhookEvent,
  resolve?: Resolve,
): Promise<Answer> {
  const webhook = await getWebhook(ctx, webhookId);
  const event = asked ?? webhook.events[0] ?? 'registered_model.created';
  const body = bodyOf(ctx, { event, data: examples[event] }, ctx.clock.now());
  return sendTo(ctx, webhook, ctx.ids.uuid(), JSON.stringify(body), resolve);
}

/** Sends one text to a webhook, signed. */
export async function sendTo(
  ctx: Context,
  webhook: Webhook,
  deliveryId: string,
  text: string,
  resolve: Resolve = systemResolve,
): Promise<Answer> {
  let secret: string | undefined;
  try {
    secret = webhook.secret && (await ctx.stores.keys?.unseal(webhook.secret));
  } catch {
    // What the reason would say is of the keys.
  }
  if (webhook.secret && secret === undefined)
    return { outcome: 'unreachable', reason: 'the secret of the webhook cannot be read; set it again' };
  return post({
    url: webhook.url,
    text,
    headers: deliveryHeaders({ deliveryId, at: ctx.clock.now(), text, secret }),
    targets: ctx.settings.webhookTargets,
    resolve,
    millisecondsMax: sendMillisecondsMax,
  });
}

/** The given fields, fit to be stored; `sealed` is `''` where the secret is to go. */
async function checkedFields(
  ctx: Context,
  { name, url, events, description, status, secret }: { [F in keyof Fields]?: Fields[F] | undefined },
): Promise<Partial<Omit<Fields, 'secret'>> & { sealed?: string }> {
  if (name !== undefined && !/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/i.test(name))
    throw new CairnError(
      'invalid',
      `Webhook name '${name}' is invalid. It must start and end with a letter or digit, have at most 63 characters, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
      { field: 'name' },
    );
  if (url !== undefined) await checkTarget(url, ctx.settings.webhookTargets);
  if (events?.length === 0)
    throw new CairnError('invalid', 'Webhook events must be a non-empty list.', { field: 'events' });
  if ((description ?? '').length > descriptionCharsMax)
    throw new CairnError('invalid', `Webhook description is over ${descriptionCharsMax} characters.`, {
      field: 'description',
    });
  const sealed = await sealedSecret(ctx, secret);
  return {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events: [...new Set(events)] }),
    ...(description === undefined ? {} : { description }),
    ...(status === undefined ? {} : { status }),
    ...(sealed === undefined ? {} : { sealed }),
  };
}

async function sealedSecret(ctx: Context, secret: unknown): Promise<string | undefined> {
  if (secret === undefined || secret === '') return secret;
  if (typeof secret !== 'string' || secret.length > secretCharsMax)
    throw new CairnError('invalid', `Webhook secret must be text of at most ${secretCharsMax} characters.`, {
      field: 'secret',
    });
  if (ctx.stores.keys === undefined)
    throw new CairnError(
      'invalid',
      'This deployment has no key to keep a secret by: set CAIRN_KEY_VAULT_URL (on a laptop CAIRN_KEYS_FOLDER), or leave the secret out.',
      { field: 'secret' },
    );
  return ctx.stores.keys.seal(secret);
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

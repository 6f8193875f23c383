import type { Context } from '../context.ts';
import type { Resolve } from '../outbound/index.ts';
import { unsealedSecret } from '../secrets/index.ts';
import type { WebhookEvent } from './events.ts';
import { examples } from './examples.ts';
import type { Webhook } from './model.ts';
import { bodyOf } from './payload.ts';
import { type Answer, post } from './post.ts';
import { deliveryHeaders } from './signature.ts';
import { getWebhook } from './webhooks.ts';

/** How receivers are found, and how long one has, in all, to be found, reached, and to answer. */
export type Transport = { readonly resolve?: Resolve; readonly millisecondsMax: number };

const internet: Transport = { millisecondsMax: 10_000 };

/** Sends one text to a webhook, signed. */
export async function sendTo(
  ctx: Context,
  webhook: Webhook,
  deliveryId: string,
  text: string,
  transport: Transport = internet,
): Promise<Answer> {
  const secret = webhook.secret && (await unsealedSecret(ctx, webhook.secret));
  if (webhook.secret && secret === undefined)
    return { outcome: 'unreachable', reason: 'the secret of the webhook cannot be read; set it again' };
  return post({
    url: webhook.url,
    text,
    headers: deliveryHeaders({ deliveryId, at: ctx.clock.now(), text, secret }),
    targets: ctx.settings.webhookTargets,
    ...transport,
  });
}

/** Sends an example of an event, by default of the first one that the webhook listens to, once and at once. */
export async function testWebhook(
  ctx: Context,
  webhookId: string,
  asked?: WebhookEvent,
  transport?: Transport,
): Promise<Answer> {
  const webhook = await getWebhook(ctx, webhookId);
  const event = asked ?? webhook.events[0] ?? 'registered_model.created';
  const body = bodyOf(ctx, { event, data: examples[event] }, ctx.clock.now());
  return sendTo(ctx, webhook, ctx.ids.uuid(), JSON.stringify(body), transport);
}

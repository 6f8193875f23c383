import type { Context } from '../context.ts';
import type { Resolve } from '../outbound/index.ts';
import { unsealedSecret } from '../secrets/index.ts';
import type { WebhookEvent } from './events.ts';
import { examples } from './examples.ts';
import { formatted, type Sent } from './formats/index.ts';
import type { Webhook } from './model.ts';
import { bodyOf } from './payload.ts';
import { type Answer, post } from './post.ts';
import { getWebhook } from './webhooks.ts';

/** How receivers are found, and how long one has, in all, to be found, reached, and to answer. */
export type Transport = { readonly resolve?: Resolve; readonly millisecondsMax: number };

const internet: Transport = { millisecondsMax: 10_000 };

/** Sends one delivery to a webhook, in its format. */
export async function sendTo(
  ctx: Context,
  webhook: Webhook,
  delivery: Pick<Sent, 'deliveryId' | 'event' | 'body'>,
  transport: Transport = internet,
): Promise<Answer> {
  const secret = webhook.secret && (await unsealedSecret(ctx, webhook.secret));
  if (webhook.secret && secret === undefined)
    return { outcome: 'unreachable', reason: 'the secret of the webhook cannot be read; set it again' };
  const { format = 'cairn', url } = webhook;
  if (format === 'event-grid' && !isKey(secret))
    return {
      outcome: 'forbidden',
      reason: 'the secret of the webhook is no access key of a topic; set it again',
    };
  const { publicUrl } = ctx.settings;
  const sent = { ...delivery, at: ctx.clock.now(), secret, publicUrl };
  const answer = await post({
    ...formatted(format, url, sent),
    targets: ctx.settings.webhookTargets,
    ...transport,
  });
  // Nobody else is sent the secret itself, which some repeat where they refuse it.
  return answer.outcome === 'answered' && format === 'event-grid' && secret
    ? { ...answer, body: answer.body.replaceAll(secret, '***') }
    : answer;
}

/** It may have been set while the webhook had another format. */
function isKey(secret: string | undefined): boolean {
  return secret !== undefined && /^[\x21-\x7e]+$/.test(secret);
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
  return sendTo(ctx, webhook, { deliveryId: ctx.ids.uuid(), event, body }, transport);
}

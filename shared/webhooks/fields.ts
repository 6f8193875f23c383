import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { checkTarget } from '../outbound/index.ts';
import { sealedSecret } from '../secrets/index.ts';
import type { WebhookEvent } from './events.ts';
import type { Webhook, WebhookFormat } from './model.ts';

const descriptionCharsMax = 1000;

/** What a webhook is made of; `secret` is checked here and not before, since what is refused there is quoted. */
type Fields = {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
  readonly status: Webhook['status'];
  readonly format: WebhookFormat;
  readonly secret: unknown;
};

/** Fields to be changed; the others stay. */
export type Change = { readonly [F in keyof Fields]?: Fields[F] | undefined };

export type NewWebhook = Pick<Fields, 'name' | 'url' | 'events'> & {
  readonly [F in 'description' | 'status' | 'format' | 'secret']?: Fields[F] | undefined;
};

/** The given fields, fit to be stored; `sealed` is `''` where the secret is to go. Throws `invalid` with the reason. */
export async function checked(
  ctx: Context,
  { name, url, events, description, status, format, secret }: Change,
): Promise<Partial<Omit<Fields, 'secret'>> & { sealed?: string }> {
  if (name !== undefined && !/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/i.test(name))
    throw new CairnError(
      'invalid',
      `Webhook name '${name}' is invalid. It must start and end with a letter or digit, have at most 63 characters, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
      { field: 'name' },
    );
  if (url !== undefined) await checkTarget(url, ctx.settings.webhookTargets, 'Webhook URL', 'url');
  if (events?.length === 0)
    throw new CairnError('invalid', 'Webhook events must be a non-empty list.', { field: 'events' });
  if ((description ?? '').length > descriptionCharsMax)
    throw new CairnError('invalid', `Webhook description is over ${descriptionCharsMax} characters.`, {
      field: 'description',
    });
  // It goes into a header; what is refused is not quoted.
  if (format === 'event-grid' && typeof secret === 'string' && !/^[\x21-\x7e]*$/.test(secret)) throw noKey();
  const sealed = await sealedSecret(ctx, secret, { name: 'Webhook secret', field: 'secret' });
  return {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events: [...new Set(events)] }),
    ...(description === undefined ? {} : { description }),
    ...(status === undefined ? {} : { status }),
    ...(format === undefined ? {} : { format }),
    ...(sealed === undefined ? {} : { sealed }),
  };
}

/** Throws `invalid` where a webhook has no secret, and its format needs one. */
export function checkFormat({ format, secret }: Pick<Webhook, 'format' | 'secret'>): void {
  if (format === 'event-grid' && !secret) throw noKey();
}

function noKey(): CairnError {
  return new CairnError(
    'invalid',
    "With format 'event-grid' the secret must be an access key of the topic, which has no spaces.",
    { field: 'secret' },
  );
}

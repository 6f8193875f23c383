import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { kindOf } from './events.ts';
import { readWebhook } from './store.ts';

/** Throws `invalid` unless each of the ids is of a webhook that listens to incidents; `field` names the list. */
export async function checkChannels(ctx: Context, ids: readonly string[], field: string): Promise<void> {
  for (const [i, id] of ids.entries()) {
    const webhook = await readWebhook(ctx, id);
    const at = { field: `${field}[${i}]` };
    if (!webhook)
      throw new CairnError(
        'invalid',
        `There is no webhook '${id.slice(0, 100)}'; channels are ids of webhooks of this workspace.`,
        at,
      );
    if (!webhook.doc.events.some((event) => kindOf(event) === 'monitoring'))
      throw new CairnError(
        'invalid',
        `Webhook '${id}' listens to no incidents; give it 'monitoring_events' first.`,
        at,
      );
  }
}

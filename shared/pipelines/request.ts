import { getIncident } from '../alerts/index.ts';
import type { Context } from '../context.ts';
import { getEndpoint, requireMain } from '../endpoints/index.ts';
import type { CairnEvent } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { getMonitor } from '../monitoring/index.ts';
import { askForRetraining } from './ask.ts';

/**
 * Asks for the retraining that an incident calls for: when it opens, when an alert joins it, and each time that it
 * would be told again because it is still open. A subscriber of `incident.opened` and `incident.updated`; served again
 * it finds the job.
 */
export async function requestRetraining(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { monitorId = '', incident: number = '' } = subject;
  const monitor = (await unlessCode(getMonitor(ctx, monitorId), 'not-found'))?.doc;
  const endpoint = monitor && (await unlessCode(getEndpoint(ctx, monitor.endpoint), 'not-found'));
  // Both are gone once the endpoint is deleted.
  if (!monitor?.retraining || !endpoint) return;
  const { on } = monitor.retraining;
  const incident = `${monitorId}-${number}`;
  const seen = await unlessCode(getIncident(ctx, incident), 'not-found');
  const stable = requireMain(endpoint).stable?.version;
  const calling = (seen?.alerts ?? [])
    .map(({ alert }) => alert)
    // A version that no longer answers cannot be helped by another one.
    .filter(({ state, version }) => state === 'firing' && version !== null && version === stable)
    .filter(({ signal }) => on.some((each) => each === signal));
  if (calling.length === 0) return;
  await askForRetraining(ctx, {
    monitorId,
    windowEnd: Math.max(...calling.map(({ windowEnd }) => windowEnd)),
    reasons: [...new Set(calling.map(({ signal }) => signal))],
    incident,
  });
}

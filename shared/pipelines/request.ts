import type { Context } from '../context.ts';
import { getEndpoint, requireMain } from '../endpoints/index.ts';
import type { CairnEvent } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { getMonitor, getResult } from '../monitoring/index.ts';
import { askForRetraining } from './ask.ts';

/**
 * Asks for the retraining of a window that breached a signal which its monitor retrains on: a subscriber of
 * `monitor.checked`. Served again it finds the job.
 */
export async function requestRetraining(ctx: Context, event: CairnEvent): Promise<void> {
  const { monitorId = '', breached = '' } = event.subject;
  if (breached === '') return;
  const monitor = (await unlessCode(getMonitor(ctx, monitorId), 'not-found'))?.doc;
  const endpoint = monitor && (await unlessCode(getEndpoint(ctx, monitor.endpoint), 'not-found'));
  // Both are gone once the endpoint is deleted.
  if (!monitor?.retraining || !endpoint) return;
  const windowEnd = Number(event.subject['windowEnd']);
  const result = await getResult(ctx, monitorId, windowEnd);
  const reasons = monitor.retraining.on.filter((signal) =>
    result.signals.some((each) => each.signal === signal && each.verdict === 'breached'),
  );
  // A version that no longer answers cannot be helped by another one.
  if (reasons.length === 0 || result.model?.version !== requireMain(endpoint).stable?.version) return;
  await askForRetraining(ctx, { monitorId, windowEnd, reasons });
}

import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { queryOf } from '../search/index.ts';
import { textWithoutSecrets } from '../secrets/index.ts';
import { lost, swapInTurn } from '../swap.ts';
import { externalTtl, externalWords } from './external.ts';
import { changedAtOnce, externalAlerts, writeExternal } from './external-write.ts';
import { type Alert, type AlertsHead, alertmanagerPartition, type Incident } from './model.ts';
import { storedIncident } from './read.ts';
import { shortened } from './timeline.ts';

/**
 * Ends an incident of an Alertmanager, and the alerts of it that fire still, where that never says that they are over.
 * What is repeated of them changes nothing; what fires anew opens another. One that is resolved stays as it is. Throws
 * `not-found`, and `conflict` for one of a monitor, whose alerts end by what its windows say.
 */
export async function resolveIncident(ctx: Context, ref: string, comment = ''): Promise<Incident> {
  const said = textWithoutSecrets(ctx, 'comment', comment);
  for (;;) {
    const incident = await swapInTurn(ctx, externalAlerts, () => attempt(ctx, ref, said));
    if (incident.state === 'resolved') return incident;
  }
}

/** Ends as many alerts as one transaction does, and with the last of them the incident. */
async function attempt(ctx: Context, ref: string, said: string): Promise<Incident | typeof lost> {
  const key = [ctx.workspace, alertmanagerPartition];
  const documents = ctx.stores.documents('monitors');
  // Read first: whatever is written between this and the batch makes that fail.
  const head = await documents.read<AlertsHead>(key, 'alerts-head');
  const stored = await storedIncident(ctx, ref);
  const before = stored.doc;
  if (before.state === 'resolved') return before;
  if (before.monitorId !== alertmanagerPartition) throw ofMonitor(ref, before);
  const all = await documents.query<{ readonly doc: Alert; readonly etag: string }>(
    queryOf('c AS doc, c._etag AS etag', [
      () => "c.type = 'alert' AND c.state = 'firing'",
      (bind) => `ARRAY_CONTAINS(${bind(before.alerts)}, c.fingerprint)`,
    ]),
    { key, consistency: 'strong' },
  );
  const now = ctx.clock.now();
  const ended = all
    .slice(0, changedAtOnce)
    .map(({ doc }): Alert => ({ ...doc, state: 'resolved', since: now, windowEnd: now, ttl: externalTtl }));
  const entries = ended.map((alert) => ({
    ...{ at: now, kind: 'alert-resolved' as const },
    ...{ text: externalWords(alert), ref: alert.fingerprint },
  }));
  const isOver = all.length <= changedAtOnce;
  const closed = {
    ...{ at: now, kind: 'resolved' as const, by: ctx.principal.id },
    text: said === '' ? 'Closed by hand.' : `Closed by hand: ${said}`,
  };
  const after: Incident = {
    ...before,
    ...(isOver ? { state: 'resolved', resolvedAt: now, ttl: externalTtl, seq: before.seq + 1 } : {}),
    timeline: shortened([...before.timeline, ...entries, ...(isOver ? [closed] : [])]),
  };
  const isWritten = await writeExternal(ctx, {
    head,
    alerts: ended,
    etags: new Map(all.map(({ doc, etag }) => [doc.fingerprint, etag])),
    incident: {
      ...{ before: stored, after },
      told: isOver ? [{ type: 'incident.resolved', isTold: before.toldAt !== null, about: ended }] : [],
    },
  });
  return isWritten ? after : lost;
}

function ofMonitor(ref: string, { monitorId }: Incident): CairnError {
  return new CairnError(
    'conflict',
    `Incident '${ref}' is of monitor '${monitorId}', whose alerts end by themselves when windows are clear of their bounds ` +
      "('alerting.clear' of the monitor, in a row). To have nobody told until then silence it (POST /api/v1/silences), " +
      `or say that you look after it (POST /api/v1/incidents/${encodeURIComponent(ref)}/acknowledge).`,
    { field: 'id' },
  );
}

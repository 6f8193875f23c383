import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { type EventType, eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { textWithoutSecrets } from '../secrets/index.ts';
import { lost, swapInTurn } from '../swap.ts';
import { type AlertsHead, type Incident, type TimelineEntry } from './model.ts';
import { storedIncident } from './read.ts';

/** A document holds 2 MB, and what happens to an incident must find room as well. */
const timelineBytesMax = 1_000_000;

type Attending = { readonly incident: Incident; readonly entry: TimelineEntry };

/**
 * Says that somebody looks after an incident. Who was first stays it; what another says besides is in the timeline,
 * and the same again changes nothing. Throws `not-found`, and `conflict` for one that is resolved.
 */
export function acknowledge(ctx: Context, ref: string, comment = ''): Promise<Incident> {
  const said = textWithoutSecrets(ctx, 'comment', comment);
  const by = ctx.principal.id;
  return attend(ctx, ref, 'incident.acknowledged', (incident) => {
    const isSaid = ({ kind, by: who, text }: TimelineEntry) =>
      kind === 'acknowledged' && who === by && (text === said || said === '');
    if (incident.timeline.some(isSaid)) return undefined;
    const { acknowledged } = incident;
    if (acknowledged?.by === by && (acknowledged.comment === said || said === '')) return undefined;
    if (incident.state === 'resolved')
      throw new CairnError('conflict', `Incident '${ref}' is resolved: there is nothing left to look after.`);
    const at = ctx.clock.now();
    return {
      incident: { ...incident, acknowledged: acknowledged ?? { at, by, comment: said } },
      entry: { at, kind: 'acknowledged', text: said, by },
    };
  });
}

/** Adds a note to the timeline of an incident, open or resolved. Throws `not-found`, and `conflict` where it is full. */
export function addNote(ctx: Context, ref: string, note: string): Promise<Incident> {
  const text = textWithoutSecrets(ctx, 'text', note);
  return attend(ctx, ref, 'incident.noted', (incident) => ({
    incident,
    entry: { at: ctx.clock.now(), kind: 'note', text, by: ctx.principal.id },
  }));
}

/** Changes an incident with the event that tells of it; `change` may find that there is nothing to change. */
function attend(
  ctx: Context,
  ref: string,
  type: Extract<EventType, `incident.${string}`>,
  change: (incident: Incident) => Attending | undefined,
): Promise<Incident> {
  // Many who write at once wait for each other here, and for the monitor's checks only by trying again.
  return swapInTurn(ctx, `Incident '${ref}'`, async () => {
    const { doc: before, etag } = await storedIncident(ctx, ref);
    const { monitorId, endpoint, number } = before;
    const changed = change(before);
    if (!changed) return before;
    const timeline = [...before.timeline, changed.entry];
    if (Buffer.byteLength(JSON.stringify(timeline)) > timelineBytesMax)
      throw new CairnError(
        'conflict',
        `The timeline of incident '${ref}' is full: no note fits in any more.`,
      );
    const incident: Incident = { ...changed.incident, timeline, seq: before.seq + 1 };
    const key = [ctx.workspace, monitorId];
    const documents = ctx.stores.documents('monitors');
    const head = await documents.read<AlertsHead>(key, 'alerts-head');
    const event = eventWrite(
      ctx,
      {
        type,
        aggregate: `incident/${monitorId}/${number}`,
        seq: incident.seq,
        subject: { monitorId, endpoint, incident: String(number) },
      },
      { workspace: ctx.workspace, monitorId },
    );
    const headWrite: Write[] = head
      ? [{ op: 'replace', doc: { ...head.doc, changes: head.doc.changes + 1 }, etag: head.etag }]
      : [];
    const { outcome } = await documents.batch(key, [
      ...headWrite,
      { op: 'replace', doc: incident, etag },
      event,
    ]);
    if (outcome !== 'applied') return lost;
    relay(ctx, 'monitors', key, event);
    return incident;
  });
}

/** The ids of the retrainings that an incident asked for, as its timeline has them. */
export function retrainingsOf({ timeline }: Incident): string[] {
  return [...new Set(timeline.flatMap(({ kind, ref }) => (kind === 'retraining' && ref ? [ref] : [])))];
}

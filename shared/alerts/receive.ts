import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { getEndpoint } from '../endpoints/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { queryOf } from '../search/index.ts';
import { lost, swapInTurn } from '../swap.ts';
import { inTurns } from '../turns.ts';
import { externalAlert, externalFingerprint, type ExternalGroup } from './external.ts';
import { externalIncident } from './external-incident.ts';
import { changedAtOnce, externalAlerts, writeExternal } from './external-write.ts';
import {
  type Alert,
  type AlertsHead,
  alertmanagerPartition as monitorId,
  type Incident,
  incidentRef,
} from './model.ts';
import { activeSilences, isSilenced } from './silences.ts';

const readsAtOnce = 8;
const firingMax = 1500;

/** The incident of a group after a message; `null` where nothing of it has fired. */
export type Received = { readonly incident: string | null; readonly state: Incident['state'] | null };

/**
 * Takes in what an Alertmanager tells of a group of alerts: those that fire are alerts of signal `external`, of one
 * incident, until they are resolved. The same again changes nothing, and so does what says by the label `origin` that it
 * comes from here. Throws `invalid` where more of a group fire at once
 * than an incident holds.
 */
export async function receiveAlerts(ctx: Context, said: ExternalGroup): Promise<Received> {
  // What was made of incidents here would keep itself alive as another.
  const news = { ...said, alerts: said.alerts.filter(({ labels }) => labels['origin'] !== 'cairn') };
  const endpoints = await endpointsOf(ctx, news);
  for (;;) {
    const step = await swapInTurn(ctx, externalAlerts, () => attempt(ctx, news, endpoints));
    const { isMore, ...received } = step;
    if (!isMore) return received;
  }
}

async function attempt(
  ctx: Context,
  { groupKey, alerts }: ExternalGroup,
  endpoints: ReadonlySet<string>,
): Promise<(Received & { readonly isMore: boolean }) | typeof lost> {
  const { workspace } = ctx;
  const key = [workspace, monitorId];
  const documents = ctx.stores.documents('monitors');
  // Read first: whatever is written between this and the batch below makes that fail.
  const head = await documents.read<AlertsHead>(key, 'alerts-head');
  const group = createHash('sha256').update(groupKey).digest('hex').slice(0, 32);
  const [stored] = await documents.query<{ readonly doc: Incident; readonly etag: string }>(
    queryOf('c AS doc, c._etag AS etag', [
      () => "c.type = 'incident' AND c.state = 'open'",
      (bind) => `c["group"] = ${bind(group)}`,
    ]),
    { key, consistency: 'strong' },
  );
  const open = stored?.doc;
  const asked = alerts.map(({ labels }) => externalFingerprint(workspace, groupKey, labels));
  const fingerprints = [...new Set([...asked, ...(open?.alerts ?? [])])];
  const known = await documents.query<{ readonly doc: Alert; readonly etag: string }>(
    queryOf('c AS doc, c._etag AS etag', [
      () => "c.type = 'alert'",
      (bind) => `ARRAY_CONTAINS(${bind(fingerprints)}, c.fingerprint)`,
    ]),
    { key, consistency: 'strong' },
  );
  const before = new Map(known.map((each) => [each.doc.fingerprint, each]));
  const now = ctx.clock.now();
  const after = new Map<string, Alert>();
  for (const each of alerts) {
    const { endpoint = '' } = each.labels;
    const of = endpoints.has(endpoint) ? endpoint : '';
    const changed = externalAlert(
      workspace,
      groupKey,
      each,
      of,
      now,
      (id) => after.get(id) ?? before.get(id)?.doc,
    );
    if (changed) after.set(changed.fingerprint, changed);
  }
  // What fires first, so that in many steps no incident ends that goes on.
  const different = [...after.values()].toSorted(
    (a, b) => Number(b.state === 'firing') - Number(a.state === 'firing'),
  );
  const changed = different.slice(0, changedAtOnce);
  const wasFiring = ({ fingerprint }: Alert) => before.get(fingerprint)?.doc.state === 'firing';
  const fired = changed.filter((alert) => alert.state === 'firing' && !wasFiring(alert));
  const resolved = changed.filter((alert) => alert.state !== 'firing' && wasFiring(alert));
  const present = new Map(known.map(({ doc }) => [doc.fingerprint, doc]));
  for (const alert of changed) present.set(alert.fingerprint, alert);
  const firing = [...present.values()].filter(({ state }) => state === 'firing');
  if (firing.length > firingMax)
    throw new CairnError(
      'invalid',
      `More than ${firingMax} alerts of this group fire at once; group them by more labels (group_by).`,
      { field: 'alerts' },
    );
  const silences = firing.length > 0 ? await activeSilences(ctx) : [];
  const isSilent = (alert: Alert) => isSilenced(silences, alert) !== undefined;
  const number = open?.number ?? (head?.doc.incidents ?? 0) + 1;
  const step = externalIncident(open, { fired, resolved, firing }, isSilent, {
    workspace,
    group,
    number,
    now,
  });
  const incident = step?.incident ?? open;
  const received = incident
    ? { incident: incidentRef(incident), state: incident.state }
    : { incident: null, state: null };
  if (changed.length === 0 && !step) return { ...received, isMore: false };

  const isWritten = await writeExternal(ctx, {
    head,
    alerts: changed.map((alert) => (alert.state === 'firing' ? { ...alert, incident: number } : alert)),
    etags: new Map(known.map(({ doc, etag }) => [doc.fingerprint, etag])),
    ...(step ? { incident: { before: stored, after: step.incident, told: step.told } } : {}),
  });
  if (!isWritten) return lost;
  return { ...received, isMore: different.length > changed.length };
}

/** The endpoints that the labels name, of those that are there and that the caller may say something of. */
async function endpointsOf(ctx: Context, { alerts }: ExternalGroup): Promise<ReadonlySet<string>> {
  const named = new Set(alerts.flatMap(({ labels }) => labels['endpoint'] ?? []));
  const found = await inTurns([...named], readsAtOnce, async (name) =>
    ctx.access.may('operator', { type: 'endpoint', id: name })
      ? (await unlessCode(getEndpoint(ctx, name), 'not-found'))?.name
      : undefined,
  );
  return new Set(found.filter((name) => name !== undefined));
}

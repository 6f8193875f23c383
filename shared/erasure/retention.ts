import { fullAccess } from '../access/index.ts';
import { scoredFiles } from '../batch/index.ts';
import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { type CairnEvent, eventWrite, relay, scheduleOnce, unschedule } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { monitorsOf } from '../monitoring/index.ts';
import { highRiskDaysMin } from '../privacy/index.ts';
import { getLogged, isEndpointHighRisk, type Logged } from '../endpoints/index.ts';
import { type Hour, loggedHours, startOf } from '../predictions/index.ts';
import { removeSummaries } from '../summaries/index.ts';
import {
  type Expired,
  expireFiles,
  expireHour,
  expireReferences,
  expireResults,
  type Removal,
} from './expire.ts';
import { heldRows, holdOfAll, listHolds } from './holds.ts';

const dayMilliseconds = 86_400_000;
const hourMilliseconds = 3_600_000;
const agendaName = 'retention';

export type ExpireMessage = { readonly kind: 'expire'; readonly endpoint: string };

/** How far the sweep of an endpoint is; its event says at the end what went. */
type Retention = Document & {
  readonly type: 'retention';
  readonly endpoint: string;
  /** What is being removed at this moment: it has been counted. */
  readonly unit: string;
  readonly counts: Expired;
  readonly seq: number;
};

const nothing: Expired = { parts: 0, labels: 0, results: 0, references: 0, files: 0 };

/**
 * Puts the sweep on the agenda once anything has a retention: a subscriber of `endpoint.created`, `endpoint.changed` and
 * `endpoint.deleted`.
 */
export async function keepRetention(ctx: Context, { subject }: CairnEvent): Promise<void> {
  if (subject['retentionDays'] === undefined) return;
  await scheduleOnce(ctx, agendaName, {
    dueAt: ctx.clock.now() + hourMilliseconds,
    everySeconds: dayMilliseconds / 1000,
    workspace: '*',
    message: { kind: 'sweep-retention' },
  });
}

/** Asks, for every endpoint that has a data policy, deleted ones among them, for the removal of what is older than it says. */
export async function sweepRetention(ctx: Context): Promise<void> {
  let found = 0;
  for await (const { workspace, name } of ctx.stores
    .documents('endpoints')
    .stream<Pick<Logged, 'workspace' | 'name'>>(
      {
        text: "SELECT c.workspace, c.name FROM c WHERE c.type IN ('endpoint', 'gone-endpoint') AND IS_DEFINED(c.dataPolicy)",
      },
      { consistency: 'strong' },
    )) {
    found++;
    const message: ExpireMessage = { kind: 'expire', endpoint: name };
    await ctx.stores.queues.send({ ...ctx, workspace }, 'work', message);
  }
  if (found === 0) await unschedule(ctx, agendaName);
}

/** How long a message works before it hands on. */
export type RetentionOptions = { readonly workSecondsMax: number };
const retentionDefaults: RetentionOptions = { workSecondsMax: 60 };

/**
 * Removes what an endpoint has kept for longer than its data policy says: hour by hour of its log, then the results
 * and references of its monitors, then its scored files, and what was counted of its calls. Each of these is counted before it is removed, so that the
 * one event at the end is right also where the work broke off between. A hold over the endpoint keeps all of it; one
 * over a person keeps their rows, and files that have the column.
 */
export async function expire(
  ctx: Context,
  { endpoint: name }: Pick<ExpireMessage, 'endpoint'>,
  { workSecondsMax }: RetentionOptions = retentionDefaults,
): Promise<void> {
  const here: Context = { ...ctx, access: fullAccess };
  const endpoint = await unlessCode(getLogged(here, name), 'not-found');
  if (!endpoint?.dataPolicy) return;
  const holds = await listHolds(here);
  if (holdOfAll(holds, name)) return;
  const before = here.clock.now() - (await retentionDays(here, endpoint)) * dayMilliseconds;
  const held = await heldRows(here, holds, name);
  const until = here.clock.now() + workSecondsMax * 1000;
  let state = await begin(here, name);
  for await (const unit of units(here, name, before)) {
    const counts = await unit.remove({ before, held, isDryRun: true });
    if (Object.values(counts).every((count) => count === 0)) continue;
    const next = await record(here, state, unit.name, counts);
    // Another message is at it.
    if (!next) return;
    state = next;
    // A hold that was placed meanwhile is seen by the message that goes on.
    if ((await listHolds(here)).length !== holds.length) return again(here, name);
    await unit.remove({ before, held, isDryRun: false });
    if (here.clock.now() >= until) return again(here, name);
  }
  // They tell of nobody, and are not counted.
  await removeSummaries(here, name, before);
  await announce(here, state, before);
}

function again(ctx: Context, endpoint: string): Promise<void> {
  return ctx.stores.queues.send(ctx, 'work', { kind: 'expire', endpoint } satisfies ExpireMessage);
}

/** Days that an endpoint's data is kept: never fewer than the law asks of a high-risk system, whatever was set before it was one. */
async function retentionDays(ctx: Context, endpoint: Logged): Promise<number> {
  const days = endpoint.dataPolicy?.retentionDays ?? Number.POSITIVE_INFINITY;
  return days < highRiskDaysMin && (await isEndpointHighRisk(ctx, endpoint)) ? highRiskDaysMin : days;
}

type Unit = { readonly name: string; remove(how: Removal): Promise<Expired> };

async function* units(ctx: Context, endpoint: string, before: number): AsyncGenerator<Unit> {
  const isOld = (hour: Hour) => startOf(hour) + hourMilliseconds <= before;
  for await (const hour of loggedHours(ctx, endpoint, ['parts', 'labels', 'tombstones'])) {
    if (!isOld(hour)) break;
    yield { name: `log/${hour}`, remove: (how) => expireHour(ctx, endpoint, hour, how) };
  }
  for (const monitorId of await monitorsOf(ctx, endpoint)) {
    yield { name: `results/${monitorId}`, remove: (how) => expireResults(ctx, monitorId, how) };
    yield { name: `references/${monitorId}`, remove: (how) => expireReferences(ctx, monitorId, how) };
  }
  yield { name: 'files', remove: (how) => expireFiles(ctx, () => scoredFiles(ctx, endpoint), how) };
}

async function begin(ctx: Context, endpoint: string): Promise<Stored<Retention>> {
  const documents = ctx.stores.documents('endpoints');
  const id = `retention:${endpoint}`;
  const known = await documents.read<Retention>([ctx.workspace], id);
  if (known) return known;
  const doc: Retention = {
    id,
    type: 'retention',
    v: 1,
    workspace: ctx.workspace,
    endpoint,
    unit: '',
    counts: nothing,
    seq: 0,
  };
  await documents.write([ctx.workspace], { op: 'create', doc });
  return (await documents.read<Retention>([ctx.workspace], id)) ?? { doc, etag: '' };
}

/** Counts a unit that is about to go, unless it was counted by an attempt that broke off. */
async function record(
  ctx: Context,
  { doc, etag }: Stored<Retention>,
  unit: string,
  more: Expired,
): Promise<Stored<Retention> | undefined> {
  const isCounted = doc.unit === unit;
  const next: Retention = { ...doc, unit, counts: isCounted ? doc.counts : sum(doc.counts, more) };
  const written = await ctx.stores
    .documents('endpoints')
    .write([ctx.workspace], { op: 'replace', doc: next, etag });
  return written.outcome === 'applied' ? { doc: next, etag: written.etags[0] ?? '' } : undefined;
}

async function announce(ctx: Context, { doc, etag }: Stored<Retention>, before: number): Promise<void> {
  if (Object.values(doc.counts).every((count) => count === 0)) return;
  const next: Retention = { ...doc, unit: '', counts: nothing, seq: doc.seq + 1 };
  const event = eventWrite(
    ctx,
    {
      type: 'retention.applied',
      aggregate: `retention/${doc.endpoint}`,
      seq: next.seq,
      subject: {
        endpoint: doc.endpoint,
        before: new Date(before).toISOString(),
        ...Object.fromEntries(Object.entries(doc.counts).map(([name, count]) => [name, String(count)])),
      },
      before: doc,
      after: next,
    },
    { workspace: ctx.workspace },
  );
  const { outcome } = await ctx.stores
    .documents('endpoints')
    .batch([ctx.workspace], [{ op: 'replace', doc: next, etag }, event]);
  if (outcome === 'applied') relay(ctx, 'endpoints', [ctx.workspace], event);
}

function sum(a: Expired, b: Expired): Expired {
  return {
    parts: a.parts + b.parts,
    labels: a.labels + b.labels,
    results: a.results + b.results,
    references: a.references + b.references,
    files: a.files + b.files,
  };
}

import { fullAccess } from '../access/index.ts';
import { placeOfFolder, scoredFiles, topFolders } from '../batch/index.ts';
import type { Context } from '../context.ts';
import { ownerOfFolder } from '../datasets/index.ts';
import { defaultDays, getLogged, isEndpointHighRisk, type Logged } from '../endpoints/index.ts';
import { unlessCode } from '../http/index.ts';
import { limitsOf } from '../limits/index.ts';
import { monitorsOf, removeConceptStates } from '../monitoring/index.ts';
import { type DataPolicy, highRiskDaysMin } from '../privacy/index.ts';
import { type Hour, loggedHours, startOf } from '../predictions/index.ts';
import { removeProfilesBefore } from '../profiles/index.ts';
import { isModelHighRisk } from '../registry/index.ts';
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
import { announce, begin, record } from './retention-record.ts';

const dayMilliseconds = 86_400_000;
const hourMilliseconds = 3_600_000;

/** Of an endpoint by its name, or of a folder of files that is a model's, or nobody's any more. */
type Expiring = { readonly endpoint: string } | { readonly folder: string };
export type ExpireMessage = { readonly kind: 'expire' } & Expiring;

/** What is kept for some days. */
type Kept = {
  readonly name: string;
  /** What asks for it. */
  readonly message: ExpireMessage;
  readonly days: number;
  /** Whose it is. */
  readonly subject: Readonly<Record<string, string>>;
  /** What of it is from `before`, piece by piece. */
  units(before: number): AsyncIterable<Unit>;
  /** Removes what tells of nobody, and is not counted. */
  sweep(before: number): Promise<void>;
};

type Unit = { readonly name: string; remove(how: Removal): Promise<Expired> };

/**
 * Asks, for every endpoint that has a data policy, deleted ones among them, for the removal of what is older than it
 * says, and for every folder of files that may be a model's.
 */
export async function sweepRetention(ctx: Context): Promise<void> {
  const ask = (workspace: string, message: ExpireMessage) =>
    ctx.stores.queues.send({ ...ctx, workspace }, 'work', message);
  for await (const { workspace, name } of ctx.stores
    .documents('endpoints')
    .stream<Pick<Logged, 'workspace' | 'name'>>(
      {
        text: "SELECT c.workspace, c.name FROM c WHERE c.type IN ('endpoint', 'gone-endpoint') AND IS_DEFINED(c.dataPolicy)",
      },
      { consistency: 'strong' },
    ))
    await ask(workspace, { kind: 'expire', endpoint: name });
  for await (const { workspace, folder } of topFolders(ctx)) await ask(workspace, { kind: 'expire', folder });
}

/** How long a message works before it hands on. */
export type RetentionOptions = { readonly workSecondsMax: number };
const retentionDefaults: RetentionOptions = { workSecondsMax: 60 };

/**
 * Removes what an endpoint has kept for longer than its data policy says: hour by hour of its log, then the results
 * and references of its monitors, then its scored files, what was counted of its calls, and what detectors know of its errors; of a folder that is no
 * endpoint's the files. Each of these is counted before it is removed, so that the one event at the end is right also
 * where the work broke off between. A hold over the endpoint keeps all of it; one over a person keeps their rows, and
 * files that have the column.
 */
export async function expire(
  ctx: Context,
  asked: Expiring,
  { workSecondsMax }: RetentionOptions = retentionDefaults,
): Promise<void> {
  const here: Context = { ...ctx, access: fullAccess };
  const kept = await ('folder' in asked ? filesOf(here, asked.folder) : logOf(here, asked.endpoint));
  if (!kept) return;
  const { name, days, subject, message } = kept;
  const again = () => here.stores.queues.send(here, 'work', message);
  const holds = await listHolds(here);
  if (holdOfAll(holds, name)) return;
  const before = here.clock.now() - days * dayMilliseconds;
  const held = await heldRows(here, holds, name);
  const until = here.clock.now() + workSecondsMax * 1000;
  let state = await begin(here, name);
  for await (const unit of kept.units(before)) {
    const counts = await unit.remove({ before, held, isDryRun: true });
    if (Object.values(counts).every((count) => count === 0)) continue;
    const next = await record(here, state, unit.name, counts);
    // Another message is at it.
    if (!next) return;
    state = next;
    // A hold that was placed meanwhile is seen by the message that goes on.
    if ((await listHolds(here)).length !== holds.length) return again();
    await unit.remove({ before, held, isDryRun: false });
    if (here.clock.now() >= until) return again();
  }
  await kept.sweep(before);
  await announce(here, state, { subject, before });
}

/** What an endpoint has logged; `undefined` where nobody says for how long it is kept. */
async function logOf(ctx: Context, name: string): Promise<Kept | undefined> {
  const endpoint = await unlessCode(getLogged(ctx, name), 'not-found');
  if (!endpoint?.dataPolicy) return undefined;
  return {
    name,
    message: { kind: 'expire', endpoint: name },
    days: await retentionDays(endpoint.dataPolicy, () => isEndpointHighRisk(ctx, endpoint)),
    subject: { endpoint: name },
    units: (before) => units(ctx, name, before),
    async sweep(before) {
      await removeSummaries(ctx, name, before);
      await removeProfilesBefore(ctx, name, before);
      await removeConceptStates(ctx, name, before);
    },
  };
}

/**
 * The files of a model's own batch jobs, for as long as the limits of the workspace say; where whoever had a folder is
 * gone, by default for as long as those of a deleted endpoint. `undefined` for an endpoint's, which its policy is about.
 */
async function filesOf(ctx: Context, folder: string): Promise<Kept | undefined> {
  if (await unlessCode(getLogged(ctx, folder), 'not-found')) return undefined;
  const place = await placeOfFolder(ctx, folder);
  const { batchRetentionDays = place ? undefined : defaultDays(ctx) } = await limitsOf(ctx);
  if (batchRetentionDays === undefined) return undefined;
  const { type, id } = place?.owner ?? ownerOfFolder(folder);
  const isModels = type === 'model';
  return {
    name: folder,
    message: { kind: 'expire', folder },
    days: await retentionDays({ retentionDays: batchRetentionDays }, async () =>
      isModels ? isModelHighRisk(ctx, id) : false,
    ),
    subject: isModels ? { modelId: id, folder } : { folder },
    async *units() {
      yield { name: 'files', remove: (how) => expireFiles(ctx, () => scoredFiles(ctx, folder), how) };
    },
    sweep: () => Promise.resolve(),
  };
}

/** Days that data is kept: never fewer than the law asks of a high-risk system, whatever was set before it was one. */
async function retentionDays(
  { retentionDays: days }: Pick<DataPolicy, 'retentionDays'>,
  isHighRisk: () => Promise<boolean>,
): Promise<number> {
  return days < highRiskDaysMin && (await isHighRisk()) ? highRiskDaysMin : days;
}

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

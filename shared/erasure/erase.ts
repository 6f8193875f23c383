import { fullAccess } from '../access/index.ts';
import { renewFigures } from '../alerts/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { unschedule } from '../events/index.ts';
import { type Erased, outdatedBy, recheckResult, remake, nextResult } from '../monitoring/index.ts';
import {
  type ErasedHour,
  mayBeQueued,
  eraseHour,
  erasedRows,
  type Hour,
  loggedHours,
  type PartTable,
  startOf,
} from '../predictions/index.ts';
import { lookElsewhere, lookInFolder } from './elsewhere.ts';
import { heldRows, type Hold, holdOf, listHolds } from './holds.ts';
import {
  agendaName,
  type EndpointCounts,
  type ErasureJob,
  type ErasureMessage,
  erasureDefaults,
  type ErasureOptions,
  firstStep,
  noCounts,
  type NotCovered,
  type Place,
} from './job.ts';
import { readErasure, saveErasure } from './store.ts';
import { searcher } from './subject.ts';

type Running = Extract<ErasureJob, { status: 'running' }>;
/** What a step leaves: where to go on, and the counts of the endpoint it was at. */
type Step = {
  readonly step?: Place['step'];
  readonly counts: EndpointCounts;
  readonly places?: readonly NotCovered[];
};

/** As many places as a report lists, so that it fits its document. */
const placesMax = 2000;

/** A hold stands in the way. */
class Held extends Error {
  readonly holdId: string;
  constructor({ holdId }: Hold) {
    super(`Hold ${holdId} keeps these rows.`);
    this.holdId = holdId;
  }
}

/**
 * Goes on with an erasure for a while, an hour of one endpoint's log or one window after the other, and records each;
 * then hands on. Whatever breaks off is done again from the last record, which changes nothing that was done. Two
 * at once do no harm: the one that records second stops. While a hold covers it, it waits.
 */
export async function erase(
  ctx: Context,
  { jobId }: Pick<ErasureMessage, 'jobId'>,
  options: ErasureOptions = erasureDefaults,
): Promise<void> {
  const stored = await readErasure(ctx, jobId);
  if (!stored || stored.doc.status === 'finished') return unschedule(ctx, agendaName(jobId));
  const here: Context = { ...ctx, workspace: stored.doc.workspace, access: fullAccess };
  let at = await begin(here, stored, options);
  const until = ctx.clock.now() + options.workSecondsMax * 1000;
  while (at?.doc.status === 'running') {
    const next = await advance(here, at.doc);
    const isTired = here.clock.now() >= until && next.status === 'running';
    const leaseUntil = isTired ? 0 : here.clock.now() + options.leaseSeconds * 1000;
    at = await saveErasure(here, at, next.status === 'running' ? { ...next, leaseUntil } : next);
    if (at && isTired)
      return here.stores.queues.send(here, 'work', { kind: 'erase', jobId } satisfies ErasureMessage);
  }
}

/** Takes an erasure up whose time has come and that nobody works on. */
async function begin(
  ctx: Context,
  stored: Stored<ErasureJob>,
  { leaseSeconds }: ErasureOptions,
): Promise<Stored<ErasureJob> | undefined> {
  const now = ctx.clock.now();
  const { doc } = stored;
  if (doc.status === 'finished' || now < doc.startsAt) return undefined;
  // Rows that were answered before may lie in a queue still; the timer asks again.
  if (!doc.dryRun && (await mayBeQueued(ctx, doc.createdAt))) return undefined;
  if (doc.status === 'running' && doc.leaseUntil > now) return undefined;
  const { subject, at } = doc;
  const running = { status: 'running', subject, at, leaseUntil: now + leaseSeconds * 1000 } as const;
  return saveErasure(ctx, stored, { ...factsOf(doc), ...running });
}

async function advance(ctx: Context, job: Running): Promise<ErasureJob> {
  const [endpoint, ...others] = job.at.endpoints;
  if (endpoint === undefined) return lookInNextFolder(ctx, job);
  try {
    const before = job.found.find((each) => each.endpoint === endpoint) ?? noCounts(endpoint);
    const { step, counts, places = [] } = await take(ctx, job, endpoint, before);
    const kept = step ? counts : { ...counts, hours: [] };
    const found = [...job.found.filter((each) => each.endpoint !== endpoint), kept];
    const elsewhere = [...job.elsewhere, ...places].slice(0, placesMax);
    const at = step ? { step } : { endpoints: others, step: firstStep };
    return { ...job, found, at: { ...job.at, ...at }, elsewhere };
  } catch (error) {
    if (!(error instanceof Held)) throw error;
    const { subject, at } = job;
    return { ...factsOf(job), status: 'blocked', subject, at, holdId: error.holdId };
  }
}

async function lookInNextFolder(ctx: Context, job: Running): Promise<ErasureJob> {
  const [folder, ...folders] = job.at.folders ?? [];
  if (folder === undefined) return finished(ctx, job);
  const places = await lookInFolder(ctx, job.column, folder);
  return {
    ...job,
    at: { ...job.at, folders },
    elsewhere: [...job.elsewhere, ...places].slice(0, placesMax),
  };
}

async function take(ctx: Context, job: Running, endpoint: string, counts: EndpointCounts): Promise<Step> {
  const { step } = job.at;
  const erased: Erased = {
    endpoint,
    hours: counts.hours,
    rowsOf: (hour) => erasedRows(ctx, endpoint, hour),
  };
  switch (step.kind) {
    case 'rows': {
      const { value: hour } = await loggedHours(ctx, endpoint, ['parts'], step.after).next();
      if (hour && startOf(hour) <= job.createdAt)
        return { step: { kind: 'rows', after: hour }, counts: await takeHour(ctx, job, counts, hour) };
      const isChanged = !job.dryRun && counts.rows > 0;
      return { step: { kind: isChanged ? 'find-outdated' : 'look-elsewhere' }, counts };
    }
    case 'find-outdated':
      return { step: { kind: 'remake', outdated: await outdatedBy(ctx, erased) }, counts };
    case 'remake': {
      for (const each of step.outdated) await remake(ctx, each);
      const references = step.outdated.filter(({ what }) => what === 'reference').length;
      return { step: { ...step, kind: 'windows' }, counts: { ...counts, references } };
    }
    case 'windows': {
      const next = await nextResult(ctx, erased, step.outdated, step.after);
      if (!next) return { step: { kind: 'look-elsewhere' }, counts };
      await recheckResult(ctx, next);
      await renewFigures(ctx, next.monitorId, next.windowEnd);
      return { step: { ...step, after: next }, counts: { ...counts, windows: counts.windows + 1 } };
    }
    case 'look-elsewhere':
      return { counts, places: await lookElsewhere(ctx, job.column, counts) };
  }
}

/** Erases or counts the rows of one hour. */
async function takeHour(
  ctx: Context,
  job: Running,
  counts: EndpointCounts,
  hour: Hour,
): Promise<EndpointCounts> {
  const { endpoint } = counts;
  const search = await searcher(ctx, job.subject);
  const unsearchable = new Set(counts.unsearchable);
  // Read for each hour for their columns, and again before each part that is changed.
  const columns = (await heldRows(ctx, await listHolds(ctx), endpoint))?.columns ?? [];
  const choose = async (part: PartTable): Promise<readonly number[]> => {
    const times = part.column('ts');
    const found = search(part);
    if (found.unsearchable) unsearchable.add(found.unsearchable);
    const rows = found.rows.filter((row) => Number(times[row]) <= job.createdAt);
    if (rows.length > 0 && !job.dryRun)
      await refuseHeld(ctx, job, endpoint, part, { rows: new Set(rows), columns });
    return rows;
  };
  const asked = {
    endpoint,
    hour,
    erasure: job.jobId,
    columns: [`in.${job.subject.column}`, 'ts', ...columns],
    choose,
    dryRun: job.dryRun,
  };
  return sum(counts, hour, await eraseHour(ctx, asked), [...unsearchable]);
}

/** Throws {@link Held} where a hold covers the erasure as a whole, or one of the rows through another column. */
async function refuseHeld(
  ctx: Context,
  job: Running,
  endpoint: string,
  part: PartTable,
  { rows, columns }: { readonly rows: ReadonlySet<number>; readonly columns: readonly string[] },
): Promise<void> {
  const holds = await listHolds(ctx);
  const hold = holdOf(holds, endpoint, job.subject);
  if (hold) throw new Held(hold);
  const held = await heldRows(ctx, holds, endpoint);
  // Placed a moment ago, over a column that was not read with this part: whether it covers a row is seen next time.
  const unread = held?.holds.find(({ subject }) => !columns.includes(`in.${subject?.column}`));
  if (unread) throw new Held(unread);
  for (const { hold: other, rows: kept } of held?.find(part) ?? [])
    if (kept.some((row) => rows.has(row))) throw new Held(other);
}

function sum(
  counts: EndpointCounts,
  hour: Hour,
  more: ErasedHour,
  unsearchable: EndpointCounts['unsearchable'],
): EndpointCounts {
  return {
    ...counts,
    hours: more.rows > 0 ? [...counts.hours, hour] : counts.hours,
    hourCount: counts.hourCount + Math.min(more.rows, 1),
    partsRead: counts.partsRead + more.partsRead,
    partsRewritten: counts.partsRewritten + more.partsRewritten,
    rows: counts.rows + more.rows,
    labels: counts.labels + more.labels,
    unsearchable,
  };
}

function finished(ctx: Context, job: Running): ErasureJob {
  return { ...factsOf(job), status: 'finished', finishedAt: ctx.clock.now() };
}

/** An erasure without its state. */
function factsOf(job: ErasureJob) {
  const { id, type, v, workspace, kind, jobId, column, dryRun, reason, requestedBy } = job;
  const { endpoint, createdAt, startsAt, found, elsewhere, updatedAt, seq } = job;
  const facts = { id, type, v, workspace, kind, jobId, column, dryRun, reason, requestedBy } as const;
  const more = { createdAt, startsAt, found, elsewhere, updatedAt, seq };
  return { ...facts, ...more, ...(endpoint === undefined ? {} : { endpoint }) };
}

import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay, unschedule } from '../events/index.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import { agendaName, type ErasureJob } from './job.ts';

const jobs = (ctx: Context) => ctx.stores.documents('jobs');

export async function readErasure(ctx: Context, jobId: string): Promise<Stored<ErasureJob> | undefined> {
  const stored = await jobs(ctx).read<ErasureJob>([jobId], 'job');
  // Other kinds of jobs lie in the same container.
  return stored?.doc.type === 'erasure' ? stored : undefined;
}

/** An erasure of the workspace; `not-found` where there is none. */
export async function getErasure(ctx: Context, jobId: string): Promise<ErasureJob> {
  const stored = await readErasure(ctx, jobId);
  if (stored?.doc.workspace === ctx.workspace) return stored.doc;
  throw new CairnError('not-found', `There is no erasure '${jobId.slice(0, 100)}'.`, { field: 'id' });
}

/** The erasures of the workspace, newest first. */
export async function listErasures(
  ctx: Context,
  { limit, pageToken }: { limit: number; pageToken?: string | undefined },
): Promise<Page<ErasureJob>> {
  const before = positionIn(pageToken, { at: 0 })?.at ?? Number.MAX_SAFE_INTEGER;
  const rows = await jobs(ctx).query<ErasureJob>(
    {
      text: "SELECT * FROM c WHERE c.type = 'erasure' AND c.workspace = @workspace AND c.createdAt < @before ORDER BY c.createdAt DESC",
      values: { workspace: ctx.workspace, before },
    },
    { limit: limit + 1 },
  );
  return pageOf(rows, limit, ({ createdAt }) => ({ at: createdAt }));
}

/** Records a request, with its event; `false` where one of its id is there already. */
export async function createErasure(ctx: Context, doc: ErasureJob): Promise<boolean> {
  const event = eventOf(ctx, 'erasure.requested', doc);
  const writes = doc.dryRun ? [] : [event];
  const { outcome } = await jobs(ctx).batch([doc.jobId], [{ op: 'create', doc }, ...writes]);
  if (outcome === 'applied' && !doc.dryRun) relay(ctx, 'jobs', [doc.jobId], event);
  return outcome === 'applied';
}

/** Writes how far an erasure is; `undefined` where somebody else did since it was read. */
export async function saveErasure(
  ctx: Context,
  { etag }: Stored<ErasureJob>,
  next: ErasureJob,
): Promise<Stored<ErasureJob> | undefined> {
  const key = [next.jobId];
  const isOver = next.status === 'finished';
  const doc: ErasureJob = {
    ...next,
    updatedAt: ctx.clock.now(),
    seq: isOver && !next.dryRun ? next.seq + 1 : next.seq,
  };
  const event = eventOf(ctx, 'erasure.finished', doc);
  const isTold = isOver && !doc.dryRun;
  const { outcome, ...rest } = await jobs(ctx).batch(key, [
    { op: 'replace', doc, etag },
    ...(isTold ? [event] : []),
  ]);
  if (outcome !== 'applied') return undefined;
  if (isTold) relay(ctx, 'jobs', key, event);
  if (isOver) await unschedule(ctx, agendaName(doc.jobId));
  return { doc, etag: 'etags' in rest ? (rest.etags[0] ?? '') : '' };
}

/** Who asked for it is the actor also of its end. Counts and the column, nothing of the person. */
function eventOf(ctx: Context, type: 'erasure.requested' | 'erasure.finished', doc: ErasureJob) {
  const sum = (of: (counts: ErasureJob['found'][number]) => number) =>
    String(doc.found.reduce((total, counts) => total + of(counts), 0));
  return eventWrite(
    { ...ctx, principal: { id: doc.requestedBy, name: doc.requestedBy } },
    {
      type,
      aggregate: `erasure/${doc.jobId}`,
      seq: doc.seq,
      subject: {
        erasureId: doc.jobId,
        column: doc.column,
        ...(doc.endpoint === undefined ? {} : { endpoint: doc.endpoint }),
        ...(doc.status === 'finished'
          ? {
              parts: sum((each) => each.partsRewritten),
              rows: sum((each) => each.rows),
              labels: sum((each) => each.labels),
            }
          : {}),
      },
      after: { ...doc, subject: undefined },
      reason: doc.reason,
    },
    { jobId: doc.jobId },
  );
}

import type { Context } from '../context.ts';
import { schedule } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { ruleOf } from '../privacy/index.ts';
import { allLogged, getLogged, type Logged, pinnedOf, readyVersions, rulesOf } from '../endpoints/index.ts';
import { foldersOfModels } from './elsewhere.ts';
import { type Hold, holdOf, listHolds } from './holds.ts';
import { agendaName, type ErasureJob, type ErasureMessage, firstStep, jobIdOf, type Place } from './job.ts';
import { createErasure, readErasure } from './store.ts';
import { type NamedSubject, type Subject, subjectOf } from './subject.ts';

export type ErasureRequest = {
  readonly subject: NamedSubject;
  readonly endpoint?: string | undefined;
  readonly reason: string;
  readonly dryRun: boolean;
};

/** By then every instance has written the rows that it had in memory, as monitors count on, too. */
const settleMilliseconds = 60_000;
const resumeEverySeconds = 60;
/** Erasures of one person, one after the other. */
const repeatsMax = 10_000;

/**
 * Asks for the erasure of all rows of a person that were logged until now, or for the count of them. The same
 * request while one is under way is that one. Nothing is kept of the person but hashes, and these only until the
 * end. Throws `not-found` for the endpoint, `invalid` for a column that cannot be searched, `conflict` for a hold.
 */
export async function requestErasure(ctx: Context, request: ErasureRequest): Promise<ErasureJob> {
  const named = request.endpoint === undefined ? undefined : await getLogged(ctx, request.endpoint);
  if (named) await checkColumn(ctx, named, request.subject.column);
  const subject = await subjectOf(ctx, request.subject);
  const endpoints = named ? [named.name] : (await allLogged(ctx)).map(({ name }) => name);
  const folders = named ? [] : await foldersOfModels(ctx);
  const identity = { ...request, subject };
  for (let number = 1; number < repeatsMax; number++) {
    const jobId = jobIdOf(ctx.workspace, identity, number);
    const known = (await readErasure(ctx, jobId))?.doc;
    if (known?.status === 'finished') continue;
    if (known) return start(ctx, known);
    if (!request.dryRun) checkHolds(await listHolds(ctx), endpoints, subject);
    const job = newJob(ctx, request, { jobId, subject, at: { endpoints, folders, step: firstStep } });
    // On the agenda first: whatever dies behind this line, the timer finds it.
    await start(ctx, job);
    if (await createErasure(ctx, job)) return job;
    number--;
  }
  throw new CairnError('conflict', `This was erased ${repeatsMax} times already.`);
}

function newJob(
  ctx: Context,
  { endpoint, reason, dryRun }: ErasureRequest,
  { jobId, subject, at }: { jobId: string; subject: Subject; at: Place },
): ErasureJob {
  const now = ctx.clock.now();
  return {
    id: 'job',
    type: 'erasure',
    v: 1,
    workspace: ctx.workspace,
    kind: 'erasure',
    jobId,
    ...(endpoint === undefined ? {} : { endpoint }),
    column: subject.column,
    dryRun,
    reason,
    requestedBy: ctx.principal.id,
    createdAt: now,
    // A count is of what has been written; nothing depends on it.
    startsAt: dryRun ? now : now + settleMilliseconds,
    found: [],
    elsewhere: [],
    updatedAt: now,
    seq: 1,
    status: 'waiting',
    subject,
    at,
  };
}

async function start(ctx: Context, job: ErasureJob): Promise<ErasureJob> {
  const { jobId, startsAt } = job;
  await schedule(ctx, agendaName(jobId), {
    dueAt: Math.max(startsAt, ctx.clock.now()),
    everySeconds: resumeEverySeconds,
    workspace: ctx.workspace,
    message: { kind: 'erase', jobId } satisfies ErasureMessage,
  });
  return job;
}

function checkHolds(holds: readonly Hold[], endpoints: readonly string[], subject: Subject): void {
  for (const endpoint of endpoints) {
    const hold = holdOf(holds, endpoint, subject);
    if (hold)
      throw new CairnError(
        'conflict',
        `Hold '${hold.holdId}' keeps these rows of endpoint '${endpoint}': ${hold.reason.slice(0, 200)}. Release it first, or name another endpoint.`,
        { field: hold.endpoint === undefined ? 'subject' : 'endpoint' },
      );
  }
}

/** Refuses a column that no model of the endpoint has, and one of which nothing is logged. */
async function checkColumn(ctx: Context, endpoint: Logged, column: string): Promise<void> {
  const versions = await readyVersions(ctx, endpoint);
  const name = column.replace(/^in\./, '');
  if (versions) {
    const inputs = versions.flatMap(({ signature }) => signature.inputs.map((input) => input.name));
    const names = [...new Set([...versions.flatMap(({ features }) => features ?? []), ...inputs])];
    if (!names.includes(name) && !inputs.some((input) => name.startsWith(`${input}.`)))
      throw new CairnError(
        'invalid',
        `The model of '${endpoint.name}' has no input '${name.slice(0, 100)}'; it has ${names
          .slice(0, 50)
          .map((each) => `'${each}'`)
          .join(', ')}.`,
        { field: 'subject.column' },
      );
  }
  if (!(await isMasked(ctx, endpoint, name))) return;
  throw new CairnError(
    'invalid',
    `'${name}' is masked at '${endpoint.name}': nothing of it is logged, so no row can be found by it. Name its subject key.`,
    { field: 'subject.column' },
  );
}

/** Whether each version that answers keeps nothing of a column. */
async function isMasked(ctx: Context, endpoint: Logged, name: string): Promise<boolean> {
  const pinned = pinnedOf(endpoint);
  const rules = await Promise.all(
    pinned.map(({ modelId, pinned: stable }) => rulesOf(ctx, endpoint, { modelId, stable })),
  );
  return (
    rules.length > 0 && rules.every((each) => ruleOf(each, { side: 'in', tensor: name, name }) === 'mask')
  );
}

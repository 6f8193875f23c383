import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { checkBatchRows, checkStorage } from '../limits/index.ts';
import { isOptionsFile } from './options-file.ts';
import { whyUnreadable } from './endings.ts';
import { type AskedInput, found } from './found.ts';
import type { BatchJob, BatchModel, Owner } from './job.ts';
import { newJob, type NewJob } from './new-job.ts';
import { withLittleRoom } from './heap.ts';
import { type AskedOptions, optionsOf } from './options.ts';
import { type AskedVersion, scorerOfEndpoint, scorerOfModel } from './owner.ts';
import { start, type Submitted } from './start.ts';
import { readJob } from './store.ts';

/** What a job is asked for by. */
export type JobRequest = AskedVersion & {
  readonly endpoint?: string | undefined;
  readonly model?: string | undefined;
  readonly input: AskedInput;
  readonly options?: AskedOptions | undefined;
  /** Of the caller's: another makes another job of the same input. */
  readonly key?: string | undefined;
};

/**
 * Starts the job that scores files by the version that answers now, or finds the one that does already; one that was
 * deleted does not count.
 * Throws `not-found` for the endpoint, the model or the input, `too-large` for too many files, `unavailable` while no
 * version is ready, `too-many` where the workspace has scored or holds as much as it may.
 */
export function submitJob(ctx: Context, request: JobRequest): Promise<Submitted> {
  // Thousands of files go through memory once.
  return request.input.isPrefix
    ? withLittleRoom(() => submit(ctx, request), { isWasteful: true })
    : submit(ctx, request);
}

async function submit(ctx: Context, request: JobRequest): Promise<Submitted> {
  const { endpoint, model, input, options, key, version, alias } = request;
  const scorer =
    endpoint === undefined
      ? await scorerOfModel(ctx, model ?? '', request)
      : await scorerOfEndpoint(ctx, endpoint);
  const files = await found(ctx, input);
  checkReadable(input, options);
  const { owner } = scorer;
  const asked = [version, alias, options, key].every((each) => each === undefined)
    ? undefined
    : { version, alias, options, key };
  const lastBy = (again?: BatchModel) =>
    lastOf(ctx, (generation) => newJob(ctx, scorer, { input, files, asked, again, generation }));
  const { made, known } = await foundBy(lastBy, key === undefined ? scorer.model : undefined);
  if (known) return start(ctx, known, made.files);
  await checkRoom(ctx);
  if (!scorer.model) throw notReady(owner);
  const job: BatchJob = {
    ...made.job,
    options: options ? optionsOf(options) : null,
    requestedBy: ctx.principal.id,
    status: 'planned',
    model: scorer.model,
  };
  return start(ctx, job, made.files);
}

/** The words while the version that is to score cannot do so yet. */
export function notReady(owner: Owner): CairnError {
  return new CairnError(
    'unavailable',
    owner.type === 'endpoint'
      ? `Endpoint '${owner.id}' has no version that is ready; try again later.`
      : `The version of model '${owner.name}' is still being read; try again later.`,
    { retryAfterSeconds: 5 },
  );
}

/** The newest job of an identity that was not deleted, and what would make the next. */
type Last = { readonly made: NewJob; readonly known: BatchJob | undefined };

/**
 * The job that a request without a key asks for: by the version that answers now. One by another version, or by none,
 * which a file that was dropped finds again, is another job.
 */
async function foundBy(
  lastBy: (again?: BatchModel) => Promise<Last>,
  model: BatchModel | undefined,
): Promise<Last> {
  const again = model && (await lastBy(model));
  if (again?.known) return again;
  const first = await lastBy();
  const by = first.known?.model;
  const isOther = by?.modelId !== model?.modelId || by?.version !== model?.version;
  return again && first.known && isOther ? again : first;
}

async function lastOf(ctx: Context, make: (generation: number) => NewJob): Promise<Last> {
  for (let generation = 0; ; generation++) {
    const made = make(generation);
    const known = (await readJob(ctx, made.job.jobId))?.doc;
    if (known?.deletedAt === undefined) return { made, known };
  }
}

/** Refuses a file whose name does not tell its format, unless options may still do so that lie beside it. */
function checkReadable({ container, name, isPrefix }: AskedInput, options?: AskedOptions): void {
  if (isPrefix) return;
  if (isOptionsFile(name))
    throw new CairnError('invalid', `'${name}' holds the options of another file; name that file.`, {
      field: 'input',
    });
  const why =
    options || container !== 'batch-input' ? whyUnreadable(name, optionsOf(options ?? {})) : undefined;
  if (why !== undefined) throw new CairnError('invalid', `${why}.`, { field: 'input' });
}

/** Refuses another job with `too-many` where the workspace has scored or holds as much as it may. */
export async function checkRoom(ctx: Context): Promise<void> {
  await checkBatchRows(ctx);
  await checkStorage(ctx);
}

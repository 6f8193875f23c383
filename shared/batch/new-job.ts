import type { Context } from '../context.ts';
import { unlessCode } from '../http/index.ts';
import { errorsNameOf } from './endings.ts';
import { type AskedInput, etagOf, type Found, found, nameBelow, plainEtag } from './found.ts';
import { type BatchFile, fileId } from './file.ts';
import type { BatchJob, JobInput } from './job.ts';
import { usualPace } from './pace.ts';
import { type JobIdentity, jobIdOf } from './job-id.ts';
import type { Scorer } from './owner.ts';
import { sum } from './sum.ts';

/** A job before it is known by which version, or why not. */
export type JobBegun = Omit<BatchJob, 'status' | 'model'>;
/** A job that is not recorded yet, with its files. */
export type NewJob = { readonly job: JobBegun; readonly files: readonly BatchFile[] };

/** The job that scores files, and what is recorded of each; by which version is told when it starts. */
export function newJob(
  ctx: Context,
  { owner, folder }: Scorer,
  {
    input,
    files,
    asked,
    again,
    generation,
  }: Pick<JobIdentity, 'asked' | 'again' | 'generation'> & {
    readonly input: AskedInput;
    readonly files: readonly Found[];
  },
): NewJob {
  const whole: JobInput = {
    ...input,
    etag: etagOf(files),
    files: files.length,
    bytes: sum(files, ({ bytes }) => bytes),
  };
  const identity: JobIdentity = {
    workspace: ctx.workspace,
    owner,
    input: whole,
    asked,
    ...(again ? { again } : {}),
    ...(generation === undefined ? {} : { generation }),
  };
  const jobId = jobIdOf(identity);
  const now = ctx.clock.now();
  const outputOf = (name: string) => `${folder}/${jobId}/${nameBelow(input, name)}`;
  const common = { workspace: ctx.workspace, jobId } as const;
  return {
    job: {
      ...common,
      id: 'job',
      type: 'batch-job',
      v: 2,
      kind: 'batch',
      owner,
      input: whole,
      output: {
        container: 'batch-output',
        name: input.isPrefix ? `${folder}/${jobId}/` : outputOf(input.name),
      },
      options: null,
      plan: {
        file: 0,
        position: 0,
        row: 1,
        chunks: 0,
        rows: 0,
        complete: false,
        rowsAtOnce: usualPace.rowsAtOnce,
      },
      createdAt: now,
      updatedAt: now,
    },
    files: filesOf(common, files, outputOf),
  };
}

function filesOf(
  common: Pick<BatchFile, 'workspace' | 'jobId'>,
  files: readonly Found[],
  outputOf: (name: string) => string,
): BatchFile[] {
  return files.map(({ name, etag, bytes }, index) => {
    const output = outputOf(name);
    return {
      ...common,
      id: fileId(index),
      type: 'batch-file',
      v: 1,
      index,
      input: { name, etag: plainEtag(etag), bytes },
      output,
      errors: errorsNameOf(output),
      layout: null,
    };
  });
}

/** The files of a job that was refused before they were recorded; `undefined` where its input is no longer what it was. */
export async function filesOfRefused(ctx: Context, job: BatchJob): Promise<readonly BatchFile[] | undefined> {
  const { input, output, workspace, jobId } = job;
  const files = await unlessCode(found(ctx, input), 'not-found');
  if (!files || etagOf(files) !== input.etag) return undefined;
  const folder = output.name.slice(0, output.name.indexOf(`/${jobId}/`));
  return filesOf({ workspace, jobId }, files, (name) => `${folder}/${jobId}/${nameBelow(input, name)}`);
}

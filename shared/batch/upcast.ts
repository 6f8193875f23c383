import type { BatchJob } from './job.ts';
import { usualPace } from './pace.ts';

/** A job as the first release wrote it: of one file of an endpoint, without options. */
type FirstJob = Omit<BatchJob, 'v' | 'owner' | 'input' | 'options' | 'plan'> & {
  readonly v: 1;
  readonly endpoint: string;
  readonly input: {
    readonly container: 'batch-input';
    readonly name: string;
    readonly etag: string;
    readonly bytes: number;
  };
  readonly plan: {
    readonly position: number;
    readonly chunks: number;
    readonly rows: number;
    readonly complete: boolean;
  };
  readonly rows?: number;
  readonly bytes?: number;
};

/** A stored job in today's shape. One that an older release began and did not end cannot be gone on with. */
export function upcastJob(doc: BatchJob | FirstJob): BatchJob {
  if (doc.v !== 1) return doc as BatchJob;
  const { endpoint, rows = 0, bytes = 0, ...job } = doc as FirstJob;
  const upcast = {
    ...job,
    v: 2,
    owner: { type: 'endpoint', id: endpoint },
    input: { ...job.input, isPrefix: false, files: 1 },
    options: null,
    plan: { file: 0, row: 1, rowsAtOnce: usualPace.rowsAtOnce, ...job.plan },
    totals: { rows, bytes, bad: 0 },
  } as unknown as BatchJob;
  if (upcast.status === 'succeeded' || upcast.status === 'failed' || upcast.status === 'cancelled')
    return upcast;
  return {
    ...upcast,
    status: 'failed',
    failure: {
      code: 'attempts',
      reason: 'A release that is no longer here began the job; upload the input again',
    },
    finishedAt: upcast.updatedAt,
  };
}

import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import type { Task } from './executor.ts';

/** What an executor knows of one execution, as all processes of the stack see it: in the partition of its job. */
type ExecutionDocument<R> = Document & {
  readonly type: 'execution';
  readonly jobId: string;
  /** When it was last written, in milliseconds since 1970. */
  readonly at: number;
  readonly run: R;
};

/** Writes the state of one execution; `false` once somebody else has, and ever after. One write at a time. */
export type Recorder<R> = (run: R) => Promise<boolean>;

/** The executions of one kind of executor, each a document that is only ever replaced as it was read. */
export type Records<R> = {
  /** `undefined` where the execution is known already. */
  create(ctx: Context, task: Task, run: R): Promise<Recorder<R> | undefined>;
  read(ctx: Context, task: Task): Promise<{ run: R; at: number; record: Recorder<R> } | undefined>;
};

/** The executions of one kind of executor, in container `jobs`. */
export function recordsOf<R>(kind: 'local' | 'container' | 'github' | 'webhook'): Records<R> {
  const id = ({ attempt }: Task) => `execution:${kind}:${attempt}`;
  const documents = (ctx: Context) => ctx.stores.documents('jobs');
  const documentOf = (ctx: Context, task: Task, run: R): ExecutionDocument<R> => ({
    id: id(task),
    type: 'execution',
    v: 1,
    workspace: ctx.workspace,
    jobId: task.jobId,
    at: ctx.clock.now(),
    run,
  });

  const recorder = (ctx: Context, task: Task, etag: string | undefined): Recorder<R> => {
    let current = etag;
    let last: Promise<unknown> = Promise.resolve();
    const write = async (run: R): Promise<boolean> => {
      if (current === undefined) return false;
      const doc = documentOf(ctx, task, run);
      const written = await documents(ctx).write([task.jobId], { op: 'replace', doc, etag: current });
      current = written.outcome === 'applied' ? written.etags[0] : undefined;
      return written.outcome === 'applied';
    };
    return (run) => {
      const mine = last.then(() => write(run));
      last = mine.catch(() => undefined);
      return mine;
    };
  };

  return {
    async create(ctx, task, run) {
      const doc = documentOf(ctx, task, run);
      const written = await documents(ctx).write([task.jobId], { op: 'create', doc });
      return written.outcome === 'applied' ? recorder(ctx, task, written.etags[0]) : undefined;
    },
    async read(ctx, task) {
      const stored = await documents(ctx).read<ExecutionDocument<R>>([task.jobId], id(task));
      return stored && { run: stored.doc.run, at: stored.doc.at, record: recorder(ctx, task, stored.etag) };
    },
  };
}

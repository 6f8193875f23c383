import { jobToken, type Resource } from '../access/index.ts';
import type { Context } from '../context.ts';
import { containerExecutor, type Executor, localExecutor, type Task } from '../executors/index.ts';
import { untold } from '../sessions/index.ts';
import type { ConversionJob } from './job.ts';
import { experimentsOfArtifact } from '../tracking/index.ts';
import { onnxBytesMax, targetOf } from './report.ts';

/** What converts, by the settings; `undefined` where nothing does. */
export function converterOf({ settings, stores }: Context): Executor | undefined {
  const { converter } = settings;
  switch (converter?.by) {
    case 'command':
      return localExecutor(converter.command, { scratch: true });
    case 'container-job':
      return containerExecutor(converter.resourceId, stores.management);
    case undefined:
      return undefined;
  }
}

/** One attempt at a conversion as a task: the converter is told by CAIRN_URL and CAIRN_CONVERSION, which is JSON. */
export function taskOf(ctx: Context, job: ConversionJob, attempt: number): Task {
  const { jobId, workspace, model, version, artifact, ticket } = job;
  return {
    jobId,
    attempt,
    environment: {
      ...untold,
      CAIRN_URL: ctx.settings.publicUrl,
      CAIRN_CONVERSION: JSON.stringify({
        job: jobId,
        attempt,
        workspace,
        model,
        version,
        artifact,
        target: targetOf(job, attempt),
        ticket,
        bytesMax: onnxBytesMax,
      }),
    },
    secondsMax: ctx.settings.executorSecondsMax,
    whenEnded: { kind: 'convert', jobId },
  };
}

/**
 * The same task with what the converter signs in by, where that is asked of it. It loads what the model's author
 * wrote, and so reaches the model, whose files it lists, and the experiment in which they lie, and nothing else.
 */
export async function signedIn(
  ctx: Context,
  task: Task,
  { artifact, modelId }: ConversionJob,
): Promise<Task> {
  const resources = experimentsOfArtifact(artifact)?.map((id): Resource => ({ type: 'experiment', id }));
  const token = await jobToken(ctx, task, resources && [...resources, { type: 'model', id: modelId }]);
  return token === undefined ? task : { ...task, environment: { ...task.environment, CAIRN_TOKEN: token } };
}

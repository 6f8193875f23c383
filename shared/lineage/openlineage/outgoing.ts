import { createHash } from 'node:crypto';
import type { BatchJob, InputQuality } from '../../batch/index.ts';
import type { Context } from '../../context.ts';
import type { ConversionJob } from '../../conversion/index.ts';
import type { RetrainingJob } from '../../pipelines/index.ts';
import type { ModelVersion } from '../../registry/index.ts';
import {
  type DatasetDetail,
  type DatasetInput,
  datasetLocation,
  gitSourceOf,
  type WholeRun,
} from '../../tracking/index.ts';
import { challengerOf } from '../record.ts';
import { nodeOfLogged } from '../record-run.ts';
import type { EventType } from './event.ts';
import { type Facet, facetsFrom, producerOf } from './facets-out.ts';
import { nameOfLocation, ownNamespace } from './names.ts';

/** A RunEvent as it is sent: https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent */
export type OutgoingEvent = {
  readonly eventType: EventType;
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Readonly<Record<string, Facet>> };
  readonly job: Named & { readonly facets: Readonly<Record<string, Facet>> };
  readonly inputs: readonly OutgoingDataset[];
  readonly outputs: readonly OutgoingDataset[];
  readonly producer: string;
  readonly schemaURL: string;
};

type Named = { readonly namespace: string; readonly name: string };
type OutgoingDataset = Named & {
  readonly facets?: Readonly<Record<string, Facet>>;
  readonly inputFacets?: Readonly<Record<string, Facet>>;
  readonly outputFacets?: Readonly<Record<string, Facet>>;
};

/** What was done, from which its first and its last event are made. */
type Done = {
  readonly runId: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly ended: Extract<EventType, 'COMPLETE' | 'FAIL' | 'ABORT'>;
  readonly jobName: string;
  readonly jobType: 'TRAINING' | 'SCORING' | 'RETRAINING' | 'CONVERSION';
  readonly inputs: readonly OutgoingDataset[];
  readonly outputs: readonly OutgoingDataset[];
  readonly runFacets?: Parameters<typeof facetsFrom>[1];
  readonly jobFacets?: Parameters<typeof facetsFrom>[1];
};

const schemaURL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
const fieldsMax = 1000;
const messageCharsMax = 2000;

/** A training run that has ended, in its experiment, below its parent where it has one. */
export function ofRun(
  ctx: Context,
  run: WholeRun,
  experiment: string,
  endedAt: number,
  parent?: { readonly runId: string; readonly experiment: string },
): OutgoingEvent[] {
  const source = gitSourceOf(run.tags);
  const url = source?.link ?? source?.repoUrl;
  return eventsOf(ctx, {
    runId: uuidOf(run.runId),
    startedAt: run.startTime,
    endedAt: run.endTime ?? endedAt,
    ended: run.status === 'FAILED' ? 'FAIL' : run.status === 'KILLED' ? 'ABORT' : 'COMPLETE',
    jobName: experiment,
    jobType: 'TRAINING',
    inputs: [
      ...(run.datasets ?? []).map((dataset) => datasetOf(ctx, dataset)),
      ...(run.modelInputs ?? []).map(({ modelId }) => own(ctx, `logged-model:${modelId}`)),
    ],
    outputs: (run.modelOutputs ?? []).map(({ modelId }) => own(ctx, `logged-model:${modelId}`)),
    runFacets: {
      parent: parent && {
        run: { runId: uuidOf(parent.runId) },
        job: { namespace: ownNamespace(ctx), name: parent.experiment },
      },
    },
    jobFacets: {
      sourceCodeLocation:
        source && url !== undefined && URL.canParse(url)
          ? {
              type: 'git',
              url,
              version: source.commit,
              ...(source.repoUrl === undefined ? {} : { repoUrl: source.repoUrl }),
              ...(source.branch === undefined ? {} : { branch: source.branch }),
            }
          : undefined,
    },
  });
}

/** A file that was scored, or was not, by an endpoint's version. */
export function ofBatchJob(
  ctx: Context,
  job: BatchJob,
  { model, quality }: { readonly model: string | undefined; readonly quality?: InputQuality | undefined },
  endedAt: number,
): OutgoingEvent[] {
  const statistics =
    job.status === 'succeeded'
      ? { rowCount: job.totals.rows, size: job.totals.bytes, fileCount: job.input.files }
      : undefined;
  return eventsOf(ctx, {
    runId: uuidOf(job.jobId),
    startedAt: ('startedAt' in job ? job.startedAt : undefined) ?? job.createdAt,
    endedAt,
    ended: job.status === 'succeeded' ? 'COMPLETE' : job.status === 'cancelled' ? 'ABORT' : 'FAIL',
    jobName: `score.${job.owner.type === 'endpoint' ? job.owner.id : job.owner.name}`,
    jobType: 'SCORING',
    inputs: [
      {
        ...own(ctx, `file:${job.input.container}/${job.input.name}`),
        ...(quality ? { inputFacets: facetsFrom(ctx, { dataQualityMetrics: quality }) } : {}),
      },
      ...(job.model && model !== undefined ? [versionOf(ctx, model, job.model.version)] : []),
    ],
    outputs: statistics
      ? [
          {
            ...own(ctx, `file:${job.output.container}/${job.output.name}`),
            outputFacets: facetsFrom(ctx, { outputStatistics: statistics }),
          },
        ]
      : [],
    runFacets: { errorMessage: job.status === 'failed' ? errorOf(job.failure.reason) : undefined },
  });
}

/** A retraining by the predictions of a window, whatever its gate decided. */
export function ofRetraining(ctx: Context, job: RetrainingJob, endedAt: number): OutgoingEvent[] {
  const challenger = challengerOf(job);
  return eventsOf(ctx, {
    runId: uuidOf(job.jobId),
    startedAt: job.createdAt,
    endedAt,
    ended: job.status === 'failed' ? 'FAIL' : job.status === 'cancelled' ? 'ABORT' : 'COMPLETE',
    jobName: `retrain.${job.endpoint}`,
    jobType: 'RETRAINING',
    inputs: [
      own(ctx, `endpoint:${job.endpoint}`),
      ...(job.champion === null ? [] : [versionOf(ctx, job.model, job.champion)]),
    ],
    outputs: challenger === undefined ? [] : [versionOf(ctx, job.model, challenger)],
    runFacets: {
      nominalTime: { nominalStartTime: timeOf(job.from), nominalEndTime: timeOf(job.to) },
      errorMessage: job.status === 'failed' ? errorOf(job.reason) : undefined,
    },
  });
}

/** A conversion of a version to ONNX that came out well. */
export function ofConversion(
  ctx: Context,
  { name, version, converted }: ModelVersion,
  job: ConversionJob,
  endedAt: number,
): OutgoingEvent[] {
  return eventsOf(ctx, {
    runId: uuidOf(job.jobId),
    startedAt: job.createdAt,
    endedAt,
    ended: 'COMPLETE',
    jobName: `convert.${name}`,
    jobType: 'CONVERSION',
    inputs: [versionOf(ctx, name, version)],
    outputs: converted
      ? [
          {
            ...own(ctx, `file:artifacts/${converted.path}`),
            facets: facetsFrom(ctx, { version: { datasetVersion: converted.digest } }),
          },
        ]
      : [],
  });
}

/** START and the end, as the specification wants one of each; the same ones whenever they are made. */
function eventsOf(ctx: Context, done: Done): OutgoingEvent[] {
  const { jobType } = done;
  const common = {
    run: { runId: done.runId, facets: facetsFrom(ctx, done.runFacets ?? {}) },
    job: {
      namespace: ownNamespace(ctx),
      name: done.jobName,
      facets: facetsFrom(ctx, {
        jobType: { processingType: 'BATCH', integration: 'CAIRN', jobType },
        ...done.jobFacets,
      }),
    },
    inputs: done.inputs,
    producer: producerOf(ctx),
    schemaURL,
  };
  const ended = Math.max(done.startedAt, done.endedAt);
  return [
    { ...common, eventType: 'START', eventTime: timeOf(done.startedAt), outputs: [] },
    { ...common, eventType: done.ended, eventTime: timeOf(ended), outputs: done.outputs },
  ];
}

/** A logged dataset by where it lies, else by its digest in the namespace of this platform. */
function datasetOf(ctx: Context, dataset: DatasetInput & DatasetDetail): OutgoingDataset {
  const location = datasetLocation(dataset.source);
  const name =
    (location === undefined ? undefined : nameOfLocation(location)) ?? own(ctx, nodeOfLogged(dataset));
  const fields = fieldsIn(dataset.schema);
  return {
    ...name,
    facets: facetsFrom(ctx, {
      version: dataset.digest ? { datasetVersion: dataset.digest } : undefined,
      schema: fields.length > 0 ? { fields } : undefined,
    }),
  };
}

/** The columns of a schema as MLflow's client logs it: `{"mlflow_colspec": [{"name", "type"}]}`. */
function fieldsIn(schema: string | undefined): { name: string; type?: string }[] {
  try {
    const parsed = JSON.parse(schema ?? 'null') as { mlflow_colspec?: unknown } | null;
    const columns = parsed?.mlflow_colspec;
    if (!Array.isArray(columns)) return [];
    return columns.slice(0, fieldsMax).flatMap((column: { name?: unknown; type?: unknown } | null) => {
      const { name, type } = column ?? {};
      if (typeof name !== 'string') return [];
      return [typeof type === 'string' ? { name, type } : { name }];
    });
  } catch {
    return [];
  }
}

function versionOf(ctx: Context, model: string, version: number): OutgoingDataset {
  return own(ctx, `version:${model}/${version}`);
}

function own(ctx: Context, node: string): Named {
  return { namespace: ownNamespace(ctx), name: node };
}

function errorOf(reason: string): Facet {
  return { message: reason.slice(0, messageCharsMax), programmingLanguage: 'JavaScript' };
}

/** The id of a run of this platform as the UUID it is, without hyphens; of anything else a digest in that form. */
export function uuidOf(id: string): string {
  const hex = /^[0-9a-f]{32}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** RFC 3339. A client may give a run any time at all, of which not all have a form. */
function timeOf(milliseconds: number): string {
  const yearMax = Date.UTC(9999, 11, 31);
  return new Date(Math.min(Math.max(milliseconds, 0), yearMax)).toISOString();
}

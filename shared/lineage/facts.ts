import { findJob } from '../batch/index.ts';
import type { Context } from '../context.ts';
import { getRetraining } from '../pipelines/index.ts';
import { getVersion, modelById, type ModelRoot } from '../registry/index.ts';
import { aliasOf, getLogged, mainOf } from '../endpoints/index.ts';
import { getLoggedModel, gitSourceOf, glanceAtRuns, type Run } from '../tracking/index.ts';
import { inTurns } from '../turns.ts';
import { codeIn, type NodeId, type NodeKind, partsOf, versionIn } from './node.ts';
import { presentFacets } from './openlineage/facets.ts';
import { challengerOf } from './record.ts';
import { unlessMissing } from './record-run.ts';
import { describedNode, type Facts } from './store.ts';

/** A node as it is shown. `facts.state` is there where it is `deleted`, or `purged`: known by its edges alone. */
export type LineageNode = {
  readonly id: NodeId;
  readonly kind: NodeKind;
  readonly label: string;
  /** A page of the web UI, or of a forge. */
  readonly link?: string;
  readonly facts: Facts;
};

type Shown = Omit<LineageNode, 'id' | 'kind'>;

const readsAtOnceMax = 8;

/**
 * What nodes are called and what is known of them, by point reads: of runs with their experiments, of
 * versions with their models, each of those once. What is gone is shown by its id.
 */
export async function shownNodes(ctx: Context, ids: readonly NodeId[]): Promise<Map<NodeId, LineageNode>> {
  const runIds = ids.flatMap((id) => (partsOf(id).kind === 'run' ? [partsOf(id).name] : []));
  const runs = await glanceAtRuns(ctx, runIds);
  const modelOf = modelsOnce(ctx);
  const nodes = await inTurns(ids, readsAtOnceMax, async (id): Promise<LineageNode> => {
    const { kind, name } = partsOf(id);
    const shown = await show(ctx, id, { runs, modelOf });
    return { id, kind, ...(shown ?? { label: name, facts: { state: 'purged' } }) };
  });
  return new Map(nodes.map((node) => [node.id, node]));
}

type Read = {
  readonly runs: ReadonlyMap<string, Run>;
  readonly modelOf: (modelId: string) => Promise<ModelRoot | undefined>;
};

/** `undefined` for what is not there. */
async function show(ctx: Context, id: NodeId, { runs, modelOf }: Read): Promise<Shown | undefined> {
  const { kind, name } = partsOf(id);
  switch (kind) {
    case 'run': {
      const run = runs.get(name);
      return run && showRun(run);
    }
    case 'logged-model':
      return showLoggedModel(ctx, name);
    case 'version':
      return showVersion(ctx, name, modelOf);
    case 'endpoint':
      return showEndpoint(ctx, name);
    case 'batch-job':
      return showJob(ctx, name);
    case 'retraining':
      return showRetraining(ctx, name);
    case 'code':
      return showCode(name);
    case 'file':
      return showFile(name);
    case 'dataset':
    case 'openlineage-job':
    case 'openlineage-run':
    case 'openlineage-dataset':
      return showDescribed(ctx, id);
  }
}

function showRun(run: Run): Shown {
  const { runId, experimentId, name, status, startTime, endTime, userId, lifecycle } = run;
  const branch = gitSourceOf(run.tags)?.branch;
  return {
    label: name,
    link: `#/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`,
    facts: {
      status,
      experiment_id: experimentId,
      started_at: startTime,
      ...(endTime === undefined ? {} : { ended_at: endTime }),
      ...(userId ? { user: userId } : {}),
      metrics: Object.keys(run.m).length,
      ...(branch ? { git_branch: branch } : {}),
      ...stateOf(lifecycle.stage),
    },
  };
}

async function showLoggedModel(ctx: Context, modelId: string): Promise<Shown | undefined> {
  const model = await unlessMissing(getLoggedModel(ctx, modelId, { deleted: true }));
  return (
    model && {
      label: model.name,
      facts: {
        status: model.status,
        experiment_id: model.experimentId,
        ...(model.modelType ? { model_type: model.modelType } : {}),
        metrics: model.metrics.length,
        created_at: model.createdAt,
        ...stateOf(model.lifecycle.stage),
      },
    }
  );
}

async function showVersion(ctx: Context, name: string, modelOf: Read['modelOf']): Promise<Shown | undefined> {
  const { model: modelId = '', version = 0 } = versionIn(name) ?? {};
  const model = await modelOf(modelId);
  if (!model) return undefined;
  const label = `${model.name} v${version}`;
  const named = { model: model.name, version };
  if (model.gone.includes(version)) return { label, facts: { ...named, state: 'deleted' } };
  const found = await unlessMissing(getVersion(ctx, modelId, version));
  if (!found) return undefined;
  const aliases = Object.keys(model.aliases).filter((alias) => model.aliases[alias] === version);
  return {
    label,
    link: `#/models/${encodeURIComponent(model.name)}/versions/${version}`,
    facts: {
      ...named,
      inspection: found.inspection.state,
      ...(found.inspection.state === 'ready' ? { digest: found.inspection.ready.digest } : {}),
      ...(aliases.length > 0 ? { aliases } : {}),
      created_at: found.createdAt,
    },
  };
}

async function showEndpoint(ctx: Context, name: string): Promise<Shown | undefined> {
  const endpoint = await unlessMissing(getLogged(ctx, name));
  if (endpoint?.type === 'gone-endpoint')
    return { label: name, facts: { created_at: endpoint.createdAt, ...stateOf('deleted') } };
  const main = endpoint && mainOf(endpoint);
  const alias = main && aliasOf(main);
  return (
    endpoint && {
      label: name,
      link: `#/endpoints/${encodeURIComponent(name)}`,
      facts: {
        ...(main ? { model: main.model } : {}),
        ...(alias === undefined ? {} : { alias }),
        ...(main?.stable ? { version: main.stable.version } : {}),
        created_at: endpoint.createdAt,
      },
    }
  );
}

async function showJob(ctx: Context, jobId: string): Promise<Shown | undefined> {
  const job = await unlessMissing(findJob(ctx, jobId));
  return (
    job && {
      label: `Scoring of ${baseName(job.input.name)}`,
      facts: {
        status: job.status,
        ...(job.owner.type === 'endpoint' ? { endpoint: job.owner.id } : { model: job.owner.name }),
        ...(job.status === 'succeeded' ? { rows: job.totals.rows, bad_rows: job.totals.bad } : {}),
        ...(job.status === 'succeeded' && job.report !== undefined
          ? { report: `/api/v1/batch-jobs/${jobId}/report` }
          : {}),
        created_at: job.createdAt,
        ...('finishedAt' in job ? { finished_at: job.finishedAt } : {}),
      },
    }
  );
}

async function showRetraining(ctx: Context, jobId: string): Promise<Shown | undefined> {
  const job = await unlessMissing(getRetraining(ctx, jobId));
  if (!job) return undefined;
  const challenger = challengerOf(job);
  return {
    label: `Retraining of ${job.model}`,
    facts: {
      status: job.status,
      endpoint: job.endpoint,
      alias: job.alias,
      window_from: job.from,
      window_to: job.to,
      ...(challenger === undefined ? {} : { challenger }),
      created_at: job.createdAt,
    },
  };
}

async function showDescribed(ctx: Context, id: NodeId): Promise<Shown | undefined> {
  const described = await describedNode(ctx, id);
  if (!described) return undefined;
  const facets = Object.keys(presentFacets(described.facets ?? {}));
  return {
    label: described.label,
    facts: { ...described.facts, ...(facets.length > 0 ? { facets } : {}) },
  };
}

function showCode(name: string): Shown {
  const { repository, commit, link } = codeIn(name);
  return {
    label: `${baseName(repository) || 'code'}@${commit.slice(0, 8)}`,
    ...(link ? { link } : {}),
    facts: { repository, commit },
  };
}

function showFile(name: string): Shown {
  const slash = name.indexOf('/');
  return {
    label: baseName(name),
    facts: { container: name.slice(0, slash), path: name.slice(slash + 1) },
  };
}

function stateOf(stage: 'active' | 'deleted'): Facts {
  return stage === 'deleted' ? { state: 'deleted' } : {};
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Models by id, each read once. */
function modelsOnce(ctx: Context): (modelId: string) => Promise<ModelRoot | undefined> {
  const read = new Map<string, Promise<ModelRoot | undefined>>();
  return (modelId) => {
    const known = read.get(modelId) ?? unlessMissing(modelById(ctx, modelId));
    read.set(modelId, known);
    return known;
  };
}

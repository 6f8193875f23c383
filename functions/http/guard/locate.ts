import type { Resource, ResourceType } from '../../../shared/access/index.ts';
import { findJob, unknownJob, unknownOutput } from '../../../shared/batch/index.ts';
import type { Context } from '../../../shared/context.ts';
import { type CairnError, decodedPath, type Named, unlessCode } from '../../../shared/http/index.ts';
import { getMonitor, unknownMonitor } from '../../../shared/monitoring/index.ts';
import { getRetraining, unknownRetraining } from '../../../shared/pipelines/index.ts';
import { modelIdOfName, unknownModel } from '../../../shared/registry/index.ts';
import { unknownEndpoint } from '../../../shared/endpoints/index.ts';
import {
  experimentIdIn,
  experimentOfModel,
  experimentOfRun,
  experimentsOfArtifact,
  experimentsOfArtifactUri,
} from '../../../shared/tracking/index.ts';

/**
 * What a text names: the resources on each of which a role is needed (none for a place outside), or
 * `nothing` where there is no such thing in the workspace, or `anything` where it may belong to any.
 */
export type Located = readonly Resource[] | 'nothing' | 'anything';

type Locator = {
  /** The type of resource that rules about such things are of. */
  readonly type: ResourceType;
  /** Whether it reads from a store: spared where the caller holds the role over everything of the type. */
  readonly reads?: true;
  readonly locate: (ctx: Context, text: string) => Located | Promise<Located>;
  /** What handlers say where there is no such thing, for names that can be guessed. */
  readonly unknown?: (text: string) => CairnError;
};

/** How each kind of name is traced to the resources that rules can be about. */
export const locators: Readonly<Record<Named, Locator>> = {
  experiment: { type: 'experiment', locate: (_, id) => one('experiment', experimentIdIn(id)) },
  run: { type: 'experiment', locate: (_, id) => one('experiment', experimentOfRun(id)) },
  'logged-model': { type: 'experiment', locate: (_, id) => one('experiment', experimentOfModel(id)) },
  'artifact-path': { type: 'experiment', locate: (_, path) => experiments(experimentsOfArtifact(path)) },
  'artifact-uri': { type: 'experiment', locate: (_, uri) => experiments(experimentsOfArtifactUri(uri)) },
  model: { type: 'model', locate: (_, id) => one('model', id) },
  'model-name': { type: 'model', reads: true, locate: locateModel, unknown: unknownModel },
  endpoint: { type: 'endpoint', locate: (_, name) => one('endpoint', name), unknown: unknownEndpoint },
  monitor: {
    type: 'endpoint',
    reads: true,
    locate: async (ctx, name) =>
      one('endpoint', (await unlessCode(getMonitor(ctx, name), 'not-found'))?.doc.endpoint),
    unknown: unknownMonitor,
  },
  'batch-job': {
    type: 'endpoint',
    reads: true,
    locate: async (ctx, id) => one('endpoint', (await unlessCode(findJob(ctx, id), 'not-found'))?.endpoint),
    unknown: unknownJob,
  },
  'batch-file': {
    type: 'endpoint',
    locate: (_, path) => one('endpoint', endpointOfFile(path)),
    unknown: (path) => unknownOutput(decodedPath(path)),
  },
  'retraining-job': {
    type: 'endpoint',
    reads: true,
    locate: async (ctx, id) =>
      one('endpoint', (await unlessCode(getRetraining(ctx, id), 'not-found'))?.endpoint),
    unknown: unknownRetraining,
  },
};

function one(type: ResourceType, id: string | undefined): Located {
  return id === undefined ? 'nothing' : [{ type, id }];
}

function experiments(ids: readonly string[] | undefined): Located {
  return ids?.map((id) => ({ type: 'experiment', id })) ?? 'anything';
}

/** Files of batch scoring lie below `<endpoint>` or `<endpoint>@<workspace>`; `encoded` as it came in the URL. */
function endpointOfFile(encoded: string): string | undefined {
  try {
    return decodedPath(encoded).split(/[/@]/, 1)[0];
  } catch {
    return undefined;
  }
}

async function locateModel(ctx: Context, name: string): Promise<Located> {
  return one('model', await modelIdOfName(ctx, name));
}

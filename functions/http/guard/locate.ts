import type { Resource, ResourceType } from '../../../shared/access/index.ts';
import { getSilence, storedIncident, unknownIncident, unknownSilence } from '../../../shared/alerts/index.ts';
import {
  ownerOfJob,
  placeOfFolder,
  unknownFolder,
  unknownJob,
  unknownOutput,
} from '../../../shared/batch/index.ts';
import type { Context } from '../../../shared/context.ts';
import { ownerOfFolder } from '../../../shared/datasets/index.ts';
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
  /** The types of resource that rules about such things are of. */
  readonly types: readonly ResourceType[];
  /** Whether it reads from a store: spared where the caller holds the role over everything of the type. */
  readonly reads?: true;
  readonly locate: (ctx: Context, text: string) => Located | Promise<Located>;
  /** What handlers say where there is no such thing, for names that can be guessed. */
  readonly unknown?: (text: string) => CairnError;
};

/** How each kind of name is traced to the resources that rules can be about. */
export const locators: Readonly<Record<Named, Locator>> = {
  experiment: { types: ['experiment'], locate: (_, id) => one('experiment', experimentIdIn(id)) },
  run: { types: ['experiment'], locate: (_, id) => one('experiment', experimentOfRun(id)) },
  'logged-model': { types: ['experiment'], locate: (_, id) => one('experiment', experimentOfModel(id)) },
  'artifact-path': { types: ['experiment'], locate: (_, path) => experiments(experimentsOfArtifact(path)) },
  'artifact-uri': { types: ['experiment'], locate: (_, uri) => experiments(experimentsOfArtifactUri(uri)) },
  model: { types: ['model'], locate: (_, id) => one('model', id) },
  'model-name': { types: ['model'], reads: true, locate: locateModel, unknown: unknownModel },
  endpoint: { types: ['endpoint'], locate: (_, name) => one('endpoint', name), unknown: unknownEndpoint },
  monitor: {
    types: ['endpoint'],
    reads: true,
    locate: async (ctx, name) =>
      one('endpoint', (await unlessCode(getMonitor(ctx, name), 'not-found'))?.doc.endpoint),
    unknown: unknownMonitor,
  },
  'batch-job': {
    types: ['endpoint', 'model'],
    reads: true,
    locate: async (ctx, id) => among(await ownerOfJob(ctx, id)),
    unknown: unknownJob,
  },
  'batch-file': {
    types: ['endpoint', 'model'],
    locate: (_, path) => among(ownerOfOutput(path)),
    unknown: (path) => unknownOutput(decodedPath(path)),
  },
  'batch-folder': {
    types: ['endpoint', 'model'],
    reads: true,
    locate: async (ctx, folder) => among((await placeOfFolder(ctx, folder))?.owner),
    unknown: unknownFolder,
  },
  'retraining-job': {
    types: ['endpoint'],
    reads: true,
    locate: async (ctx, id) =>
      one('endpoint', (await unlessCode(getRetraining(ctx, id), 'not-found'))?.endpoint),
    unknown: unknownRetraining,
  },
  incident: {
    types: ['endpoint'],
    reads: true,
    locate: async (ctx, id) =>
      // What another system reports of no endpoint of ours, and what is of all of them, is the workspace's.
      one('endpoint', (await unlessCode(storedIncident(ctx, id), 'not-found'))?.doc.endpoint || undefined),
    unknown: unknownIncident,
  },
  silence: {
    types: ['endpoint'],
    reads: true,
    locate: async (ctx, id) =>
      one('endpoint', (await unlessCode(getSilence(ctx, id), 'not-found'))?.endpoint ?? undefined),
    unknown: unknownSilence,
  },
};

function one(type: ResourceType, id: string | undefined): Located {
  return id === undefined ? 'nothing' : [{ type, id }];
}

function experiments(ids: readonly string[] | undefined): Located {
  return ids?.map((id) => ({ type: 'experiment', id })) ?? 'anything';
}

function among(owner: Resource | undefined): Located {
  return owner === undefined ? 'nothing' : one(owner.type, owner.id);
}

/** Whose the folder is that an output lies in: `<folder>`, or `<folder>@<workspace>`; `encoded` as it came in the URL. */
function ownerOfOutput(encoded: string): Resource | undefined {
  try {
    return ownerOfFolder(decodedPath(encoded).split(/[/@]/, 1)[0] ?? '');
  } catch {
    return undefined;
  }
}

async function locateModel(ctx: Context, name: string): Promise<Located> {
  return one('model', await modelIdOfName(ctx, name));
}

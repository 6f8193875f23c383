import type { Resource, ResourceType } from '../../../shared/access/index.ts';
import { findJob } from '../../../shared/batch/index.ts';
import type { Context } from '../../../shared/context.ts';
import { decodedPath, type Named, unlessCode } from '../../../shared/http/index.ts';
import { getRetraining } from '../../../shared/pipelines/index.ts';
import { modelIdOfName } from '../../../shared/registry/index.ts';
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
  readonly locate: (ctx: Context, text: string) => Located | Promise<Located>;
};

/** How each kind of name is traced to the resources that rules can be about. */
export const locators: Readonly<Record<Named, Locator>> = {
  experiment: { type: 'experiment', locate: (_, id) => one('experiment', experimentIdIn(id)) },
  run: { type: 'experiment', locate: (_, id) => one('experiment', experimentOfRun(id)) },
  'logged-model': { type: 'experiment', locate: (_, id) => one('experiment', experimentOfModel(id)) },
  'artifact-path': { type: 'experiment', locate: (_, path) => experiments(experimentsOfArtifact(path)) },
  'artifact-uri': { type: 'experiment', locate: locateUri },
  model: { type: 'model', locate: (_, id) => one('model', id) },
  'model-name': { type: 'model', locate: locateModel },
  endpoint: { type: 'endpoint', locate: (_, name) => one('endpoint', name) },
  monitor: { type: 'endpoint', locate: (_, endpoint) => one('endpoint', endpoint) },
  'batch-job': {
    type: 'endpoint',
    locate: async (ctx, id) => one('endpoint', (await unlessCode(findJob(ctx, id), 'not-found'))?.endpoint),
  },
  'batch-file': { type: 'endpoint', locate: (_, path) => one('endpoint', endpointOfFile(path)) },
  'retraining-job': {
    type: 'endpoint',
    locate: async (ctx, id) =>
      one('endpoint', (await unlessCode(getRetraining(ctx, id), 'not-found'))?.endpoint),
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

/** `runs:/<run>/…`, `models:/<logged model>`, `models:/<name>/…`, `models:/<name>@…`, and the URI of a place. */
function locateUri(ctx: Context, uri: string): Located | Promise<Located> {
  const [, scheme = '', path = ''] = /^(runs|models):\/+(.*)$/is.exec(uri) ?? [];
  const [first = '', ...more] = path.split('/');
  switch (scheme.toLowerCase()) {
    case 'runs':
      return one('experiment', experimentOfRun(first));
    case 'models': {
      const experimentId = more.length === 0 ? experimentOfModel(first) : undefined;
      if (experimentId !== undefined) return one('experiment', experimentId);
      return locateModel(ctx, more.length === 0 ? first.replace(/@[^@]*$/, '') : first);
    }
    default:
      return experiments(experimentsOfArtifactUri(uri));
  }
}

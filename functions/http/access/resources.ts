import { type Resource, type ResourceType, resourceTypes } from '../../../shared/access/index.ts';
import type { Context } from '../../../shared/context.ts';
import { CairnError, unlessCode } from '../../../shared/http/index.ts';
import { modelById, modelByName, modelNames } from '../../../shared/registry/index.ts';
import { getEndpoint } from '../../../shared/endpoints/index.ts';
import { experimentNames, getExperiment, getExperimentByName } from '../../../shared/tracking/index.ts';

/** What a rule is said to be about: an id, or a name that stands for one now. */
export type NamedResource = { readonly type: ResourceType } & (
  | { readonly id: string; readonly name?: undefined }
  | { readonly name: string; readonly id?: undefined }
);

/** Ids whose names are asked for at once. */
const idsMax = 500;

/** The resource of the workspace that is named; `undefined` where there is none. Whether the caller may see it is not asked. */
export function findResource(ctx: Context, named: NamedResource): Promise<Resource | undefined> {
  return unlessCode(find(ctx, named), 'not-found', 'invalid');
}

async function find(ctx: Context, { type, id, name }: NamedResource): Promise<Resource> {
  switch (type) {
    case 'experiment': {
      const found = id === undefined ? await getExperimentByName(ctx, name) : await getExperiment(ctx, id);
      return { type, id: found.experimentId };
    }
    case 'model':
      return {
        type,
        id: (id === undefined ? await modelByName(ctx, name) : await modelById(ctx, id)).modelId,
      };
    case 'endpoint':
      return { type, id: (await getEndpoint(ctx, id ?? name)).name };
  }
}

/** What resources of several workspaces are called now, by {@link resourceKey}; those that are gone are left out. */
export async function resourceNames(
  ctx: Context,
  wanted: Iterable<{ readonly workspace: string; readonly resource: Resource }>,
): Promise<Map<string, string>> {
  const ids = new Map<string, { workspace: string; type: ResourceType; ids: Set<string> }>();
  for (const { workspace, resource } of wanted) {
    const key = `${resource.type} ${workspace}`;
    const group = ids.get(key) ?? { workspace, type: resource.type, ids: new Set() };
    group.ids.add(resource.id);
    ids.set(key, group);
  }
  const names = new Map<string, string>();
  for (const group of ids.values()) {
    const { workspace, type } = group;
    for (let rest = [...group.ids]; rest.length > 0; rest = rest.slice(idsMax))
      for (const [id, name] of await namesOf({ ...ctx, workspace }, type, rest.slice(0, idsMax)))
        names.set(resourceKey(workspace, { type, id }), name);
  }
  return names;
}

export function resourceKey(workspace: string, { type, id }: Resource): string {
  return `${workspace} ${type} ${id}`;
}

async function namesOf(
  ctx: Context,
  type: ResourceType,
  ids: readonly string[],
): Promise<Map<string, string>> {
  switch (type) {
    case 'experiment':
      return experimentNames(ctx, ids);
    case 'model':
      return modelNames(ctx, ids);
    case 'endpoint':
      return new Map(ids.map((id) => [id, id]));
  }
}

/** What an input says a rule is about. Throws `invalid` unless it is one thing, by one way of naming it. */
export function namedResource(given: {
  readonly type: ResourceType;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}): NamedResource {
  const { type, id, name } = given;
  if (id !== undefined && name === undefined) return { type, id };
  if (name !== undefined && id === undefined) return { type, name };
  throw new CairnError(
    'invalid',
    `resource names one ${resourceTypes.join(', ')} by its id or by its name, not by both.`,
    { field: 'resource' },
  );
}

import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { getVersion, resolveAlias, versionOf, visibleModel } from '../registry/index.ts';
import {
  type Deployment,
  deploymentSettingsDefault,
  type ExternalDeployment,
  type ModelDeployment,
} from './deployment.ts';
import type { NewDeployment } from './input.ts';
import { whyTooLarge } from './memory.ts';

/**
 * Deployments as they are stored. One that is as it was `before` keeps the version it answers with, its rollout and
 * its secret; one with another model, alias or version starts anew. Throws `not-found` for a model, also one that the
 * caller may not see, `invalid` for an alias, a URL or a secret, `conflict` for a version that is too large.
 */
export function deploymentsOf(
  ctx: Context,
  inputs: readonly NewDeployment[],
  before: readonly Deployment[] = [],
): Promise<Deployment[]> {
  return Promise.all(
    inputs.map((input, at) => {
      const known = before.find(({ name }) => name === input.name);
      const field = `deployments[${at}]`;
      return 'url' in input
        ? externalOf(ctx, input, known?.kind === 'external' ? known : undefined, field)
        : modelOf(ctx, input, known?.kind === 'model' ? known : undefined, field);
    }),
  );
}

async function modelOf(
  ctx: Context,
  input: Extract<NewDeployment, { model: string }>,
  before: ModelDeployment | undefined,
  field: string,
): Promise<ModelDeployment> {
  const { name, model, follows } = input;
  const { modelId, version } =
    'alias' in follows
      ? await resolveAlias(ctx, model, follows.alias)
      : await versionOf(ctx, await visibleModel(ctx, model), follows.version);
  const { inspection } = await getVersion(ctx, modelId, version);
  const why = inspection.state === 'ready' ? whyTooLarge(ctx, inspection.ready) : undefined;
  if (why !== undefined)
    throw new CairnError('conflict', `Version ${version} of '${model}' ${why}`, { field: `${field}.model` });
  const settings = { ...(before?.settings ?? deploymentSettingsDefault), ...input.settings };
  const isSame = before?.modelId === modelId && isSameFollowed(before.follows, follows);
  return isSame ? { ...before, model, settings } : { kind: 'model', name, modelId, model, follows, settings };
}

function isSameFollowed(a: ModelDeployment['follows'], b: ModelDeployment['follows']): boolean {
  if ('alias' in a) return 'alias' in b && a.alias === b.alias;
  return 'version' in b && a.version === b.version;
}

function externalOf(
  _ctx: Context,
  { name, url, secret }: Extract<NewDeployment, { url: string }>,
  _before: ExternalDeployment | undefined,
  _field: string,
): Promise<ExternalDeployment> {
  return Promise.resolve({ kind: 'external', name, url, ...(typeof secret === 'string' ? { secret } : {}) });
}

import type { Context } from '../context.ts';
import { CairnError, hides, isHiding } from '../http/index.ts';
import { checkTarget } from '../outbound/index.ts';
import { getVersion, resolveAlias, versionOf, visibleModel } from '../registry/index.ts';
import { sealedSecret } from '../secrets/index.ts';
import { checkNames } from './check.ts';
import {
  type Deployment,
  deploymentSettingsDefault,
  type ExternalDeployment,
  type ModelDeployment,
} from './deployment.ts';
import type { NewDeployment } from './input.ts';
import { whyTooLarge } from './memory.ts';
import { secretInUrl } from './secret-in-url.ts';

/**
 * Deployments as they are stored. One that is as it was `before` keeps the version it answers with, its rollout and
 * its secret; one with another model, alias or version starts anew. Throws `not-found` for a model, also one that the
 * caller may not see, `invalid` for an alias, a URL or a secret, `conflict` for a version that is too large.
 */
export async function deploymentsOf(
  ctx: Context,
  inputs: readonly NewDeployment[],
  before: readonly Deployment[] = [],
): Promise<Deployment[]> {
  checkNames(inputs.map(({ name }) => name));
  return Promise.all(
    inputs.map((input, at) => {
      const known = before.find(({ name }) => name === input.name);
      return 'url' in input
        ? externalOf(ctx, input, known?.kind === 'external' ? known : undefined, `deployments[${at}].`)
        : modelOf(
            ctx,
            input,
            known?.kind === 'model' ? known : undefined,
            input.unlisted ? '' : `deployments[${at}].`,
          );
    }),
  );
}

async function modelOf(
  ctx: Context,
  input: Extract<NewDeployment, { model: string }>,
  before: ModelDeployment | undefined,
  place: string,
): Promise<ModelDeployment> {
  const { name, model, follows } = input;
  const { modelId, version } = await heldBy(ctx, input).catch((error: unknown) =>
    placed(error, place, input),
  );
  const { inspection } = await getVersion(ctx, modelId, version);
  const why = inspection.state === 'ready' ? whyTooLarge(ctx, inspection.ready) : undefined;
  if (why !== undefined)
    throw new CairnError('conflict', `Version ${version} of '${model}' ${why}`, { field: `${place}model` });
  const settings = { ...(before?.settings ?? deploymentSettingsDefault), ...input.settings };
  const isSame = before?.modelId === modelId && isSameFollowed(before.follows, follows);
  return isSame ? { ...before, model, settings } : { kind: 'model', name, modelId, model, follows, settings };
}

async function heldBy(
  ctx: Context,
  { model, follows }: Extract<NewDeployment, { model: string }>,
): Promise<{ modelId: string; version: number }> {
  if ('alias' in follows) return resolveAlias(ctx, model, follows.alias);
  return versionOf(ctx, await visibleModel(ctx, model), follows.version);
}

/** Throws what the registry says, of the field by which it was asked. */
function placed(
  error: unknown,
  place: string,
  { model, follows }: Extract<NewDeployment, { model: string }>,
): never {
  if (!(error instanceof CairnError) || error.field === undefined) throw error;
  const field = `${place}${error.field === 'name' ? 'model' : error.field}`;
  const message =
    error.field === 'alias' && 'alias' in follows
      ? `No version of '${model}' has the alias '${follows.alias}'; give it to one first, or name an alias or a version that is there.`
      : error.message;
  const told = new CairnError(error.code, message, { field });
  throw isHiding(error) ? hides(told) : told;
}

function isSameFollowed(a: ModelDeployment['follows'], b: ModelDeployment['follows']): boolean {
  if ('alias' in a) return 'alias' in b && a.alias === b.alias;
  return 'version' in b && a.version === b.version;
}

/** A secret stays with the URL that it was given for: who changes the URL need not know it, and would be sent it. */
async function externalOf(
  ctx: Context,
  { name, url, secret }: Extract<NewDeployment, { url: string }>,
  before: ExternalDeployment | undefined,
  place: string,
): Promise<ExternalDeployment> {
  await checkTarget(url, ctx.settings.scoringTargets, 'Scoring URL', `${place}url`);
  const shown = secretInUrl(url);
  if (shown !== undefined)
    throw new CairnError(
      'invalid',
      `The URL of '${name}' holds a secret (${shown}), and is shown to all who may see the endpoint; give it as 'secret', which is sealed and sent as bearer token.`,
      { field: `${place}url` },
    );
  if (secret === undefined && before?.secret !== undefined && before.url !== url)
    throw new CairnError(
      'invalid',
      `The URL of '${name}' is another one; give the secret for it, or '' for none.`,
      { field: `${place}secret` },
    );
  const given = checkedSecret(secret, `${place}secret`);
  const sealed = await sealedSecret(ctx, given, { name: 'The secret', field: `${place}secret` });
  const kept = sealed ?? before?.secret;
  return { kind: 'external', name, url, ...(kept ? { secret: kept } : {}) };
}

/** A secret as it fits into the header `Authorization`; `null` is none. */
function checkedSecret(secret: unknown, field: string): unknown {
  if (secret === null) return '';
  if (typeof secret !== 'string' || /^[\x21-\x7e]*$/.test(secret)) return secret;
  throw new CairnError('invalid', 'The secret must be of printable ASCII characters without spaces.', {
    field,
  });
}

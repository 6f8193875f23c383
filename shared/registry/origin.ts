import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError, isCode } from '../http/index.ts';
import { addRegistration, getLoggedModel } from '../tracking/index.ts';
import { resolveAlias } from './aliases.ts';
import type { ModelVersion } from './model.ts';
import { getVersion, versionByName } from './versions.ts';

type Asked = {
  readonly source: string;
  readonly runId?: string | undefined;
  readonly loggedModelId?: string | undefined;
};
type Origin = Pick<ModelVersion, 'storageLocation' | 'loggedModelId' | 'runId'>;

/**
 * Where a new version comes from: the place, the run and the logged model behind a source that names a
 * model, `models:/<logged model id>`, `models:/<name>/<version>` or `models:/<name>@<alias>`. Throws
 * `invalid` where there is no such model, or where it is not the one that the request says.
 */
export async function originOf(ctx: Context, asked: Asked): Promise<Origin> {
  const given: Origin = {
    ...(asked.runId ? { runId: asked.runId } : {}),
    ...(asked.loggedModelId ? { loggedModelId: asked.loggedModelId } : {}),
  };
  try {
    return { ...(await namedOrigin(ctx, asked)), ...given };
  } catch (error) {
    if (!isCode(error, 'not-found')) throw error;
    throw new CairnError(
      'invalid',
      `Unable to fetch model from model URI source artifact location '${asked.source.slice(0, 200)}'. ${error.message}`,
      { field: 'source', cause: error },
    );
  }
}

/** Tells a logged model of the version that was made of it. Subscriber of `version.created`; twice is once. */
export async function linkLoggedModel(ctx: Context, event: CairnEvent): Promise<void> {
  const version = Number(event.subject['version']);
  const { name, loggedModelId } = await getVersion(ctx, event.subject['modelId'] ?? '', version);
  if (loggedModelId === undefined) return;
  try {
    await addRegistration(ctx, loggedModelId, { name, version: String(version) });
  } catch (error) {
    // Purged meanwhile: there is nobody to tell.
    if (!isCode(error, 'not-found')) throw error;
  }
}

async function namedOrigin(ctx: Context, { source, loggedModelId }: Asked): Promise<Origin> {
  const name = /^models:\/([^/].*)$/.exec(source)?.[1];
  const loggedName = name !== undefined && /^m-[0-9a-f]{32}$/.test(name) ? name : undefined;
  if (loggedName !== undefined && loggedModelId && loggedModelId !== loggedName)
    throw new CairnError(
      'invalid',
      `Invalid model version source: '${source}'. The model_id request parameter must identify the resource that contains the source.`,
      { field: 'model_id' },
    );
  const logged = loggedName ?? loggedModelId;
  if (logged) {
    const { artifactUri, sourceRunId } = await getLoggedModel(ctx, logged);
    return {
      ...(loggedName ? { storageLocation: artifactUri, loggedModelId: loggedName } : {}),
      ...(sourceRunId ? { runId: sourceRunId } : {}),
    };
  }
  if (name === undefined) return {};
  const from = await registeredVersion(ctx, source, name);
  return {
    storageLocation: from.storageLocation ?? from.source,
    ...(from.runId ? { runId: from.runId } : {}),
    ...(from.loggedModelId ? { loggedModelId: from.loggedModelId } : {}),
  };
}

async function registeredVersion(ctx: Context, source: string, name: string): Promise<ModelVersion> {
  const numbered = /^([^/@]+)\/(\d{1,15})$/.exec(name);
  if (numbered) return versionByName(ctx, numbered[1] ?? '', Number(numbered[2]));
  const aliased = /^([^/@]+)@(.+)$/.exec(name);
  if (aliased) {
    const { modelId, version } = await resolveAlias(ctx, aliased[1] ?? '', aliased[2] ?? '');
    return getVersion(ctx, modelId, version);
  }
  throw new CairnError(
    'invalid',
    `Invalid model version source: '${source.slice(0, 200)}'. Name a model by models:/<model id>, models:/<name>/<version> or models:/<name>@<alias>.`,
    { field: 'source' },
  );
}

import { artifactPathIn, findArtifact } from '../../artifacts/index.ts';
import type { Context } from '../../context.ts';
import type { CairnEvent } from '../../events/index.ts';
import { CairnError, isCode, unlessCode } from '../../http/index.ts';
import {
  addRegistration,
  artifactUriOf,
  getLoggedModel,
  getRun,
  type LoggedModel,
} from '../../tracking/index.ts';
import { aliasTarget } from '../aliases/aliases.ts';
import { newestNumber } from './latest.ts';
import type { ModelRoot, ModelVersion } from '../model.ts';
import { visibleModel } from '../models/models.ts';
import { isPrompt } from '../prompts.ts';
import { parseSource, refused, type Source, unidentified } from './source.ts';
import { stageNamed } from '../stages.ts';
import { requireVisible } from './source-access.ts';
import { readVersion, versionOf } from './versions.ts';

/** What a request says of where a model comes from. */
export type Asked = {
  readonly source: string;
  readonly runId?: string | undefined;
  readonly loggedModelId?: string | undefined;
};
/** What the version will say of it: the source with its version written out, and what stands behind it. */
export type Origin = Pick<ModelVersion, 'source' | 'storageLocation' | 'loggedModelId' | 'runId'>;

/**
 * The place, the run and the logged model behind a source: `runs:/<run id>/<path>`, `models:/<model id>`,
 * `models:/<name>/<version, stage or latest>`, `models:/<name>@<alias>`, or the URI of a place. Throws
 * `invalid` where the source names nothing, or where the request says that it is of another run or model
 * (`_validate_source_run`, `_validate_source_model`, `_resolve_registered_model_source_lineage`), `forbidden` where
 * the caller may not see the run or the model, or what lies at the place: a version would show it to them.
 */
export async function originOf(ctx: Context, asked: Asked): Promise<Origin> {
  const source = parseSource(asked.source);
  requireVisible(ctx, asked, source);
  switch (source.kind) {
    case 'run':
      return ofRun(ctx, asked, source);
    case 'logged-model':
      return ofLoggedModel(ctx, asked, source.modelId);
    case 'version':
      return ofVersion(ctx, asked, source);
    case 'place':
      return ofPlace(ctx, asked);
  }
}

/** Tells a logged model of the version that was made of it. Subscriber of `version.created`; twice is once. */
export async function linkLoggedModel(ctx: Context, event: CairnEvent): Promise<void> {
  const number = Number(event.subject['version']);
  const version = (await readVersion(ctx, event.subject['modelId'] ?? '', number))?.doc;
  if (version?.loggedModelId === undefined) return;
  try {
    await addRegistration(ctx, version.loggedModelId, { name: version.name, version: String(number) });
  } catch (error) {
    // Purged meanwhile: there is nobody to tell.
    if (!isCode(error, 'not-found')) throw error;
  }
}

/** A run of another server is taken as it is: only clients can reach what it holds. */
async function ofRun(
  ctx: Context,
  { source, runId, loggedModelId }: Asked,
  { runId: named, path }: Extract<Source, { kind: 'run' }>,
): Promise<Origin> {
  if (loggedModelId) unidentified(source, 'model_id');
  if (runId && runId !== named) unidentified(source, 'run_id');
  const storageLocation = await known(artifactUriOf(ctx, named));
  if (storageLocation === undefined) return { source, runId: named };
  const below = path === '' ? storageLocation : `${storageLocation}/${path}`;
  const model = await loggedAs(ctx, named, path);
  // As MLflow's clients look for it: in the run first, then among the models it logged.
  return model && !(await isModel(ctx, below))
    ? { source, runId: named, loggedModelId: model.modelId, storageLocation: model.artifactUri }
    : { source, runId: named, storageLocation: below };
}

async function ofLoggedModel(
  ctx: Context,
  { source, runId, loggedModelId }: Asked,
  modelId: string,
): Promise<Origin> {
  if (loggedModelId && loggedModelId !== modelId) unidentified(source, 'model_id');
  const { artifactUri, sourceRunId } = await loggedModelOf(ctx, source, modelId);
  return { source, storageLocation: artifactUri, loggedModelId: modelId, ...run(runId || sourceRunId) };
}

/** A copy says the same of where it comes from as the version it is a copy of. */
async function ofVersion(
  ctx: Context,
  { source, runId, loggedModelId }: Asked,
  { name, which }: Extract<Source, { kind: 'version' }>,
): Promise<Origin> {
  const root = await visibleModel(ctx, name);
  if (isPrompt(root.tags)) throw refused(source, 'Prompt versions cannot be used as model version sources.');
  const from = await versionOf(ctx, root, numberOf(root, which));
  const differs = (given: string | undefined, its = '') => given !== undefined && given !== its;
  if (differs(runId, from.runId) || differs(loggedModelId, from.loggedModelId))
    throw refused(
      source,
      'The run_id and model_id request parameters must match the referenced model version.',
    );
  return {
    source: `models:/${name}/${from.version}`,
    storageLocation: from.storageLocation ?? from.source,
    ...run(from.runId),
    ...(from.loggedModelId ? { loggedModelId: from.loggedModelId } : {}),
  };
}

async function ofPlace(ctx: Context, { source, runId, loggedModelId }: Asked): Promise<Origin> {
  const path = artifactPathIn(source);
  if (loggedModelId) {
    const { artifactUri, sourceRunId } = await loggedModelOf(ctx, source, loggedModelId);
    if (path !== undefined && !isWithin(path, artifactUri)) unidentified(source, 'model_id');
    return { source, loggedModelId, ...run(runId || sourceRunId) };
  }
  if (runId && path !== undefined) {
    const artifactUri = await known(artifactUriOf(ctx, runId));
    if (artifactUri === undefined || !isWithin(path, artifactUri)) unidentified(source, 'run_id');
  }
  return { source, ...run(runId) };
}

function numberOf(root: ModelRoot, which: Extract<Source, { kind: 'version' }>['which']): number {
  if ('version' in which) return which.version;
  if ('alias' in which) return aliasTarget(root, which.alias);
  return newestNumber(root, 'stage' in which ? stageNamed(which.stage, 'source') : undefined);
}

async function loggedModelOf(ctx: Context, source: string, modelId: string): Promise<LoggedModel> {
  try {
    return await getLoggedModel(ctx, modelId);
  } catch (error) {
    if (!isCode(error, 'not-found', 'invalid')) throw error;
    throw new CairnError(
      'invalid',
      `Unable to fetch model from model URI source artifact location '${source.slice(0, 200)}'. ${error.message}`,
      { field: 'source', cause: error },
    );
  }
}

/** The model that a run logged under a name: the last one, where there are several. */
async function loggedAs(ctx: Context, runId: string, name: string): Promise<LoggedModel | undefined> {
  const { modelOutputs = [] } = (await known(getRun(ctx, runId))) ?? {};
  for (const { modelId } of modelOutputs.toReversed()) {
    const model = await known(getLoggedModel(ctx, modelId));
    if (model?.name === name) return model;
  }
  return undefined;
}

async function isModel(ctx: Context, uri: string): Promise<boolean> {
  const path = artifactPathIn(uri);
  return path !== undefined && (await known(findArtifact(ctx, `${path}/MLmodel`))) !== undefined;
}

/** What is found, or `undefined` where there is no such thing, or no thing has such an id. */
function known<T>(finding: Promise<T>): Promise<T | undefined> {
  return unlessCode(finding, 'not-found', 'invalid');
}

function isWithin(path: string, root: string): boolean {
  const folder = artifactPathIn(root);
  return folder !== undefined && folder !== '' && `${path}/`.startsWith(`${folder}/`);
}

function run(runId: string | undefined): { runId?: string } {
  return runId ? { runId } : {};
}

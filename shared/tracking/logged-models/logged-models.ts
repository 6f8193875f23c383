import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { withoutSecrets } from '../../secrets/index.ts';
import { lost, swap } from '../../swap.ts';
import { belowLocation } from '../experiments/artifact-location.ts';
import { checkExperimentActive, getExperiment } from '../experiments/experiments.ts';
import { newModelId } from '../ids.ts';
import type { Pair } from '../model.ts';
import { randomRunName } from '../names.ts';
import { pairsOf, textAt, textMap } from '../texts.ts';
import { asDocument, type LoggedModel, type LoggedModelStatus } from './model.ts';
import { changeLoggedModel, readLoggedModel, unknownModel, writeWithEvent } from './store.ts';

const nameCharsMax = 500;
const keyCharsMax = 250;
const valueCharsMax = 65_535;

export type NewLoggedModel = {
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly modelType?: string | undefined;
  readonly sourceRunId?: string | undefined;
  readonly params?: readonly Pair[] | undefined;
  readonly tags?: readonly Pair[] | undefined;
};

/** Creates a model in an active experiment, `PENDING` until its files are there and it is finalized. */
export async function createLoggedModel(ctx: Context, input: NewLoggedModel): Promise<LoggedModel> {
  checkName(input.name);
  const params = withoutSecrets(ctx, 'params', input.params ?? []);
  const tags = withoutSecrets(ctx, 'tags', input.tags ?? []);
  checkPairs('params', params);
  checkPairs('tags', tags);
  const experiment = await getExperiment(ctx, input.experimentId);
  const { experimentId } = experiment;
  checkExperimentActive(experiment);
  const modelId = newModelId(experimentId, ctx.ids);
  const now = ctx.clock.now();
  const model: LoggedModel = {
    id: modelId,
    type: 'logged-model',
    v: 1,
    workspace: ctx.workspace,
    experimentId,
    modelId,
    name: input.name || randomRunName(ctx.ids),
    modelType: input.modelType ?? '',
    sourceRunId: input.sourceRunId ?? '',
    status: 'PENDING',
    artifactUri: belowLocation(experiment.artifactLocation, 'models', modelId, 'artifacts'),
    lifecycle: { stage: 'active', at: now },
    createdAt: now,
    updatedAt: now,
    params: {},
    tags: textMap(tags),
    metrics: [],
    m: {},
    mn: {},
    md: {},
    mdn: {},
    seq: 1,
  };
  const whole = withParams(model, params);
  const write: Write = { op: 'create', doc: asDocument(whole) };
  if (!(await writeWithEvent(ctx, write, 'logged-model.created', whole)))
    throw new Error(`There is a logged model ${modelId} already.`);
  return whole;
}

/** A model by id; one that is deleted is `not-found` unless `deleted` asks for it. */
export async function getLoggedModel(
  ctx: Context,
  modelId: string,
  options: { readonly deleted?: boolean } = {},
): Promise<LoggedModel> {
  const { doc } = await readLoggedModel(ctx, modelId);
  if (doc.lifecycle.stage === 'deleted' && options.deleted !== true) throw unknownModel(modelId);
  return doc;
}

/** Says what became of the upload of a model's files. */
export function finalizeLoggedModel(
  ctx: Context,
  modelId: string,
  status: LoggedModelStatus,
): Promise<LoggedModel> {
  return changeLoggedModel(ctx, modelId, (model) => ({ ...model, status, updatedAt: ctx.clock.now() }));
}

/** Deletes a model until it is purged; deleting it again changes nothing. */
export async function deleteLoggedModel(ctx: Context, modelId: string): Promise<void> {
  await swap(ctx, `Logged model ${modelId}`, async () => {
    const { doc, etag } = await readLoggedModel(ctx, modelId);
    if (doc.lifecycle.stage === 'deleted') return undefined;
    const now = ctx.clock.now();
    const model: LoggedModel = {
      ...doc,
      lifecycle: { stage: 'deleted', at: now },
      updatedAt: now,
      seq: doc.seq + 1,
    };
    const write: Write = { op: 'replace', doc: asDocument(model), etag };
    return (await writeWithEvent(ctx, write, 'logged-model.deleted', model)) ? undefined : lost;
  });
}

/** Sets tags; the last of one key wins. */
export async function setLoggedModelTags(
  ctx: Context,
  modelId: string,
  given: readonly Pair[],
): Promise<void> {
  const tags = withoutSecrets(ctx, 'tags', given);
  checkPairs('tags', tags);
  await changeLoggedModel(ctx, modelId, (model) => {
    const changed = tags.filter(({ key, value }) => textAt(model.tags, key) !== value);
    return changed.length === 0 ? model : { ...model, tags: textMap([...pairsOf(model.tags), ...changed]) };
  });
}

/** Removes a tag; one that is not there is `not-found`. */
export async function deleteLoggedModelTag(ctx: Context, modelId: string, key: string): Promise<void> {
  await changeLoggedModel(ctx, modelId, (model) => {
    if (textAt(model.tags, key) === undefined)
      throw new CairnError('not-found', `No tag with key '${key}' found for model with ID '${modelId}'.`, {
        field: 'tag_key',
      });
    return { ...model, tags: textMap(pairsOf(model.tags).filter((pair) => pair.key !== key)) };
  });
}

/** Adds params. They are final: the same value again is fine, another one is refused. */
export async function logLoggedModelParams(
  ctx: Context,
  modelId: string,
  given: readonly Pair[],
): Promise<void> {
  const params = withoutSecrets(ctx, 'params', given);
  checkPairs('params', params);
  await changeLoggedModel(ctx, modelId, (model) => withParams(model, params));
}

function withParams(model: LoggedModel, params: readonly Pair[]): LoggedModel {
  const all = textMap(pairsOf(model.params));
  for (const { key, value } of params) {
    const held = textAt(all, key);
    if (held !== undefined && held !== value)
      throw new CairnError(
        'invalid',
        `Changing param values is not allowed. Param with key='${key}' was already logged with value='${held}' for logged model ID='${model.modelId}'. Attempted logging new value '${value}'.`,
        { field: 'params' },
      );
    all[key] = value;
  }
  return Object.keys(all).length === Object.keys(model.params).length ? model : { ...model, params: all };
}

function checkName(name: string | undefined): void {
  if (!name) return;
  if (/[/:.%"']/.test(name))
    throw new CairnError(
      'invalid',
      `Invalid model name ('${name}') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
      { field: 'name' },
    );
  if (name.length > nameCharsMax)
    throw new CairnError(
      'invalid',
      `Invalid value for parameter 'name' supplied: 'name' exceeds the maximum length of ${nameCharsMax} characters`,
      { field: 'name' },
    );
}

function checkPairs(kind: 'params' | 'tags', pairs: readonly Pair[]): void {
  pairs.forEach(({ key, value }, i) => {
    const refuse = (field: 'key' | 'value', charsMax: number) => {
      throw new CairnError(
        'invalid',
        `Invalid value for parameter '${kind}[${i}].${field}' supplied: '${field}' exceeds the maximum length of ${charsMax} characters`,
        { field: `${kind}[${i}].${field}` },
      );
    };
    if (key.length > keyCharsMax) refuse('key', keyCharsMax);
    if (value.length > valueCharsMax) refuse('value', valueCharsMax);
  });
}

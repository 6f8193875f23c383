import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { textWithoutSecrets, withoutSecrets } from '../../secrets/index.ts';
import { checkLength, checkRunId } from '../limits.ts';
import type { DatasetDetail, DatasetInput, Pair, Run } from '../model.ts';
import { digestOf, textMap } from '../texts.ts';
import { changeRun } from './changes.ts';
import { keepTexts } from './overflow.ts';
import { checkSize } from './size.ts';

/** The tag that says what a run used a dataset for, such as `training`. */
const contextTag = 'mlflow.data.context';

const charsMax = {
  name: 500,
  digest: 36,
  source: 65_535,
  schema: 1_048_575,
  profile: 16_777_215,
  tagKey: 255,
  tagValue: 500,
} as const;
/** MLflow's client sends no more at once; a run holds as many as fit its document. */
const datasetsMax = 1000;

export type NewDataset = DatasetDetail & {
  readonly name: string;
  readonly digest: string;
  readonly tags: readonly Pair[];
};

export type NewInputs = {
  readonly datasets: readonly NewDataset[];
  readonly modelIds: readonly string[];
};

/** Where the source of a logged dataset says that it lies: MLflow's source types write `uri`, `url` or `path`. */
export function datasetLocation(source: string): string | undefined {
  try {
    const parsed = JSON.parse(source) as { uri?: unknown; url?: unknown; path?: unknown } | null;
    const found = parsed?.uri ?? parsed?.url ?? parsed?.path;
    return typeof found === 'string' && found !== '' ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Notes the datasets and logged models that an active run uses. What it is known to use already stays as it was. */
export async function logInputs(ctx: Context, runId: string, given: NewInputs): Promise<void> {
  checkRunId(runId);
  const inputs = { ...given, datasets: given.datasets.map((dataset, i) => cleaned(ctx, dataset, i)) };
  checkDatasets(inputs.datasets);
  const decide = async (run: Run) => {
    const datasets = unique([...(run.datasets ?? []), ...inputs.datasets], datasetKey);
    const models = unique(
      [...(run.modelInputs ?? []), ...inputs.modelIds.map((modelId) => ({ modelId }))],
      ({ modelId }) => modelId,
    );
    if (datasets.length === (run.datasets ?? []).length && models.length === (run.modelInputs ?? []).length)
      return run;
    const next: Run = {
      ...run,
      ...(datasets.length > 0
        ? { datasets: datasets.map((dataset) => (isNew(dataset) ? inputOf(dataset) : dataset)) }
        : {}),
      ...(models.length > 0 ? { modelInputs: models } : {}),
    };
    checkSize(next);
    await keepTexts(ctx, run, datasets.filter(isNew).map(detailOf));
    return next;
  };
  await changeRun(ctx, runId, decide, 'run.inputs-logged');
}

export type ModelOutput = NonNullable<Run['modelOutputs']>[number];

/** Notes the logged models that an active run made; of one model the last step counts. */
export async function logOutputs(ctx: Context, runId: string, models: readonly ModelOutput[]): Promise<void> {
  await changeRun(ctx, runId, (run) => {
    const steps = new Map((run.modelOutputs ?? []).map(({ modelId, step }) => [modelId, step]));
    const isKnown = models.every(({ modelId, step }) => steps.get(modelId) === step);
    if (isKnown) return Promise.resolve(run);
    for (const { modelId, step } of models) steps.set(modelId, step);
    const modelOutputs = [...steps].map(([modelId, step]) => ({ modelId, step }));
    const next: Run = { ...run, modelOutputs };
    checkSize(next);
    return Promise.resolve(next);
  });
}

/** A dataset without what looks like a secret: above all the signature of the URL that it was read from. */
function cleaned(ctx: Context, dataset: NewDataset, i: number): NewDataset {
  const { source, tags } = dataset;
  return {
    ...dataset,
    source: textWithoutSecrets(ctx, `datasets[${i}].dataset.source`, source),
    tags: withoutSecrets(ctx, 'tags', tags),
  };
}

function checkDatasets(datasets: readonly NewDataset[]): void {
  if (datasets.length > datasetsMax)
    throw new CairnError(
      'invalid',
      `At most ${datasetsMax} datasets can be logged at once. Got ${datasets.length}; log them in several requests.`,
      { field: 'datasets' },
    );
  datasets.forEach((dataset, i) => {
    const path = `datasets[${i}]`;
    for (const name of ['name', 'digest', 'source', 'schema', 'profile'] as const)
      checkLength(name, dataset[name] ?? '', charsMax[name], `${path}.dataset.${name}`);
    dataset.tags.forEach(({ key, value }, j) => {
      checkLength('key', key, charsMax.tagKey, `${path}.tags[${j}].key`);
      checkLength('value', value, charsMax.tagValue, `${path}.tags[${j}].value`);
    });
  });
}

function inputOf(dataset: NewDataset): DatasetInput {
  const tags = textMap(dataset.tags);
  const context = tags[contextTag];
  return {
    name: dataset.name,
    digest: dataset.digest,
    ...(context === undefined ? {} : { context }),
    tags,
    detail: digestOf(detailOf(dataset)),
  };
}

function detailOf({ sourceType, source, schema, profile }: NewDataset): string {
  const detail: DatasetDetail = {
    sourceType,
    source,
    ...(schema === undefined ? {} : { schema }),
    ...(profile === undefined ? {} : { profile }),
  };
  return JSON.stringify(detail);
}

function isNew(dataset: DatasetInput | NewDataset): dataset is NewDataset {
  return !('detail' in dataset);
}

function datasetKey({ name, digest }: { name: string; digest: string }): string {
  return JSON.stringify([name, digest]);
}

/** The first of each key. */
function unique<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const first = new Map<string, T>();
  for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item);
  return [...first.values()];
}

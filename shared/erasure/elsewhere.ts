import {
  headerOf,
  type ScoredFile,
  placeOfFolder,
  scoredFiles,
  scoredFilesOfModel,
  topFolders,
} from '../batch/index.ts';
import type { Context } from '../context.ts';
import { type DatasetRef, ownerOfFolder, readTable } from '../datasets/index.ts';
import { isCode, unlessCode } from '../http/index.ts';
import { retrainingsOver } from '../pipelines/index.ts';
import { listVersions, type ModelVersion, modelById } from '../registry/index.ts';
import { allLogged, getLogged, modelIdsOf } from '../endpoints/index.ts';
import { startOf } from '../predictions/index.ts';
import type { EndpointCounts, NotCovered } from './job.ts';

/** As many places as are listed for one endpoint. */
const placesMax = 500;
const versionsMax = 200;
const hourMilliseconds = 3_600_000;

/**
 * What else of an endpoint may hold the person, and is its owner's to look through: files that were scored and have
 * the column, sets and examples of the versions of its models, and versions that were trained on rows now erased.
 */
export async function lookElsewhere(
  ctx: Context,
  column: string,
  counts: EndpointCounts,
): Promise<NotCovered[]> {
  const { endpoint } = counts;
  const places: NotCovered[] = counts.unsearchable.map((why) => ({ endpoint, ...unsearchable(column, why) }));
  const modelIds = modelIdsOf(await getLogged(ctx, endpoint));
  for await (const place of others(ctx, endpoint, modelIds, column, counts)) {
    places.push({ endpoint, ...place });
    if (places.length < placesMax) continue;
    places.push({ endpoint, ...tooMany(endpoint) });
    break;
  }
  return places;
}

/** Folders of files whose rows were scored by no endpoint, nor by a model that one has. */
export async function foldersOfModels(ctx: Context): Promise<string[]> {
  const modelIds = new Set((await allLogged(ctx)).flatMap(modelIdsOf));
  const folders: string[] = [];
  for await (const { workspace, folder } of topFolders(ctx)) {
    if (workspace !== ctx.workspace || (await unlessCode(getLogged(ctx, folder), 'not-found'))) continue;
    const { id } = (await placeOfFolder(ctx, folder))?.owner ?? ownerOfFolder(folder);
    if (!modelIds.has(id)) folders.push(folder);
  }
  return folders;
}

/** Which files of such a folder may hold the person: those that have the column, and those that do not tell. */
export async function lookInFolder(ctx: Context, column: string, folder: string): Promise<NotCovered[]> {
  const places: NotCovered[] = [];
  for await (const place of filesWith(ctx, column, scoredFiles(ctx, folder))) {
    places.push({ endpoint: null, ...place });
    if (places.length === placesMax) return [...places, { endpoint: null, ...tooMany(folder) }];
  }
  return places;
}

type Found = Omit<NotCovered, 'endpoint'>;

async function* others(
  ctx: Context,
  endpoint: string,
  modelIds: readonly string[],
  column: string,
  counts: EndpointCounts,
): AsyncGenerator<Found> {
  yield* filesWith(ctx, column, filesOf(ctx, endpoint, modelIds));
  for (const modelId of modelIds)
    for (const version of await versionsOf(ctx, modelId)) yield* ofVersion(ctx, version, column);
  for (const job of await retrainingsOver(ctx, endpoint, (from, to) =>
    counts.hours.some((hour) => startOf(hour) < to && startOf(hour) + hourMilliseconds > from),
  ))
    yield {
      kind: 'retraining',
      name: job,
      why: 'It trained on labelled rows of hours from which rows are erased; the model it made is as it was.',
    };
}

function tooMany(name: string): Found {
  return { kind: 'more', name, why: `Only the first ${placesMax} places are listed.` };
}

/** Those files, each once, that have the column, or of which it cannot be told. */
async function* filesWith(
  ctx: Context,
  column: string,
  files: AsyncIterable<ScoredFile>,
): AsyncGenerator<Found> {
  const seen = new Set<string>();
  for await (const file of files) {
    const name = `${file.container}/${file.name}`;
    const has = seen.has(name) ? false : await hasColumn(ctx, file, column);
    seen.add(name);
    if (has === false) continue;
    const why = has ? `It has a column '${column}'.` : 'Its columns cannot be told from its start.';
    yield { kind: file.container, name: file.name, why };
  }
}

/** Files that the endpoint scored, and those that were scored by its models alone. */
async function* filesOf(
  ctx: Context,
  endpoint: string,
  modelIds: readonly string[],
): AsyncGenerator<ScoredFile> {
  yield* scoredFiles(ctx, endpoint);
  for (const modelId of modelIds) {
    const model = await unlessCode(modelById(ctx, modelId), 'not-found');
    yield* scoredFilesOfModel(ctx, { modelId, name: model?.name ?? '' });
  }
}

async function hasColumn(ctx: Context, file: ScoredFile, column: string): Promise<boolean | undefined> {
  const columns = await headerOf(ctx, file);
  return columns && columns.includes(column);
}

async function versionsOf(ctx: Context, modelId: string): Promise<readonly ModelVersion[]> {
  try {
    return (await listVersions(ctx, await modelById(ctx, modelId), { limit: versionsMax })).items;
  } catch (error) {
    if (isCode(error, 'not-found')) return [];
    throw error;
  }
}

async function* ofVersion(ctx: Context, version: ModelVersion, column: string): AsyncGenerator<Found> {
  const { inspection, artifact, name, version: number } = version;
  const ready = inspection.state === 'ready' ? inspection.ready : undefined;
  for (const ref of [ready?.reference, ready?.evaluation]) {
    const has = ref && (await tableHas(ctx, ref, column));
    if (!ref || has === false) continue;
    const why = has ? `It has a column '${column}'.` : 'It could not be read.';
    yield { kind: 'dataset', name: ref.uri, why: `Named by version ${number} of '${name}'. ${why}` };
  }
  if (artifact?.inputExample !== undefined)
    yield {
      kind: 'input-example',
      name: `${name}/${number}/${artifact.inputExample}`,
      why: 'The example that was logged with the version may be a real row.',
    };
}

async function tableHas(ctx: Context, ref: DatasetRef, column: string): Promise<boolean | undefined> {
  try {
    return (await readTable(ctx, ref)).columns.includes(column);
  } catch (error) {
    if (isCode(error, 'not-found')) return false;
    if (isCode(error, 'invalid', 'too-large')) return undefined;
    throw error;
  }
}

function unsearchable(column: string, why: EndpointCounts['unsearchable'][number]): Found {
  switch (why) {
    case 'masked':
      return {
        kind: 'masked-rows',
        name: `in.${column}`,
        why: 'Some rows were logged while the column was masked: they hold nothing of it, and cannot be found by it.',
      };
    case 'float':
      return {
        kind: 'float-column',
        name: `in.${column}`,
        why: 'The column is float32 there, which does not tell this value from its neighbours; rows that have it may be others’.',
      };
  }
}

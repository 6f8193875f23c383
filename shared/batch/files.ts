import type { BlobFile } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CsvError, readHeader } from '../datasets/index.ts';
import { CairnError, checkedPath, type Upload, uploadStream } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { checkStorage } from '../limits/index.ts';
import { endpointName } from '../endpoints/index.ts';
import { excerpt } from '../redaction/index.ts';
import { errorsNameOf } from './endings.ts';
import { folderOf, modelFolder, parseName, reportsFolder } from './names.ts';
import { placeOfFolder } from './owner.ts';
import { readJob } from './store.ts';

/** Bytes of the largest upload through the API; larger files go straight into the container. */
const uploadBytesMax = 100 * 1024 * 1024;
const lineFeed = 10;
const lineBytesMax = 1024 * 1024;

export type Uploaded = { readonly name: string; readonly etag: string; readonly bytes: number };

/**
 * Streams a file into the folder of an endpoint or a model, where it starts a job as any dropped file does. Nothing
 * is visible before the stream has ended with the length announced.
 * Throws `not-found` where there is neither, `too-large`, `bad-request` for a body that broke off.
 */
export async function uploadInput(
  ctx: Context,
  target: { folder: string; path: string },
  upload: Upload,
): Promise<Uploaded> {
  const place = await placeOfFolder(ctx, target.folder);
  if (!place) throw unknownFolder(target.folder);
  const name = `${place.folder}/${checkedPath(target.path)}`;
  if ((upload.bytes ?? 0) > uploadBytesMax) throw tooLarge();
  await checkStorage(ctx);
  const container = ctx.stores.blobs('batch-input');
  await container.writeStream(name, uploadStream(upload, { bytesMax: uploadBytesMax, tooLarge }), {
    contentType: upload.contentType ?? 'application/octet-stream',
    signal: upload.signal,
  });
  const stored = await container.stat(name);
  spend('storedBytes', stored?.bytes ?? 0);
  return { name, etag: stored?.etag.replaceAll('"', '') ?? '', bytes: stored?.bytes ?? 0 };
}

/** The words where a folder of inputs is nobody's. */
export function unknownFolder(folder: string): CairnError {
  return new CairnError('not-found', `There is no endpoint or model '${excerpt(folder, 100)}'.`, {
    field: 'endpoint',
  });
}

/**
 * An output file of the workspace, to be read or handed out; `not-found` where there is none (yet). While a job
 * commits several files, none of them is there before all are; of a job that was deleted none is.
 */
export async function findOutput(ctx: Context, path: string): Promise<BlobFile> {
  const name = checkedPath(path);
  const place = parseName(name);
  if (place?.workspace !== ctx.workspace || isReport(name)) throw unknownOutput(name);
  const job = (await readJob(ctx, place.path.split('/')[0] ?? ''))?.doc;
  if (job && (job.status !== 'succeeded' || job.deletedAt !== undefined)) throw unknownOutput(name);
  const found = await ctx.stores.blobs('batch-output').file(name);
  if (found) return found;
  throw unknownOutput(name, job?.status === 'succeeded');
}

/** The words where the workspace has no output of a name. */
export function unknownOutput(name: string, wasThere = false): CairnError {
  const why = wasThere
    ? 'its job has none of this name, or it is no longer kept'
    : 'it appears when its job has succeeded';
  return new CairnError('not-found', `There is no output '${name}'; ${why}.`, { field: 'path' });
}

function tooLarge(): CairnError {
  return new CairnError(
    'too-large',
    `A file over ${uploadBytesMax} bytes cannot be sent through the API; POST /api/v1/batch-uploads gives a URL to send it straight to storage.`,
  );
}

/** A file of an endpoint or a model: one that is to be scored, or that came out. */
export type ScoredFile = {
  readonly container: 'batch-input' | 'batch-output';
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
};

/** The folders at the top of `batch-input` and `batch-output`, each once: of endpoints, of models, and of nobody. */
export async function* topFolders({
  stores,
}: Pick<Context, 'stores'>): AsyncGenerator<{ readonly workspace: string; readonly folder: string }> {
  const seen = new Set<string>();
  for (const container of ['batch-input', 'batch-output'] as const)
    for await (const { kind, name } of stores.blobs(container).list('')) {
      if (kind !== 'prefix' || seen.has(name)) continue;
      seen.add(name);
      const place = parseName(`${name}file`);
      if (place) yield { workspace: place.workspace, folder: place.folder };
    }
}

/** Every file in a folder of `batch-input` and `batch-output`: of an endpoint by its name. */
export async function* scoredFiles(ctx: Context, folder: string): AsyncGenerator<ScoredFile> {
  for (const container of ['batch-input', 'batch-output'] as const)
    for await (const { name, modifiedAt } of ctx.stores
      .blobs(container)
      .walk(`${folderOf(ctx.workspace, folder)}/`))
      yield { container, name, modifiedAt };
}

/** The same of a model: what lies in its own folder, and in one with its name, unless that is an endpoint's. */
export async function* scoredFilesOfModel(
  ctx: Context,
  { modelId, name }: { readonly modelId: string; readonly name: string },
): AsyncGenerator<ScoredFile> {
  yield* scoredFiles(ctx, modelFolder(modelId));
  const place = endpointName.safeParse(name).success ? await placeOfFolder(ctx, name) : undefined;
  if (place?.owner.id === modelId) yield* scoredFiles(ctx, name);
}

/**
 * The columns of such a file; `undefined` where its start does not tell them: in packed files, Parquet, tables with
 * another delimiter, and files of errors, whose values may be of any column.
 */
export async function headerOf(
  ctx: Context,
  { container, name }: ScoredFile,
): Promise<readonly string[] | undefined> {
  // It has figures of columns, and rows of nobody.
  if (container === 'batch-output' && isReport(name)) return [];
  const isTable = /\.csv$/i.test(name);
  if (!isTable && !(isLines(name) && !name.endsWith(errorsNameOf('')))) return undefined;
  const opened = await ctx.stores.blobs(container).open(name);
  if (!opened) return undefined;
  try {
    if (!isTable) return await firstKeys(opened.body);
    const { columns } = await readHeader(opened.body);
    return columns.some((column) => /[;\t|]/.test(column)) ? undefined : columns;
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  } finally {
    opened.body.destroy();
  }
}

function isReport(name: string): boolean {
  return name.split('/')[1] === reportsFolder;
}

function isLines(name: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(name);
}

/** The keys of the first line of a file; rows of one file have the same. */
async function firstKeys(source: AsyncIterable<Uint8Array>): Promise<readonly string[] | undefined> {
  let start = Buffer.alloc(0);
  for await (const more of source) {
    start = Buffer.concat([start, more]);
    if (start.includes(lineFeed) || start.length > lineBytesMax) break;
  }
  const end = start.indexOf(lineFeed);
  try {
    const value: unknown = JSON.parse(start.subarray(0, end < 0 ? start.length : end).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.keys(value)
      : undefined;
  } catch {
    return undefined;
  }
}

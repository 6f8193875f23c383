import type { Context } from '../context.ts';
import { CsvError, readHeader } from '../datasets/index.ts';
import { endpointName } from '../endpoints/index.ts';
import { errorsNameOf } from './endings.ts';
import { folderOf, isReport, modelFolder, parseName } from './names.ts';
import { placeOfFolder } from './owner.ts';

const lineFeed = 10;
const lineBytesMax = 1024 * 1024;

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

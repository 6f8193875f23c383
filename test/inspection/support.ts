import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blobName } from '../../shared/artifacts/index.ts';
import type { Context } from '../../shared/context.ts';
import { isCode } from '../../shared/http/index.ts';
import {
  createModel,
  createVersion,
  getVersion,
  modelByName,
  type ModelVersion,
} from '../../shared/registry/index.ts';

export type Files = Readonly<Record<string, Uint8Array | string>>;

/** What the models of a folder gave where they were made. */
export type Expected = {
  readonly rows: number[][];
  readonly classes?: string[];
  readonly probabilities?: number[][];
  readonly values?: number[][];
};

/** A folder as MLflow wrote it, without what the test expects of it. */
export async function golden(
  name: string,
): Promise<{ files: Record<string, Uint8Array>; expected: Expected }> {
  const folder = fileURLToPath(new URL(`golden/${name}`, import.meta.url));
  const files: Record<string, Uint8Array> = {};
  for (const file of await readdir(folder)) files[file] = await readFile(join(folder, file));
  const { 'expected.json': expected, ...rest } = files;
  return { files: rest, expected: JSON.parse(Buffer.from(expected ?? []).toString()) as Expected };
}

/** Puts files into a new folder of the artifacts, whose URI comes back. */
export async function upload(ctx: Context, files: Files): Promise<string> {
  const folder = `0/${ctx.ids.hex(8)}/artifacts/model`;
  await put(ctx, folder, files);
  return `mlflow-artifacts:/${folder}`;
}

export async function put(ctx: Context, folder: string, files: Files): Promise<void> {
  for (const [path, data] of Object.entries(files))
    await ctx.stores
      .blobs('artifacts')
      .write(blobName(ctx, `${folder.replace('mlflow-artifacts:/', '')}/${path}`), Buffer.from(data));
}

/** Registers a place as the next version of a model, which is made where there is none of that name. */
export async function register(
  ctx: Context,
  name: string,
  source: string,
  tags: Readonly<Record<string, string>> = {},
): Promise<ModelVersion> {
  await createModel(ctx, { name }).catch((error: unknown) => {
    if (!isCode(error, 'already-exists')) throw error;
  });
  return createVersion(ctx, {
    name,
    source,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
}

export async function newest(ctx: Context, name: string): Promise<ModelVersion> {
  const { modelId, nextVersion } = await modelByName(ctx, name);
  return getVersion(ctx, modelId, nextVersion - 1);
}

/** The state of a version that was read, as far as a test asks of it. */
export function readyOf({ inspection }: ModelVersion) {
  if (inspection.state === 'ready') return inspection.ready;
  throw new Error(`not ready: ${JSON.stringify(inspection)}`);
}

export function refusalOf({ inspection }: ModelVersion) {
  if (inspection.state === 'refused') return inspection;
  throw new Error(`not refused: ${inspection.state}`);
}

import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { blobName } from '../../artifacts/index.ts';
import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import type { ModelVersion } from '../model.ts';
import { type ArtifactFile, readFile } from './artifact-files.ts';
import type { ManifestFile } from './manifest.ts';
import type { MlModel } from './mlmodel.ts';
import { onnxFileOf } from './onnx-file.ts';
import { Refusal } from './refusal.ts';

/** The ONNX file that is to be served, in memory, and the files that lie where it may refer to them. */
export type ModelSource = {
  /** Path within the artifact; of a conversion, among the artifacts of the workspace. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly isConverted: boolean;
  /** By their path from the folder of the ONNX file. */
  readonly beside: ReadonlyMap<string, ArtifactFile & { readonly sha256: string }>;
};

/** Of the largest model that is served, with the files it refers to. */
export const modelBytesMax = 512 * 1024 * 1024;

/**
 * Reads what a conversion made of the version, where there is one, else the ONNX file of its artifact.
 * Throws {@link Refusal} where there is neither, or it is too large.
 */
export async function readSource(
  ctx: Context,
  { converted }: ModelVersion,
  artifact: {
    readonly files: readonly ArtifactFile[];
    readonly hashed: readonly ManifestFile[];
    readonly mlModel: MlModel;
  },
): Promise<ModelSource> {
  if (converted) {
    const source = await readConverted(ctx, converted);
    return { ...source, path: converted.path, isConverted: true, beside: new Map() };
  }
  const file = onnxFileOf(artifact.files, artifact.mlModel);
  const folder = posix.dirname(file.path);
  const beside = artifact.files.flatMap((each, i): [string, ArtifactFile & { sha256: string }][] => {
    const relative = folder === '.' ? each.path : each.path.slice(folder.length + 1);
    const isBelow = folder === '.' || each.path.startsWith(`${folder}/`);
    const sha256 = artifact.hashed[i]?.sha256;
    return isBelow && sha256 !== undefined ? [[relative, { ...each, sha256 }]] : [];
  });
  const found = await readWhole(ctx, file);
  const sha256 = artifact.hashed[artifact.files.indexOf(file)]?.sha256;
  if (found.digest !== `sha256:${sha256}`)
    throw new CairnError('conflict', `'${file.path}' changed while it was read.`);
  return { ...found, path: file.path, isConverted: false, beside: new Map(beside) };
}

async function readConverted(
  ctx: Context,
  { path, digest }: NonNullable<ModelVersion['converted']>,
): Promise<{ bytes: Uint8Array; digest: string }> {
  const blob = blobName(ctx, path);
  const stat = await ctx.stores.blobs('artifacts').stat(blob);
  if (!stat) throw new Refusal('the ONNX file that its conversion made is gone; convert it again.', again);
  const found = await readWhole(ctx, { ...stat, path, blob });
  if (found.digest === digest) return found;
  throw new Refusal('the ONNX file that its conversion made was changed since; convert it again.', again);
}

const again = { says: 'Convert it again: POST …/versions/{version}/convert.', by: 'convert' } as const;

async function readWhole(ctx: Context, file: ArtifactFile): Promise<{ bytes: Uint8Array; digest: string }> {
  if (file.bytes > modelBytesMax)
    throw new Refusal(`its ONNX file has ${file.bytes} bytes; at most ${modelBytesMax} can be served.`);
  const bytes = new Uint8Array(file.bytes);
  const hash = createHash('sha256');
  let at = 0;
  for await (const chunk of readFile(ctx.stores.blobs('artifacts'), file)) {
    bytes.set(chunk, at);
    at += chunk.length;
    hash.update(chunk);
  }
  return { bytes, digest: `sha256:${hash.digest('hex')}` };
}

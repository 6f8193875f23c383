import { createHash } from 'node:crypto';
import { blobName, checkedArtifactPath } from '../../artifacts/index.ts';
import type { BlobContainer } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { CairnError, isCode } from '../../http/index.ts';
import { artifactPathOf } from '../../tracking/index.ts';
import { inTurns } from '../../turns.ts';
import { conversionFolder } from '../versions/conversion-folder.ts';
import type { ModelVersion } from '../model.ts';
import type { ManifestFile } from './manifest.ts';
import { Refusal, shown } from './refusal.ts';

/** A file of an artifact as it stood when it was listed; `path` is relative to the artifact. */
export type ArtifactFile = {
  readonly path: string;
  readonly blob: string;
  readonly bytes: number;
  readonly etag: string;
};

const filesMax = 10_000;
const artifactBytesMax = 64 * 1024 * 1024 * 1024;
const readsAtOnceMax = 4;

/**
 * The files of a version: all below the folder that its source names, or that one file. What conversions
 * made is not part of it. Throws {@link Refusal} where there are none, or too many to keep a record of.
 */
export async function listFiles(ctx: Context, version: ModelVersion): Promise<ArtifactFile[]> {
  const path = await sourcePath(ctx, version);
  const artifacts = ctx.stores.blobs('artifacts');
  const root = blobName(ctx, path);
  const single = await artifacts.stat(root);
  if (single) return [{ ...single, path: path.slice(path.lastIndexOf('/') + 1), blob: root }];
  const files: ArtifactFile[] = [];
  let bytes = 0;
  for await (const file of artifacts.walk(`${root}/`)) {
    const relative = file.name.slice(root.length + 1);
    if (relative.startsWith(`${conversionFolder}/`)) continue;
    files.push({ path: relative, blob: file.name, bytes: file.bytes, etag: file.etag });
    bytes += file.bytes;
    if (files.length > filesMax)
      throw new Refusal(
        `it has more than ${filesMax} files below '${shown(path)}'; register the folder of the model alone.`,
      );
    if (bytes > artifactBytesMax)
      throw new Refusal(`its files below '${shown(path)}' have more than ${artifactBytesMax} bytes.`);
  }
  if (files.length === 0) throw new Refusal(`there is no file at '${shown(path)}'.`);
  return files;
}

/** One file of a version as it is now; `undefined` where there is none at `path`. Throws {@link Refusal} as {@link listFiles}. */
export async function fileAt(
  ctx: Context,
  version: ModelVersion,
  path: string,
): Promise<ArtifactFile | undefined> {
  const blob = blobName(ctx, checkedArtifactPath(`${await sourcePath(ctx, version)}/${path}`));
  const found = await ctx.stores.blobs('artifacts').stat(blob);
  return found && { path, blob, bytes: found.bytes, etag: found.etag };
}

/** The same files with their sha-256, each read as a stream. Throws `conflict` where one changes meanwhile. */
export function hashFiles(ctx: Context, files: readonly ArtifactFile[]): Promise<ManifestFile[]> {
  const artifacts = ctx.stores.blobs('artifacts');
  return inTurns(files, readsAtOnceMax, async (file) => {
    const hash = createHash('sha256');
    for await (const chunk of readFile(artifacts, file)) hash.update(chunk);
    return { path: file.path, bytes: file.bytes, sha256: hash.digest('hex') };
  });
}

/** A file as it was listed. Throws `conflict` where it is another one by now, or gone. */
export async function* readFile(
  artifacts: BlobContainer,
  { blob, etag }: Pick<ArtifactFile, 'blob' | 'etag'>,
): AsyncGenerator<Uint8Array> {
  const opened = await artifacts.open(blob, { ifMatch: etag });
  if (!opened) throw new CairnError('conflict', `'${blob}' was deleted while it was read.`);
  for await (const chunk of opened.body) yield chunk as Uint8Array;
}

/** A version's source as a path among the artifacts of its workspace. */
async function sourcePath(ctx: Context, { source, storageLocation }: ModelVersion): Promise<string> {
  const uri = storageLocation ?? source;
  try {
    const path = await artifactPathOf(ctx, uri);
    if (path !== undefined) return checkedArtifactPath(path);
  } catch (error) {
    if (isCode(error, 'not-found'))
      throw new Refusal(`its source '${shown(uri)}' names a run that does not exist.`);
    if (isCode(error, 'invalid'))
      throw new Refusal(`its source '${shown(uri)}' names no file: ${error.message}`);
    throw error;
  }
  throw new Refusal(`its source '${shown(uri)}' is not among this server's artifacts.`, {
    says: 'Log the model to a run of this server, and register it from there.',
  });
}

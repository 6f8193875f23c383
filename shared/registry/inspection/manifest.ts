import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import { CairnError, type Page, pageOf, positionIn } from '../../http/index.ts';
import type { ArtifactFacts, ModelVersion } from '../model.ts';

/** One file of an artifact; `path` is relative to the artifact, `sha256` in lower-case hex. */
export type ManifestFile = { readonly path: string; readonly bytes: number; readonly sha256: string };

export type Manifest = { readonly v: 1; readonly files: readonly ManifestFile[] };

const manifestBytesMax = 64 * 1024 * 1024;

/**
 * Every file of a version as it was when it was inspected, by path (in order of code units). Throws
 * `conflict` where the version has not been read, or where what is stored is not what was recorded of it.
 */
export async function readManifest(ctx: Context, version: ModelVersion): Promise<Manifest> {
  const digest = version.artifact?.manifest.digest;
  if (digest === undefined)
    throw new CairnError(
      'conflict',
      `The files of version ${version.version} of '${version.name}' are not known: ${whyUnknown(version)}`,
    );
  const bytes = await ctx.stores.blobs('models').read(manifestBlob(version, digest), manifestBytesMax);
  if (!bytes || digestOf(bytes) !== digest)
    throw new CairnError(
      'conflict',
      `The manifest of version ${version.version} of '${version.name}' is ${bytes ? 'not the one that was recorded' : 'gone'}; have the version inspected again.`,
    );
  return JSON.parse(bytes.toString()) as Manifest;
}

/** The same a page at a time. */
export async function listManifest(
  ctx: Context,
  version: ModelVersion,
  { limit, pageToken }: { limit: number; pageToken?: string | undefined },
): Promise<Page<ManifestFile>> {
  const after = positionIn(pageToken, { path: '' })?.path ?? '';
  const { files } = await readManifest(ctx, version);
  const rows = files.filter(({ path }) => path > after).slice(0, limit + 1);
  return pageOf(rows, limit, ({ path }) => ({ path }));
}

/**
 * Stores a manifest: files in order of path, members in order of name, no white space, so that the same
 * files always make the same bytes. Its name holds its digest: two readings at once do not meet.
 */
export async function writeManifest(
  ctx: Context,
  version: ModelVersion,
  files: readonly ManifestFile[],
): Promise<ArtifactFacts['manifest']> {
  const sorted = files
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    .map(({ path, bytes, sha256 }) => ({ bytes, path, sha256 }));
  const text = Buffer.from(JSON.stringify({ files: sorted, v: 1 }));
  const digest = digestOf(text);
  await ctx.stores.blobs('models').write(manifestBlob(version, digest), text, {
    contentType: 'application/json',
  });
  return {
    digest,
    files: sorted.length,
    bytes: sorted.reduce((sum, file) => sum + file.bytes, 0),
  };
}

function manifestBlob({ workspace, modelId, version }: ModelVersion, digest: string): string {
  return `${workspace}/${modelId}/${version}/manifest-${digest.replace('sha256:', '')}.json`;
}

function whyUnknown({ inspection }: ModelVersion): string {
  return inspection.state === 'refused'
    ? inspection.reason
    : 'it is still being read; try again in a moment.';
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

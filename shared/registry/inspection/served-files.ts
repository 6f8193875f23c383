import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { CairnError, isCode } from '../../http/index.ts';
import type { Piece } from '../../onnx/index.ts';
import type { ServedFile } from '../model.ts';
import { type ArtifactFile, readFile } from './artifact-files.ts';

/** A file on this machine, in a folder that is this inspection's alone. */
export type LocalFile = { readonly file: string; readonly digest: string; readonly bytes: number };

/** Runs `use` with a folder that nobody else reads, and removes that afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-inspection-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Brings a file of an artifact here. Throws `conflict` where it is not the one with this digest any more. */
export async function download(
  ctx: Context,
  source: ArtifactFile,
  sha256: string,
  file: string,
): Promise<LocalFile> {
  const local = await written(file, readFile(ctx.stores.blobs('artifacts'), source));
  if (local.digest === `sha256:${sha256}`) return local;
  throw new CairnError('conflict', `'${source.path}' changed while it was read.`);
}

/** Writes the pieces of a model one after the other; slices come from the files named in `others`. */
export async function assemble(
  pieces: readonly Piece[],
  others: ReadonlyMap<string, LocalFile>,
  file: string,
): Promise<LocalFile> {
  return written(file, joined(pieces, others));
}

/** Keeps a file under its content; one that is there is left as it is, since it can be no other. */
export async function keep(ctx: Context, path: string, local: LocalFile): Promise<ServedFile> {
  const blob = `${ctx.workspace}/served/${local.digest.replace('sha256:', '')}`;
  const models = ctx.stores.blobs('models');
  const isThere = async () => (await models.stat(blob))?.bytes === local.bytes;
  if (!(await isThere()))
    try {
      await models.writeStream(blob, createReadStream(local.file));
    } catch (error) {
      // Of two who keep the same file at once, one may lose its blocks to the other.
      if (!isCode(error, 'conflict') || !(await isThere())) throw error;
    }
  return { path, blob, digest: local.digest, bytes: local.bytes };
}

async function* joined(
  pieces: readonly Piece[],
  others: ReadonlyMap<string, LocalFile>,
): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    const other = piece instanceof Uint8Array ? undefined : others.get(piece.path);
    if (piece instanceof Uint8Array) yield piece;
    else if (!other) throw new Error(`The file '${piece.path}' of a model was not brought here.`);
    else if (piece.length > 0)
      for await (const chunk of createReadStream(other.file, {
        start: piece.offset,
        end: piece.offset + piece.length - 1,
      }))
        yield chunk as Uint8Array;
  }
}

async function written(file: string, chunks: AsyncIterable<Uint8Array>): Promise<LocalFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'wx', 0o600);
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      await handle.writeFile(chunk);
    }
  } finally {
    await handle?.close();
  }
  return { file, digest: `sha256:${hash.digest('hex')}`, bytes };
}

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { ServedFile } from '../registry/index.ts';
import type { Source } from '../sessions/index.ts';

/** As much as the registry admits. */
const modelBytesMax = 512 * 1024 * 1024;
const megabyte = 1024 * 1024;
/** What a process left that was ended in the middle of a download. */
const abandonedMilliseconds = 3_600_000;

/**
 * Where copies of model files lie on this machine, by digest. Processes may share it: a file appears there at
 * once and whole, and whoever reads one checks it.
 */
export function modelFilesFolder(): string {
  // Not by userInfo(): in a container the user may have no entry of its own.
  return join(tmpdir(), `cairn-model-files-${process.getuid?.() ?? 'all'}`);
}

const arriving = new Map<string, Promise<string | null>>();

/**
 * A file of a version: its copy on this disk, brought here if need be; its bytes where the disk has no room
 * for it. The least recently used copies make way beyond `modelFilesMbMax`.
 * Throws `conflict` where the stored file is not the one that was recorded, or gone.
 */
export async function localFile(ctx: Context, version: number, file: ServedFile): Promise<Source> {
  const { path, digest } = file;
  if (file.bytes > ctx.settings.modelFilesMbMax * megabyte) return storedFile(ctx, version, file);
  const target = join(modelFilesFolder(), digest.replace('sha256:', ''));
  if (await isThere(target, file.bytes)) return { path, digest, file: target };
  let copy = arriving.get(target);
  if (!copy) {
    copy = bring(ctx, version, file, target).finally(() => arriving.delete(target));
    arriving.set(target, copy);
  }
  const brought = await copy;
  return brought === null ? storedFile(ctx, version, file) : { path, digest, file: brought };
}

/** A file of a version as it is stored, checked, past the disk. Throws `conflict` as above. */
export async function storedFile(
  ctx: Context,
  version: number,
  { blob, path, digest }: ServedFile,
): Promise<Source> {
  const bytes = await ctx.stores.blobs('models').read(blob, modelBytesMax);
  if (!bytes) throw notTheOne(version, 'is gone');
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (found !== digest) throw notTheOne(version, 'is not the one that was registered');
  return { path, digest, bytes };
}

/** Removes a copy that is not what it was. */
export async function discard(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Whether a copy is there; the time it was used last is now. */
async function isThere(file: string, bytes: number): Promise<boolean> {
  try {
    if ((await stat(file)).size !== bytes) return false;
    const now = new Date();
    await utimes(file, now, now);
    return true;
  } catch {
    return false;
  }
}

/** Brings a file here under a name of its own, and puts it in its place once it is whole; `null` where the disk does not take it. */
async function bring(
  ctx: Context,
  version: number,
  file: ServedFile,
  target: string,
): Promise<string | null> {
  const arrival = `${target}.${randomBytes(6).toString('hex')}.arriving`;
  try {
    await mkdir(modelFilesFolder(), { recursive: true, mode: 0o700 });
    await makeRoom(ctx, file.bytes);
    await download(ctx, version, file, arrival);
    await rename(arrival, target);
    return target;
  } catch (error) {
    await rm(arrival, { force: true }).catch(() => undefined);
    if (error instanceof CairnError || !isOfDisk(error)) throw error;
    ctx.log.warn('model file not kept on disk', { reason: String(error) });
    return null;
  }
}

async function download(ctx: Context, version: number, file: ServedFile, target: string): Promise<void> {
  const opened = await ctx.stores.blobs('models').open(file.blob);
  if (!opened) throw notTheOne(version, 'is gone');
  const hash = createHash('sha256');
  const handle = await open(target, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of opened.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > file.bytes) break;
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    const isSame = bytes === file.bytes && `sha256:${hash.digest('hex')}` === file.digest;
    if (!isSame) throw notTheOne(version, 'is not the one that was registered');
  } finally {
    opened.body.destroy();
    await handle.close();
  }
}

type Copy = { readonly file: string; readonly bytes: number; readonly usedAt: number };

/** Removes the least recently used until `bytes` more fit. Another process may do so at the same time. */
async function makeRoom(ctx: Context, bytes: number): Promise<void> {
  const copies = (await copiesHere()).toSorted((a, b) => a.usedAt - b.usedAt);
  let taken = copies.reduce((sum, copy) => sum + copy.bytes, bytes);
  for (const copy of copies) {
    const isAbandoned = copy.file.endsWith('.arriving') && Date.now() - copy.usedAt > abandonedMilliseconds;
    const isArriving = copy.file.endsWith('.arriving') && !isAbandoned;
    if (isArriving || (!isAbandoned && taken <= ctx.settings.modelFilesMbMax * megabyte)) continue;
    await discard(copy.file);
    taken -= copy.bytes;
  }
}

async function copiesHere(): Promise<Copy[]> {
  const folder = modelFilesFolder();
  const copies = await Promise.all(
    (await readdir(folder)).map(async (name): Promise<Copy | null> => {
      const found = await stat(join(folder, name)).catch(() => null);
      return found && { file: join(folder, name), bytes: found.size, usedAt: found.mtimeMs };
    }),
  );
  return copies.filter((copy) => copy !== null);
}

/** A file system that is full, not ours or not there is no reason not to serve. */
function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

function notTheOne(version: number, why: string): CairnError {
  return new CairnError('conflict', `A file of version ${version} ${why}; register the model again.`);
}

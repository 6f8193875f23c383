import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestContext, testContext } from '../../test/support/context.ts';
import type { Context } from '../context.ts';
import type { ServedFile } from '../registry/index.ts';
import { bytesOf, SpoiltFile } from '../sessions/index.ts';
import { discard, localFile, modelFilesFolder } from './files.ts';

let context: TestContext;
let folder: string;
beforeAll(async () => {
  context = await testContext();
});
afterAll(() => context.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-files-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const half = 512 * 1024;

async function file(bytes: Uint8Array = randomBytes(half)): Promise<ServedFile> {
  const hex = createHash('sha256').update(bytes).digest('hex');
  const blob = `default/served/${hex}`;
  await context.ctx.stores.blobs('models').write(blob, bytes);
  return { path: 'model.onnx', blob, digest: `sha256:${hex}`, bytes: bytes.length };
}

const limited = (modelFilesMbMax: number): Context => ({
  ...context.ctx,
  settings: { ...context.ctx.settings, modelFilesMbMax },
});

/** The bytes as a model is loaded from, and whether they came from the disk. */
async function read(ctx: Context, wanted: ServedFile): Promise<{ isRight: boolean; isOnDisk: boolean }> {
  const source = await localFile(ctx, 1, wanted);
  const digest = createHash('sha256')
    .update(await bytesOf(source))
    .digest('hex');
  return { isRight: `sha256:${digest}` === wanted.digest, isOnDisk: 'file' in source };
}

const here = async () => (await readdir(modelFilesFolder())).toSorted();

describe('a copy of a model file', () => {
  test('is brought once however many ask, and read from the disk when the store has it no more', async () => {
    const wanted = await file();
    const sources = await Promise.all(Array.from({ length: 20 }, () => localFile(context.ctx, 1, wanted)));
    expect(new Set(sources.map((source) => 'file' in source && source.file)).size).toBe(1);
    await context.ctx.stores.blobs('models').remove(wanted.blob);
    expect(await read(context.ctx, wanted)).toEqual({ isRight: true, isOnDisk: true });
    expect(await here()).toEqual([wanted.digest.slice(7)]);
    expect((await stat(modelFilesFolder())).mode & 0o077).toBe(0);
  });

  test('that was changed, cut short or removed is noticed, and another one brought', async () => {
    const wanted = await file();
    const source = await localFile(context.ctx, 1, wanted);
    const path = join(modelFilesFolder(), wanted.digest.slice(7));
    const original = await readFile(path);
    for (const spoil of [() => writeFile(path, original.toReversed()), () => rm(path)]) {
      await spoil();
      await expect(bytesOf(source)).rejects.toBeInstanceOf(SpoiltFile);
      await discard(path);
      expect(await read(context.ctx, wanted)).toEqual({ isRight: true, isOnDisk: true });
    }
    await truncate(path, 10);
    expect(await read(context.ctx, wanted)).toEqual({ isRight: true, isOnDisk: true });
  });

  test('of bytes that are not those recorded, or more or fewer, never takes its place', async () => {
    const wanted = await file();
    for (const wrong of [randomBytes(half), randomBytes(half + 1), randomBytes(half - 1)]) {
      await context.ctx.stores.blobs('models').write(wanted.blob, wrong);
      await expect(localFile(context.ctx, 3, wanted)).rejects.toMatchObject({
        code: 'conflict',
        message: 'A file of version 3 is not the one that was registered; register the model again.',
      });
    }
    await context.ctx.stores.blobs('models').remove(wanted.blob);
    await expect(localFile(context.ctx, 3, wanted)).rejects.toMatchObject({ code: 'conflict' });
    expect(await here()).toEqual([]);
  });
});

describe('the disk', () => {
  test('keeps within its bound: those used longest ago make way, and arrivals nobody finished', async () => {
    const ctx = limited(1);
    const [first, second, third] = [await file(), await file(), await file()];
    await localFile(ctx, 1, first);
    await localFile(ctx, 1, second);
    const abandoned = join(modelFilesFolder(), 'x.arriving');
    const arriving = join(modelFilesFolder(), 'y.arriving');
    await writeFile(abandoned, '');
    await writeFile(arriving, '');
    for (const [name, secondsAgo] of [
      [abandoned, 7_200],
      [join(modelFilesFolder(), first.digest.slice(7)), 200],
      [join(modelFilesFolder(), second.digest.slice(7)), 100],
    ] as const)
      await utimes(name, Date.now() / 1000 - secondsAgo, Date.now() / 1000 - secondsAgo);
    // Using it makes the first the younger one.
    await localFile(ctx, 1, first);
    await localFile(ctx, 1, third);
    expect(await here()).toEqual([first.digest.slice(7), third.digest.slice(7), 'y.arriving'].toSorted());
  });

  test('that has no room for a model, or cannot be written, is left out', async () => {
    const wanted = await file();
    expect(await read(limited(0), wanted)).toEqual({ isRight: true, isOnDisk: false });
    await writeFile(modelFilesFolder(), 'a file where the folder should be');
    expect(await read(context.ctx, wanted)).toEqual({ isRight: true, isOnDisk: false });
  });

  test('is shared by processes that push each other out: each reads what it asked for', async () => {
    const ctx = limited(1);
    const files = await Promise.all(Array.from({ length: 5 }, () => file()));
    const meddler = spawn(process.execPath, ['-e', meddling], { env: { FOLDER: modelFilesFolder() } });
    const gone = once(meddler, 'close');
    try {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, async (_, reader) => {
          const seen: string[] = [];
          for (let i = 0; i < 12; i++) {
            const wanted = files[(i * 3 + reader) % files.length];
            seen.push(
              await read(ctx, wanted).then(
                ({ isRight }) => (isRight ? 'right' : 'wrong'),
                (error: unknown) => (error instanceof SpoiltFile ? 'brought again' : String(error)),
              ),
            );
          }
          return seen;
        }),
      );
      expect(outcomes.flat().filter((each) => each !== 'right' && each !== 'brought again')).toEqual([]);
      expect(outcomes.flat()).toContain('right');
    } finally {
      meddler.kill('SIGKILL');
      await gone;
    }
  });
});

/** Another process that removes, replaces and damages what lies in the folder. */
const meddling = `
  const fs = require('node:fs');
  setInterval(() => {
    try {
      for (const name of fs.readdirSync(process.env.FOLDER)) {
        const path = process.env.FOLDER + '/' + name;
        const chance = Math.random();
        if (chance < 0.3) fs.rmSync(path, { force: true });
        else if (chance < 0.6) fs.writeFileSync(path, Buffer.alloc(${half}));
      }
    } catch {}
  }, 2);`;

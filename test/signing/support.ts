import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobName } from '../../shared/artifacts/index.ts';
import type { Context } from '../../shared/context.ts';
import { isCode } from '../../shared/http/index.ts';
import { createModel, createVersion, type ModelVersion, versionByName } from '../../shared/registry/index.ts';
import { classifier } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

/** A server with keys in a folder of its own. */
export async function signingServer(): Promise<TestServer & { readonly keysFolder: string }> {
  const keysFolder = await mkdtemp(join(tmpdir(), 'cairn-keys-'));
  process.env['CAIRN_KEYS_FOLDER'] = keysFolder;
  const server = await testServer();
  return {
    ...server,
    keysFolder,
    async close() {
      delete process.env['CAIRN_KEYS_FOLDER'];
      await server.close();
      await rm(keysFolder, { recursive: true });
    },
  };
}

/** The files of a model that nothing here can serve, which is found out without running anything. */
const pickleFolder: Record<string, Uint8Array> = {
  MLmodel: Buffer.from('flavors:\n  sklearn:\n    pickled_model: model.pkl\n'),
  'model.pkl': Buffer.from('a pickle'),
  'code/a-b/prepare.py': Buffer.from('shift = 0\n'),
};

/** The files of one that is served, by path; `shift` makes another model. */
export const onnxFolder = (shift = 0): Record<string, Uint8Array> => ({
  MLmodel: Buffer.from('flavors:\n  onnx:\n    data: model.onnx\n    onnx_version: 1.23.2\n'),
  'model.onnx': classifier(shift),
  'code/a-b/prepare.py': Buffer.from(`shift = ${shift}\n`),
});

/** Registers a folder as the next version of a model, and has it read. Answers where its files lie. */
export async function registered(
  server: TestServer,
  name: string,
  files = pickleFolder,
): Promise<{ readonly version: ModelVersion; readonly path: string }> {
  const { ctx } = server;
  const path = `0/${ctx.ids.hex(8)}/artifacts/model`;
  for (const [file, bytes] of Object.entries(files)) await put(ctx, `${path}/${file}`, bytes);
  await createModel(ctx, { name }).catch((error: unknown) => {
    if (!isCode(error, 'already-exists')) throw error;
  });
  const { version } = await createVersion(ctx, { name, source: `mlflow-artifacts:/${path}` });
  await server.drain();
  return { version: await versionByName(ctx, name, version), path };
}

export async function put(ctx: Context, path: string, bytes: Uint8Array): Promise<void> {
  await ctx.stores.blobs('artifacts').write(blobName(ctx, path), bytes);
}

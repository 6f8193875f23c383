import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getEndpoint, mainOf, modelBytesMax } from '../../shared/endpoints/index.ts';
import { getVersion, modelByName, type ModelVersion, moveAlias } from '../../shared/registry/index.ts';
import { classifier, deploy, publish, register } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { get, patch } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ CAIRN_INSTANCE_MB: '1024' });
});
afterAll(async () => {
  delete process.env['CAIRN_INSTANCE_MB'];
  await server.close();
});

const megabyte = 1024 * 1024;

/** Lets a version that is ready have taken so much memory when it was tried. */
async function took(model: string, version: number, memoryBytes: number): Promise<void> {
  const { modelId } = await modelByName(server.ctx, model);
  const { id } = await getVersion(server.ctx, modelId, version);
  const documents = server.ctx.stores.documents('models');
  const key = [server.ctx.workspace, modelId];
  const stored = await documents.read<ModelVersion>(key, id);
  if (stored?.doc.inspection.state !== 'ready') throw new Error('The version is not ready.');
  const { inspection } = stored.doc;
  const ready = { ...inspection.ready, timings: { ...inspection.ready.timings, memoryBytes } };
  const doc = { ...stored.doc, inspection: { ...inspection, ready } };
  const { outcome } = await documents.write(key, { op: 'replace', doc, etag: stored.etag });
  if (outcome !== 'applied') throw new Error('The version was changed meanwhile.');
}

describe('a model that does not fit an instance', () => {
  test('is refused where it would be deployed, with both numbers', async () => {
    expect(modelBytesMax(server.ctx)).toBe(768 * megabyte);
    await publish(server, 'huge', classifier());
    await took('huge', 1, 768 * megabyte + 1);
    await deploy(server, 'small', classifier());
    const refused = (field: string) => ({ status: 409, body: { field } });
    const made = await server.call('POST', '/api/v1/endpoints', {
      name: 'huge',
      model: 'huge',
      alias: 'champion',
    });
    expect(made).toMatchObject(refused('model'));
    expect(String(made.body['detail'])).toMatch(/needs 769 MB .* 1024 MB \(CAIRN_INSTANCE_MB\) has 768 MB/);
    const change = { deployments: [{ name: 'main', model: 'huge', version: 1 }] };
    expect(await patch(server, 'small', change)).toMatchObject(refused('deployments[0].model'));
    await took('huge', 1, 768 * megabyte);
    expect((await patch(server, 'small', change)).status).toBe(200);
  });

  test('is kept out where an alias moves to it, and what answered before says why', async () => {
    await deploy(server, 'growing', classifier());
    const version = await register(server.ctx, 'growing', classifier(1));
    await server.drain();
    await took('growing', version, 2048 * megabyte);
    await moveAlias(server.ctx, { name: 'growing', alias: 'champion', version });
    await server.drain();
    expect(mainOf(await getEndpoint(server.ctx, 'growing'))?.stable?.version).toBe(1);
    const { body } = await get(server, 'growing');
    expect(body['deployments']).toMatchObject([
      {
        stable: { version: 1 },
        waiting_for: expect.stringContaining("Version 2 of 'growing' needs 2048 MB"),
      },
    ]);
    await publish(server, 'growing', classifier(2));
    expect((await get(server, 'growing')).body['deployments']).toMatchObject([
      { stable: { version: 3 }, waiting_for: null },
    ]);
  });
});

describe('a deployment that waits', () => {
  test('says for a version that is being read, and why one cannot be served', async () => {
    await deploy(server, 'patient', classifier());
    const pending = await register(server.ctx, 'patient', classifier(1));
    await moveAlias(server.ctx, { name: 'patient', alias: 'champion', version: pending });
    const waiting = async () => (await get(server, 'patient')).body['deployments'];
    expect(await waiting()).toMatchObject([{ waiting_for: "Version 2 of 'patient' is still being read." }]);
    await server.drain();
    expect(await waiting()).toMatchObject([{ waiting_for: null, stable: { version: 2 } }]);
    await publish(server, 'patient', Buffer.from('not a model'));
    expect(await waiting()).toMatchObject([
      {
        waiting_for: expect.stringContaining("Version 3 of 'patient' cannot be served"),
        stable: { version: 2 },
      },
    ]);
  });
});

import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobName } from '../../shared/artifacts/index.ts';
import { keyFiles } from '../../shared/azure/key-files.ts';
import type { KeyStore } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import {
  changeVersion,
  checkSignature,
  eventsOfVersion,
  getReady,
  type ModelVersion,
  verifyFiles,
  versionByName,
} from '../../shared/registry/index.ts';
import { classifier } from '../serving/support.ts';
import { items } from '../support/server.ts';
import { onnxFolder, put, registered, signingServer } from './support.ts';

let server: Awaited<ReturnType<typeof signingServer>>;
beforeAll(async () => {
  server = await signingServer();
});
afterAll(() => server.close());

const at = ({ name, version }: ModelVersion) =>
  `/api/v1/models/${encodeURIComponent(name)}/versions/${version}`;
const verify = async (version: ModelVersion) => (await server.call('POST', `${at(version)}/verify`)).body;
/** The same stores, opened by an instance that has other keys. */
const withKeys = (keys: KeyStore | undefined): Context => ({
  ...server.ctx,
  stores: { ...server.ctx.stores, keys },
});
const again = ({ name, version }: ModelVersion) => versionByName(server.ctx, name, version);
const models = () => server.ctx.stores.blobs('models');
const bundleBlob = ({ modelId, version }: ModelVersion) => `default/${modelId}/${version}/model.sig`;

describe('a version', () => {
  test('is signed unasked once its files are known, once, and verifies', async () => {
    const { version } = await registered(server, 'signed');
    expect(version.signing).toEqual({
      keyId: expect.stringMatching(/^file:/) as string,
      manifestDigest: version.artifact?.manifest.digest,
      at: expect.any(Number) as number,
    });
    expect(await verify(version)).toEqual({ valid: true, key_id: version.signing?.keyId, files: 3 });
    await server.drain();
    const types = (await eventsOfVersion(server.ctx, version)).map(({ type }) => type);
    expect(types.filter((type) => type === 'version.signed')).toHaveLength(1);
    const keys = items((await server.call('GET', '/api/v1/signing-keys')).body['keys']);
    expect(keys).toEqual([
      { key_id: version.signing?.keyId, pem: expect.stringContaining('BEGIN PUBLIC KEY') },
    ]);
  });

  test('that is served is signed with the copy that is loaded', async () => {
    const { version } = await registered(server, 'servable', onnxFolder());
    expect(version.inspection.state).toBe('ready');
    expect(await verify(version)).toMatchObject({ valid: true, files: 3 });
    const bundle = (await models().read(bundleBlob(version)))?.toString() ?? '';
    const { dsseEnvelope } = JSON.parse(bundle) as { dsseEnvelope: { payload: string } };
    const { predicate } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()) as {
      predicate: { cairn: unknown };
    };
    expect(predicate.cairn).toEqual({
      model_id: version.modelId,
      version: 1,
      manifest: version.artifact?.manifest.digest,
      served: [{ name: 'model.onnx', algorithm: 'sha256', digest: expect.any(String) }],
    });
  });

  test('that was converted is signed again with what it is served by, and its other files stay as signed', async () => {
    const { version, path } = await registered(server, 'converted');
    const onnx = classifier(0.375);
    const converted = `${path}/cairn-onnx/job-1/model.onnx`;
    await put(server.ctx, converted, onnx);
    const digest = `sha256:${createHash('sha256').update(onnx).digest('hex')}`;
    await changeVersion(server.ctx, version.modelId, 1, (doc) => ({
      type: 'version.converted',
      version: { ...doc, converted: { path: converted, digest, at: 1 } },
    }));
    await server.drain();
    const after = await again(version);
    expect(after.inspection.state).toBe('ready');
    expect(after.signing?.at).toBeGreaterThan(version.signing?.at ?? 0);
    expect(await verify(after)).toMatchObject({ valid: true, files: 3 });
  });

  test('gives its signature as a bundle that names the key and every file', async () => {
    const { version } = await registered(server, 'bundle');
    const response = await server.fetch(`${at(version)}/signature`);
    expect(response.headers.get('content-type')).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    const bundle = (await response.json()) as { dsseEnvelope: { payload: string } };
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()) as {
      predicate: { resources: { name: string }[] };
    };
    expect(statement.predicate.resources.map(({ name }) => name)).toEqual([
      'MLmodel',
      'code/a-b/prepare.py',
      'model.pkl',
    ]);
  });

  test('that many sign at once is signed, and verifies', async () => {
    const { version } = await registered(server, 'raced');
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => server.call('POST', `${at(version)}/sign`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(answers[0]?.body).toEqual({
      key_id: version.signing?.keyId,
      manifest_digest: version.artifact?.manifest.digest,
      at: expect.any(Number),
    });
    expect(await verify(version)).toMatchObject({ valid: true });
  });

  test('that does not exist is not found, by each route', async () => {
    for (const [method, route] of [
      ['POST', 'sign'],
      ['GET', 'signature'],
      ['POST', 'verify'],
    ] as const)
      expect((await server.call(method, `/api/v1/models/signed/versions/99/${route}`)).status).toBe(404);
  });
});

describe('whoever changes', () => {
  test.each([
    [
      'a file is found out',
      (path: string) => put(server.ctx, `${path}/code/a-b/prepare.py`, Buffer.from('shift = 9\n')),
      "file 'code/a-b/prepare.py' was changed.",
    ],
    [
      'what files there are, by adding one, is found out',
      (path: string) => put(server.ctx, `${path}/code/evil.py`, Buffer.from('1')),
      "file 'code/evil.py' was added.",
    ],
    [
      'what files there are, by removing one, is found out',
      (path: string) => server.ctx.stores.blobs('artifacts').remove(blobName(server.ctx, `${path}/MLmodel`)),
      "file 'MLmodel' is gone.",
    ],
    [
      'everything, by removing all of it, is found out',
      (path: string) => server.ctx.stores.blobs('artifacts').removeBelow(blobName(server.ctx, `${path}/`)),
      'there is no file at',
    ],
  ])('%s', async (_, tamper, says) => {
    const { version, path } = await registered(server, 'files');
    await tamper(path);
    expect(await verify(version)).toEqual({
      valid: false,
      reason: expect.stringContaining(`The version cannot be trusted: ${says}`) as string,
      key_id: version.signing?.keyId,
      files: 3,
    });
  });

  test('the manifest is found out, without a look at the files', async () => {
    const { version } = await registered(server, 'manifest');
    for await (const { name } of models().walk(`default/${version.modelId}/${version.version}/manifest`))
      await models().write(name, Buffer.from('{"files":[],"v":1}'));
    expect(await checkSignature(server.ctx, version)).toMatchObject({
      valid: false,
      reason: expect.stringContaining('not the one that was recorded') as string,
    });
  });

  test('the copy that is served is found out', async () => {
    const { version } = await registered(server, 'served', onnxFolder(0.75));
    if (version.inspection.state !== 'ready') throw new Error('The version is not ready.');
    const { blob } = version.inspection.ready.served;
    const original = await models().read(blob);
    await models().write(blob, Buffer.from('another model'));
    expect((await verify(version))['reason']).toContain('which is loaded to serve it, was changed');
    await models().write(blob, original ?? Buffer.of());
    expect(await verify(version)).toMatchObject({ valid: true });
  });

  test('the bundle, or puts that of another version in its place, is found out', async () => {
    const { version } = await registered(server, 'bundles');
    const { version: other } = await registered(server, 'bundles');
    await models().write(bundleBlob(version), (await models().read(bundleBlob(other))) ?? Buffer.of());
    expect((await verify(version))['reason']).toContain('that of another version');
    await models().write(bundleBlob(version), Buffer.from('{}'));
    expect((await verify(version))['reason']).toContain('not a sigstore bundle');
    await models().remove(bundleBlob(version));
    expect((await verify(version))['reason']).toContain('it is not signed');
    expect((await server.call('GET', `${at(version)}/signature`)).status).toBe(404);
  });

  test('the files before they are read again is not vouched for unasked, only by a person', async () => {
    const { version, path } = await registered(server, 'reread');
    await put(server.ctx, `${path}/code/a-b/prepare.py`, Buffer.from('shift = 7\n'));
    expect((await server.call('POST', `${at(version)}/inspect`)).status).toBe(202);
    await server.drain();
    expect((await again(version)).signing).toEqual(version.signing);
    expect(await verify(version)).toMatchObject({ valid: false });
    expect((await server.call('POST', `${at(version)}/sign`)).status).toBe(200);
    expect(await verify(version)).toMatchObject({ valid: true });
  });

  test('a file of a version that is served gets no signature over it: what was registered stays', async () => {
    const { version, path } = await registered(server, 'kept', onnxFolder(0.625));
    await put(server.ctx, `${path}/code/a-b/prepare.py`, Buffer.from('shift = 7\n'));
    await server.call('POST', `${at(version)}/inspect`);
    await server.drain();
    expect((await server.call('POST', `${at(version)}/sign`)).status).toBe(200);
    expect((await verify(version))['reason']).toContain("file 'code/a-b/prepare.py' was changed");
    const { body } = await server.call('GET', `${at(version)}/card?format=json`);
    expect(items(body['limits'])).toContainEqual(expect.stringContaining('not those that were registered'));
  });
});

describe('keys', () => {
  test('a signature holds after the key was rotated, for as long as the old one is kept', async () => {
    const { version } = await registered(server, 'rotated');
    const pem = (name: string) => join(server.keysFolder, name);
    await rename(pem('signing.pem'), pem('signing-1.pem'));
    const rotated = withKeys(keyFiles(server.keysFolder));
    const [newest] = (await rotated.stores.keys?.publicKeys()) ?? [];
    expect(newest?.keyId).not.toBe(version.signing?.keyId);
    expect(await verifyFiles(rotated, version)).toMatchObject({
      valid: true,
      keyId: version.signing?.keyId,
    });
    await rename(pem('signing-1.pem'), pem('signing.pem'));
  });

  test('a signature of a key that the platform does not know holds nothing', async () => {
    const { version } = await registered(server, 'foreign');
    const stranger = withKeys(keyFiles(join(server.keysFolder, 'stranger')));
    expect(await verifyFiles(stranger, version)).toMatchObject({
      valid: false,
      reason: expect.stringContaining('a key that is not trusted') as string,
      keyId: null,
    });
  });

  test('where there are none nothing is signed, and whoever asks is told what to set', async () => {
    const { version } = await registered(server, 'keyless');
    const keyless = withKeys(undefined);
    expect(await verifyFiles(keyless, version)).toMatchObject({
      valid: false,
      reason: expect.stringContaining('no keys here') as string,
    });
  });
});

describe('where a policy wants signatures', () => {
  const policy = (gates: unknown[]) => ({ aliases: ['champion'], stages: [], gates });

  test('a signed version is served, and one whose signature does not hold is refused with the reason', async () => {
    const { ctx } = server;
    const { version } = await registered(server, 'guarded', onnxFolder(0.5));
    const put_ = await server.call('PUT', '/api/v1/models/guarded/policy', policy([{ gate: 'signature' }]));
    expect(put_.status).toBe(200);
    expect((await server.call('GET', '/api/v1/models/guarded')).body['policy']).toMatchObject({
      signed_only: true,
    });
    expect(await getReady(ctx, version.modelId, 1)).toMatchObject({ version: 1 });

    await models().remove(bundleBlob(version));
    await expect(getReady(ctx, version.modelId, 1)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/policy 1 wants a valid signature.*it is not signed/) as string,
    });
    expect((await server.call('POST', `${at(version)}/sign`)).status).toBe(200);
    expect(await getReady(ctx, version.modelId, 1)).toMatchObject({ version: 1 });
  });

  test('no other model has to be signed, and no more once the policy has ended', async () => {
    const { version } = await registered(server, 'free', onnxFolder(0.25));
    await models().remove(bundleBlob(version));
    expect(await getReady(server.ctx, version.modelId, 1)).toMatchObject({ version: 1 });
    await server.call('PUT', '/api/v1/models/free/policy', policy([{ gate: 'signature' }]));
    await expect(getReady(server.ctx, version.modelId, 1)).rejects.toThrow('is not served');
    expect((await server.fetch('/api/v1/models/free/policy', { method: 'DELETE' })).status).toBe(204);
    expect(await getReady(server.ctx, version.modelId, 1)).toMatchObject({ version: 1 });
  });

  test('a version is refused that is said to be served by other files than were signed', async () => {
    const { ctx } = server;
    const { version } = await registered(server, 'swapped', onnxFolder(0.875));
    await server.call('PUT', '/api/v1/models/swapped/policy', policy([{ gate: 'signature' }]));
    await changeVersion(ctx, version.modelId, 1, (doc) => {
      if (doc.inspection.state !== 'ready') return undefined;
      const { ready } = doc.inspection;
      const served = { ...ready.served, digest: `sha256:${'0'.repeat(64)}` };
      return {
        type: 'version.updated',
        version: { ...doc, inspection: { ...doc.inspection, ready: { ...ready, served } } },
      };
    });
    await expect(getReady(ctx, version.modelId, 1)).rejects.toThrow(
      "'model.onnx', which is loaded to serve it",
    );
  });

  test('an endpoint loads no version whose signature does not hold', async () => {
    const { version } = await registered(server, 'deployed', onnxFolder(0.125));
    await server.call('POST', '/api/2.0/mlflow/registered-models/alias', {
      name: 'deployed',
      alias: 'live',
      version: '1',
    });
    await server.call('PUT', '/api/v1/models/deployed/policy', policy([{ gate: 'signature' }]));
    await models().remove(bundleBlob(version));
    const made = await server.call('POST', '/api/v1/endpoints', {
      name: 'deployed',
      model: 'deployed',
      alias: 'live',
    });
    expect(made.status).toBe(201);
    const ping = await server.call('GET', '/endpoints/deployed/ping');
    expect(ping.status).toBe(409);
    expect(String(ping.body['message'])).toContain('it is not signed');
    expect((await server.call('POST', `${at(version)}/sign`)).status).toBe(200);
    expect((await server.fetch('/endpoints/deployed/ping')).status).toBe(200);
  });
});

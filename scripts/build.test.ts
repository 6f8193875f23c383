import { execFile, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linearRegressor } from '../shared/onnx/index.ts';
import { build } from './build.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

const onDemand = [
  'apache-arrow',
  'azure-identity',
  'azure-keyvault-keys',
  'azure-keyvault-secrets',
  'graphql',
  'jose',
  'yaml',
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-build-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The second message that comes. */
function second(from: NodeJS.EventEmitter): Promise<unknown> {
  return new Promise((resolve) => {
    from.once('message', () => from.once('message', resolve));
  });
}

describe('the package for Azure', () => {
  test('holds all that the bundle loads: outside the repository its own onnxruntime answers', async () => {
    const outDir = join(folder, 'dist');
    await build({ outDir, package: true });
    const script = `
      const load = require('node:module').createRequire(${JSON.stringify(join(outDir, 'main.cjs'))});
      console.log(load.resolve('onnxruntime-node').startsWith(${JSON.stringify(outDir)}));
      console.log(load('onnxruntime-node').listSupportedBackends().some(({ name }) => name === 'cpu'));`;
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: folder });
    expect(stdout).toBe('true\ntrue\n');
    const bundles = ['child', 'exporter', 'main', 'parts', 'process', 'thread', ...onDemand];
    expect((await readdir(outDir)).toSorted()).toEqual(
      [...bundles.flatMap((name) => [`${name}.cjs`, `${name}.cjs.map`]), 'node_modules', 'web'].toSorted(),
    );
  });

  test('starts without the packages that few need, each of which is there when it is asked for', async () => {
    const script = `
      const { basename } = require('node:path');
      require('./main.cjs');
      const loaded = Object.keys(require.cache).map((file) => basename(file));
      const { GraphQLError } = require('./graphql.cjs');
      const { jwtVerify } = require('./jose.cjs');
      const { parse } = require('./yaml.cjs');
      const { DefaultAzureCredential } = require('./azure-identity.cjs');
      const { KeyClient } = require('./azure-keyvault-keys.cjs');
      const { SecretClient } = require('./azure-keyvault-secrets.cjs');
      const { tableFromIPC } = require('./apache-arrow.cjs');
      const there = [GraphQLError, jwtVerify, parse, DefaultAzureCredential, KeyClient, SecretClient, tableFromIPC];
      console.log(JSON.stringify({ loaded, there: there.map((one) => typeof one) }));`;
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: join(folder, 'dist') });
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      loaded: ['main.cjs'],
      there: onDemand.map(() => 'function'),
    });
  });

  test('holds the program in which models are tried, which runs from there', async () => {
    const model = join(folder, 'model.onnx');
    await writeFile(model, linearRegressor({ features: ['a'], coefficients: [2], intercept: 1 }));
    const child = fork(join(folder, 'dist', 'child.cjs'), [], { cwd: folder, env: {} });
    const said: unknown[] = [];
    child.on('message', (message) => said.push(message));
    child.send({ kind: 'trial', model, external: [], example: null, memoryBytesMax: 2 ** 40 });
    await once(child, 'close');
    expect(said.at(-1)).toMatchObject({
      outcome: 'ran',
      outputs: [{ name: 'prediction', dims: [1, 1] }],
    });
  });

  test('holds the programs that run models aside, which run from there', async () => {
    const model = join(folder, 'served.onnx');
    const bytes = linearRegressor({ features: ['a'], coefficients: [2], intercept: 1 });
    await writeFile(model, bytes);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const requests = [
      { kind: 'load', model: { path: 'model.onnx', digest, file: model }, external: [] },
      {
        kind: 'run',
        handle: 1,
        feeds: { input: { type: 'float32', dims: [1, 1], data: Float32Array.of(3) } },
      },
    ];
    const answered = { kind: 'answered', outputs: { prediction: { data: Float32Array.of(7) } } };

    const thread = new Worker(join(folder, 'dist', 'thread.cjs'), {
      workerData: new SharedArrayBuffer(8),
    });
    const fromThread = second(thread);
    for (const [id, request] of requests.entries()) thread.postMessage({ id, request }, []);
    expect(await fromThread).toMatchObject({ id: 1, reply: answered });
    await thread.terminate();

    const child = fork(join(folder, 'dist', 'process.cjs'), [], {
      cwd: folder,
      env: {},
      serialization: 'advanced',
    });
    const fromChild = second(child);
    child.send({ memoryBytesMax: 2 ** 40 });
    for (const [id, request] of requests.entries()) child.send({ id, request });
    expect(await fromChild).toMatchObject({ id: 1, reply: answered });
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  });

  test('.funcignore lets nothing else in', async () => {
    const app = join(folder, 'app');
    const shipped = [
      'dist/child.cjs',
      'dist/main.cjs',
      'dist/node_modules/onnxruntime-node/package.json',
      'host.json',
      'package.json',
    ];
    const heldBack = [
      '.azure/env/.env',
      'dist/main.cjs.map',
      '.env',
      '.funcignore',
      'functions/main.ts',
      'local.settings.json',
      'node_modules/zod/package.json',
      'shared/settings.ts',
    ];
    for (const path of [...shipped, ...heldBack]) {
      await mkdir(dirname(join(app, path)), { recursive: true });
      await writeFile(join(app, path), '');
    }
    await cp(join(root, '.funcignore'), join(app, '.funcignore'));
    await run('git', ['init', '--quiet'], { cwd: app });
    const { stdout } = await run('git', ['ls-files', '--others', '--exclude-from=.funcignore'], { cwd: app });
    expect(stdout.trim().split('\n').toSorted()).toEqual(shipped);
  });
});

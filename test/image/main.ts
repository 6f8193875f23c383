/**
 * `make test-image`: buildah makes the container image as `make image` does, and what is in it answers. The image of the
 * Functions host is not among Debian's packages, so it stands on a base of a few of these with Node.js, and the local
 * host runs the app in it; files, environment and libraries are those of the image.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, glob, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeImage } from '../../scripts/image.ts';
import { serve } from '../../bench/serving-stack.ts';
import { classifier } from '../serving/support.ts';
import { startedHosts } from '../support/hosts.ts';
import { freePort, healthy } from '../support/stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What Node.js and onnxruntime need of the system. */
const packages = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'dash', 'coreutils', 'ca-certificates'];
const [base, image] = ['localhost/cairn-test-base', 'localhost/cairn-test'];
const wwwroot = '/home/site/wwwroot';

const began = performance.now();
const say = (what: string) =>
  process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${what}\n`);
const folder = await mkdtemp(join(tmpdir(), 'cairn-image-test-'));
const ends: (() => Promise<unknown> | void)[] = [
  () => rm(folder, { recursive: true, force: true }),
  () => void spawnSync('buildah', ['rmi', '--force', image, base]),
];
try {
  await makeBase();
  say('A base of Debian and Node.js stands for the image of the Functions host.');
  await makeImage({ tool: 'buildah', tag: image, base });
  say('buildah made the image.');
  await runImage();
  say('All is as it should be.');
} finally {
  for (const end of ends.toReversed()) await end();
}

async function makeBase(): Promise<void> {
  const rootfs = join(folder, 'rootfs');
  await mkdir(join(rootfs, 'usr/local/bin'), { recursive: true });
  run('apt-get', ['download', '-qq', ...packages], folder);
  for await (const file of glob('*.deb', { cwd: folder })) run('dpkg', ['-x', file, rootfs], folder);
  await copyFile(process.execPath, join(rootfs, 'usr/local/bin/node'));
  const container = run('buildah', ['from', 'scratch']).trim();
  ends.push(() => void spawnSync('buildah', ['rm', container]));
  run('buildah', ['add', '--quiet', container, rootfs, '/']);
  run('buildah', ['commit', '--quiet', container, base]);
}

/** The app as it lies in the image, on stores of this machine. */
async function runImage(): Promise<void> {
  const container = run('buildah', ['from', image]).trim();
  ends.push(() => void spawnSync('buildah', ['rm', container]));
  const stores = await startedHosts(0);
  ends.push(() => stores.stop());
  const port = await freePort();
  const env = Object.entries({ ...stores.env, NODE_OPTIONS: '--no-warnings' }).flatMap(([name, value]) => [
    '--env',
    `${name}=${value}`,
  ]);
  // Only the host comes from outside.
  const outside = ['local', 'shared', 'scripts', 'web', 'node_modules', 'package.json', 'host.json'];
  const volumes = outside.flatMap((name) => ['--volume', `${join(root, name)}:/outside/${name}:ro`]);
  const host = [
    'node',
    '/outside/local/host/main.ts',
    '--port',
    String(port),
    '--app',
    wwwroot,
    '--data',
    '/tmp',
  ];
  const child = spawn(
    'buildah',
    ['run', '--isolation', 'chroot', ...volumes, ...env, container, '--', ...host, '--faithful'],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  );
  // buildah takes it for a failure when the app is told to end.
  let isEnding = false;
  child.stderr.on('data', (bytes: Buffer) => isEnding || process.stderr.write(bytes));
  ends.push(async () => {
    if (child.exitCode !== null) return;
    isEnding = true;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  await healthy(url, child);
  say(`The app answers from within it at ${url}.`);
  const ready = await fetch(`${url}/health/ready`);
  const made = await fetch(`${url}/api/2.0/mlflow/runs/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const page = await (await fetch(url)).text();
  if (!ready.ok || !made.ok || !page.includes('<title>'))
    throw new Error(`The app in the image answers ${ready.status}, ${made.status}: ${await ready.text()}`);
  say('It is ready, makes a run and shows its page.');
  await serve(url, 'flowers', classifier());
  const infer = await fetch(`${url}/v2/models/flowers/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }],
    }),
  });
  const answer = await infer.text();
  if (!infer.ok || !answer.includes('probabilities'))
    throw new Error(`The model answers ${infer.status}: ${answer}`);
  say('Its onnxruntime answers for a model.');
}

function run(command: string, args: readonly string[], cwd = root): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}: ${stderr}`);
  return stdout;
}

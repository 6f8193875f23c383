/** `make image`: the container image of the app, for those who host it themselves. */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { endWith, optionsOf } from './command-line.ts';
import { makePackage } from './package.ts';

const containerfile = fileURLToPath(new URL('../infra/container/Containerfile', import.meta.url));
const tools = ['docker', 'podman', 'buildah'];

export type ImageOptions = {
  /** What builds it: docker, podman or buildah. */
  readonly tool: string;
  readonly tag: string;
  /** The image that it stands on; the Functions host's unless told. */
  readonly base?: string | undefined;
};

/** Builds the image. @throws Error where the tool ends with another code than 0. */
export async function makeImage({ tool, tag, base }: ImageOptions): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'cairn-image-'));
  try {
    const { zip } = await makePackage();
    for (const [path, bytes] of Object.entries(unzipSync(zip))) {
      const file = join(context, 'package', path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    await cp(containerfile, join(context, 'Containerfile'));
    const args = ['--file', join(context, 'Containerfile'), '--tag', tag];
    if (base !== undefined) args.push('--build-arg', `BASE=${base}`);
    const { status, error } = spawnSync(tool, ['build', ...args, context], { stdio: 'inherit' });
    if (error) throw error;
    if (status !== 0) throw new Error(`${tool} build ended with ${status}.`);
  } finally {
    await rm(context, { recursive: true });
  }
}

/** The first tool that is here. */
function toolHere(): string | undefined {
  return tools.find((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0);
}

if (import.meta.main) {
  const usage = `Usage: make image [ARGS="[options]"]

Builds the container image of the app: the package of make package on the image of the Azure Functions host.

  --tag NAME    what it is called (default: cairn)
  --base IMAGE  what it stands on, with Node.js 22.18 or newer (default: the Functions host, see infra/container)
  --tool NAME   docker, podman or buildah (default: the first of them that is here)`;
  const given = optionsOf(usage, {
    tag: { type: 'string', default: 'cairn' },
    base: { type: 'string' },
    tool: { type: 'string' },
  });
  const tool = given.tool ?? toolHere();
  if (tool === undefined)
    endWith(`None of ${tools.join(', ')} is here; install one, or name another by --tool.`);
  await makeImage({ tool, tag: given.tag, base: given.base });
  process.stdout.write(`${given.tag}: built by ${tool}. docs/deploy.md says how to run it.\n`);
}

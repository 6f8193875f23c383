import { cp, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle, type Plugin } from 'esbuild';
import { siteFolder } from '../web/build.ts';
import { optionsOf } from './command-line.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a Linux x64 instance needs of the packages that cannot be bundled; the rest is for other platforms. */
const shipped = [
  'onnxruntime-node/package.json',
  'onnxruntime-node/dist',
  'onnxruntime-node/bin/napi-v6/linux/x64',
  'onnxruntime-common/package.json',
  'onnxruntime-common/dist/cjs',
];

/** A deployed app has no sources to make its web UI from: it carries the files beside the bundle. */
const carriedSite: Plugin = {
  name: 'carried site',
  setup(bundling) {
    bundling.onLoad({ filter: /[/\\]web[/\\]build\.ts$/ }, () => ({
      contents: `export const siteFolder = async () => __dirname + '/web';`,
    }));
  },
};

/** What works outside of the app's own thread: bundles of their own. */
const carriedPrograms: Plugin = {
  name: 'carried programs',
  setup(bundling) {
    bundling.onLoad({ filter: /[/\\]sessions[/\\]child-file\.ts$/ }, () => ({
      contents: ['child', 'thread', 'process']
        .map((name) => `export const ${name}File = () => __dirname + '/${name}.cjs';`)
        .join('\n'),
    }));
    bundling.onLoad({ filter: /[/\\]predictions[/\\]part-thread-file\.ts$/ }, () => ({
      contents: `export const partThreadFile = () => __dirname + '/parts.cjs';`,
    }));
    bundling.onLoad({ filter: /[/\\]telemetry[/\\]exporter-file\.ts$/ }, () => ({
      contents: `export const exporterFile = () => __dirname + '/exporter.cjs';`,
    }));
  },
};

/**
 * Packages that are loaded by those who need them, and a file each: what stands in the bundle is read and compiled
 * whenever an instance starts.
 */
const onDemand = [
  '@azure/identity',
  '@azure/keyvault-keys',
  '@azure/keyvault-secrets',
  'apache-arrow',
  'graphql',
  'jose',
  'yaml',
];
const fileOf = (name: string) => name.replace('@', '').replace('/', '-');

const loadedOnDemand: Plugin = {
  name: 'loaded on demand',
  setup(bundling) {
    bundling.onResolve({ filter: new RegExp(`^(${onDemand.join('|')})$`) }, ({ path, kind, importer }) => {
      if (kind === 'entry-point') return undefined;
      if (path === '@azure/keyvault-keys' && /[/\\]@azure[/\\]cosmos[/\\]/.test(importer))
        return { path, namespace: 'unused' };
      return { path: `./${fileOf(path)}.cjs`, external: true };
    });
    // Cosmos DB's client would load it at once, for an encryption by its clients that nobody asks of it.
    bundling.onLoad({ filter: /^/, namespace: 'unused' }, () => ({ contents: 'export class KeyClient {}' }));
  },
};

export type BuildOptions = {
  /** Folder that is emptied and filled; `dist` unless told. */
  readonly outDir?: string;
  /** The module that registers the functions; another than the app's own is for benchmarks. */
  readonly main?: string;
  /** Also puts the native packages beside the bundle, so that the folder runs on an instance as it is. */
  readonly package?: boolean;
};

/**
 * Bundles the app for Azure into `dist/`: one CommonJS file per entry. Packages that few need are files beside it; outside
 * stay those that must (native code, and the module that only the Functions worker supplies).
 */
export async function build(options: BuildOptions = {}): Promise<void> {
  const outDir = options.outDir ?? join(root, 'dist');
  await rm(outDir, { recursive: true, force: true });
  await cp(await siteFolder(), join(outDir, 'web'), { recursive: true });
  await bundle({
    absWorkingDir: root,
    entryPoints: {
      main: options.main ?? 'functions/main.ts',
      child: 'shared/sessions/child.ts',
      thread: 'shared/sessions/thread.ts',
      process: 'shared/sessions/process.ts',
      parts: 'shared/predictions/part-thread.ts',
      exporter: 'shared/telemetry/exporter.ts',
      ...Object.fromEntries(onDemand.map((name) => [fileOf(name), name])),
    },
    outdir: outDir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    // Names stay as they are in the source: kept beside shorter ones, each closure would be told its name when it is
    // made, which costs every request.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
    external: ['@azure/functions-core', 'onnxruntime-node'],
    plugins: [carriedSite, carriedPrograms, loadedOnDemand],
    logLevel: 'warning',
  });
  if (options.package) await addNativePackages(join(outDir, 'node_modules'));
}

/** Node finds them from `dist/main.cjs` before it looks further up. */
async function addNativePackages(target: string): Promise<void> {
  for (const path of shipped) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await cp(join(root, 'node_modules', path), join(target, path), {
      recursive: true,
      filter: (source) => !/\.(d\.ts|map)$/.test(source),
    });
  }
}

if (import.meta.main) {
  const usage = `Usage: make build [ARGS=--package]

  --package  make the folder that is deployed, with the packages that cannot be bundled`;
  const { package: isPackage } = optionsOf(usage, { package: { type: 'boolean', default: false } });
  await build({ package: isPackage });
}

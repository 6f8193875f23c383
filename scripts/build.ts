import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles the app for Azure into `dist/`: one CommonJS file per entry, with the packages that must
 * stay outside (native code, and the module that only the Functions worker supplies).
 */
export async function build(): Promise<void> {
  await rm(`${root}dist`, { recursive: true, force: true });
  await bundle({
    absWorkingDir: root,
    entryPoints: { main: 'functions/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    external: ['@azure/functions-core', 'onnxruntime-node'],
    logLevel: 'warning',
  });
}

if (import.meta.main) await build();

/** Loads an unmodified function app: supplies its core module, then loads the files `package.json` names. */
import { globSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire, default as Module } from 'node:module';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction, constants } from 'node:vm';
import type { Core } from './core.ts';
import { describe, HostError, messageOf } from './errors.ts';

const CORE = '@azure/functions-core';

type Load = (this: unknown, request: string, parent: unknown, isMain: boolean) => unknown;

/** The app being loaded; a library keeps the module it got, so later calls still reach their own host. */
let loading: Core | undefined;
let queue: Promise<unknown> = Promise.resolve();
let injected = false;

/**
 * Loads the app's entry files with `core` as its `@azure/functions-core`.
 *
 * Apps of one process are loaded one after the other. An app (CommonJS) may be loaded again by a later
 * host of the same process: its files and the library leave the module cache first.
 *
 * @returns the loaded files, relative to `appDir`.
 * @throws HostError when `main` is missing, matches nothing, or a file fails while loading.
 */
export function loadApp(appDir: string, core: Core): Promise<string[]> {
  const turn = queue.then(() => loadNow(appDir, core));
  queue = turn.catch(() => {});
  return turn;
}

async function loadNow(appDir: string, core: Core): Promise<string[]> {
  inject();
  const files = entryFiles(appDir);
  const require = createRequire(join(appDir, 'package.json'));
  forget(require, realpathSync(appDir));
  loading = core;
  try {
    for (const file of files) await loadFile(require, join(appDir, file));
  } finally {
    loading = undefined;
  }
  return files;
}

function inject(): void {
  if (injected) return;
  injected = true;
  const original = Reflect.get(Module, '_load') as Load;
  const load: Load = function (request, parent, isMain) {
    if (request === CORE && loading) return loading.module;
    return original.call(this, request, parent, isMain);
  };
  Reflect.set(Module, '_load', load);
}

function entryFiles(appDir: string): string[] {
  let main: unknown;
  try {
    const manifest: { main?: unknown } = JSON.parse(readFileSync(join(appDir, 'package.json'), 'utf8'));
    main = manifest.main;
  } catch (error) {
    throw new HostError(`The app's package.json cannot be read: ${messageOf(error)}`);
  }
  if (typeof main !== 'string' || main === '') {
    throw new HostError(
      `${join(appDir, 'package.json')} has no "main"; name the file (or a pattern) to load.`,
    );
  }
  const files = globSync(main, { cwd: appDir }).toSorted();
  if (files.length === 0) {
    throw new HostError(
      `"main": "${main}" in ${join(appDir, 'package.json')} matches no file; build the app first.`,
    );
  }
  return files;
}

/** Registration happens while a module loads, so the modules must load anew. */
function forget(require: NodeJS.Require, appDir: string): void {
  for (const file of Object.keys(require.cache)) {
    const ofApp = file.startsWith(appDir + sep) && !file.includes(`${sep}node_modules${sep}`);
    const ofLibrary = file.includes(join('node_modules', '@azure', 'functions') + sep);
    if (ofApp || ofLibrary) delete require.cache[file];
  }
}

/** `require` loads ES modules too; only one with a top-level await needs `import`. */
async function loadFile(require: NodeJS.Require, path: string): Promise<void> {
  try {
    require(path);
  } catch (error) {
    try {
      if (!isAsyncModule(error)) throw error;
      await importModule(pathToFileURL(path).href);
    } catch (cause) {
      throw new HostError(`${path} failed while loading:\n${describe(cause)}`, { cause });
    }
  }
}

function isAsyncModule(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_REQUIRE_ASYNC_MODULE';
}

/** Node's own `import`, also where a test runner rewrites the keyword. */
async function importModule(url: string): Promise<unknown> {
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  return await compileFunction('return import(url)', ['url'], { importModuleDynamically })(url);
}

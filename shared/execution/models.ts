import type { Context } from '../context.ts';
import { type DeploymentSettings, memoryOf } from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import type { ServedFile, VersionReady } from '../registry/index.ts';
import { bytesOf, SpoiltFile } from '../sessions/index.ts';
import { LoadFailed } from './failure.ts';
import { discard, localFile, storedFile } from './files.ts';
import { type Model, openModel } from './model.ts';
import { Gone, type Mode } from './place.ts';
import type { Asker } from './resident.ts';

/** How a loaded model runs, for telemetry and for people. */
export type ExecutionFacts = {
  readonly mode: Mode;
  readonly rows_free: boolean;
  /** Of runs on as many rows as calls are run together by; `null` where it could not be run on made-up rows. */
  readonly p99_ms: number | null;
  readonly create_ms: number;
  readonly memory_mb: number;
  /** Rows a run so far; `null` before the first. */
  readonly mean_batch_rows: number | null;
};

type Held = {
  readonly loading: Promise<Model>;
  /** Once it is loaded. */
  model?: Model;
  /** What it takes, which it is expected to from the start. */
  readonly bytes: number;
  /** Who asked last: what is loaded again is loaded by files that are still there. */
  asker: Asker;
  users: number;
  evicted: boolean;
};

/** By {@link keyOf}, the least recently used first. */
const held = new Map<string, Held>();

/**
 * Lends a model, loaded and warm. It is not released before `use` has ended, whatever else is loaded meanwhile;
 * who asks for the same one at once shares its loading. Beyond `sessionCacheMbMax` the least recently used go.
 * Throws `conflict` for a model that cannot be served.
 */
export async function withModel<T>(
  ctx: Context,
  ready: VersionReady,
  settings: DeploymentSettings,
  use: (model: Model) => T | Promise<T>,
): Promise<T> {
  const entry = acquire(ctx, ready, settings);
  entry.users++;
  try {
    return await use(await entry.loading);
  } finally {
    entry.users--;
    releaseIfDone(entry);
  }
}

/** Of a model where it is loaded; `null` where it is not. */
export function executionFacts(ready: VersionReady, settings: DeploymentSettings): ExecutionFacts | null {
  const entry = held.get(keyOf(ready, settings));
  const model = entry?.model;
  if (!entry || !model) return null;
  const { runs, rows } = model.batcher.counts;
  return {
    mode: model.mode,
    rows_free: model.batcher.rowsFree,
    p99_ms: model.p99Milliseconds,
    create_ms: model.createMilliseconds,
    memory_mb: (model.memoryBytes() || entry.bytes) / (1024 * 1024),
    mean_batch_rows: runs === 0 ? null : rows / runs,
  };
}

/** Digests of the models this process holds, the least recently used first; for telemetry and tests. */
export function loadedModels(): readonly string[] {
  return [...held.keys()].map((key) => key.split(' ')[0] ?? key);
}

/** A file of a version, which is the one that was recorded. Throws `conflict` where it is another, or gone. */
export async function fileOf(ctx: Context, ready: VersionReady, file: ServedFile): Promise<Uint8Array> {
  const copy = await localFile(ctx, ready.version, file);
  try {
    return await bytesOf(copy);
  } catch (error) {
    if (!(error instanceof SpoiltFile)) throw error;
    await discard(error.file);
    return bytesOf(await storedFile(ctx, ready.version, file));
  }
}

function acquire(ctx: Context, ready: VersionReady, settings: DeploymentSettings): Held {
  const key = keyOf(ready, settings);
  const asker: Asker = { ctx, ready };
  const known = held.get(key);
  if (known) {
    held.delete(key);
    held.set(key, Object.assign(known, { asker }));
    return known;
  }
  const entry: Held = {
    loading: Promise.resolve().then(() => open(() => entry.asker, settings)),
    bytes: memoryOf(ready),
    asker,
    users: 0,
    evicted: false,
  };
  held.set(key, entry);
  evict(ctx, entry);
  void settle(ctx, key, entry);
  return entry;
}

async function open(asker: () => Asker, settings: DeploymentSettings): Promise<Model> {
  const { ctx, ready } = asker();
  try {
    return await openModel(asker, settings);
  } catch (error) {
    ctx.log.warn('model not loaded', { digest: ready.digest, reason: String(error) });
    if (error instanceof LoadFailed)
      throw new CairnError('conflict', error.reason || 'The model cannot be loaded.', { cause: error });
    if (error instanceof Gone)
      throw new CairnError('unavailable', 'The model was not loaded; try again.', {
        retryAfterSeconds: 1,
        cause: error,
      });
    throw error;
  }
}

/** Digests of all that is loaded, for the same graph with other weights is another model; and where it runs. */
function keyOf({ served }: VersionReady, { execution }: DeploymentSettings): string {
  return `${[served, ...served.external].map(({ digest }) => digest).join('+')} ${execution}`;
}

/** What is loaded may be let go of from now on; one that failed is forgotten, so that the next caller tries again. */
async function settle(ctx: Context, key: string, entry: Held): Promise<void> {
  try {
    entry.model = await entry.loading;
    evict(ctx, entry);
  } catch {
    // Whoever asked for the model gets the error.
    if (held.get(key) === entry) held.delete(key);
  }
}

/**
 * Lets go of the least recently used until the rest fits, before one is loaded and after. The newest stays, however
 * large, and so does what is being loaded: whoever asks for that shares it.
 */
function evict(ctx: Context, newest: Held): void {
  let bytes = [...held.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  for (const [key, entry] of held) {
    if (bytes <= ctx.settings.sessionCacheMbMax * 1024 * 1024) return;
    if (entry === newest || !entry.model) continue;
    bytes -= entry.bytes;
    held.delete(key);
    entry.evicted = true;
    releaseIfDone(entry);
  }
}

/** Nobody waits for it, and nobody's answer is worse for it where it fails. */
function releaseIfDone(entry: Held): void {
  if (!entry.evicted || entry.users > 0) return;
  entry.evicted = false;
  const { ctx, ready } = entry.asker;
  entry.model
    ?.release()
    .catch((error: unknown) =>
      ctx.log.warn('model not released', { digest: ready.digest, reason: String(error) }),
    );
}

import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { type DeploymentSettings, deploymentSettingsDefault } from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import type { ColumnRules } from '../privacy/index.ts';
import type { ServedFile, VersionReady } from '../registry/index.ts';
import { rolesOf, type Roles, type Scores, scoresOf } from '../predictions/index.ts';
import {
  isFloat,
  openSession,
  type Port,
  type Session,
  type Tensor,
  type Tensors,
  zeros,
} from '../sessions/index.ts';

export type RunOptions = {
  /** When the caller gives up, in ms since 1970 by the clock of the context. */
  readonly deadlineAt?: number;
};

/** A model that can be asked. It stays usable for as long as it is held: what was released is loaded again. */
export type ServedModel = {
  readonly ready: VersionReady;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Which outputs are the class, its probabilities, or the number; `null` for a model of another kind. */
  readonly roles: Roles | null;
  /** Which of its columns are personal data where it answers for an endpoint: neither log nor error shows them. */
  readonly rules?: ColumnRules;
  /**
   * Runs checked tensors through the model; all outputs come back.
   * Throws `timeout` where that is not done at `deadlineAt`, and `too-many` where too many calls wait already.
   */
  run(feeds: Tensors, options?: RunOptions): Promise<Tensors>;
  /**
   * Scores `rows` rows of features, row-major in the order of the model's columns; NaN is missing.
   * Throws `conflict` for a model that does not take one float table or gives no class or number.
   */
  score(features: Float32Array, rows: number): Promise<Scores>;
};

/**
 * The model of a ready version, loaded and warm. Its files are checked against their digests; versions
 * that are served by the same files share memory, and the least recently used are released beyond `sessionCacheMbMax`.
 * Throws `conflict` for a model that cannot be served.
 */
export async function loadModel(
  ctx: Context,
  ready: VersionReady,
  _settings: DeploymentSettings = deploymentSettingsDefault,
): Promise<ServedModel> {
  const { inputs, outputs } = await using(ctx, ready, (session) => Promise.resolve(session));
  const roles = rolesOf(outputs, ready.labels);
  const [input] = inputs;
  const run = async (feeds: Tensors, { deadlineAt = Number.POSITIVE_INFINITY }: RunOptions = {}) => {
    const results = await using(ctx, ready, (session) => attempt(ctx, ready, session, feeds));
    if (ctx.clock.now() < deadlineAt) return results;
    throw new CairnError('timeout', 'The model did not answer in time.');
  };
  return {
    ready,
    inputs,
    outputs,
    roles,
    run,
    async score(features, rows) {
      if (inputs.length !== 1 || !input || !isTable(input) || !roles)
        throw new CairnError(
          'conflict',
          'The model does not score tables: it needs one float [rows, columns] input, and a class or number as output.',
        );
      const columns = rows === 0 ? input.shape[1] : features.length / rows;
      if (typeof columns !== 'number' || !Number.isInteger(columns) || !fits(input.shape[1], columns))
        throw new CairnError(
          'invalid',
          `${features.length} numbers are not ${rows} rows of the ${String(input.shape[1])} columns the model takes.`,
        );
      const feed: Tensor = {
        type: input.type,
        dims: [rows, columns],
        data: input.type === 'float32' ? features : Float64Array.from(features),
      };
      return scoresOf(roles, await run({ [input.name]: feed }), rows);
    },
  };
}

/** Digests of the models this process holds, the least recently used first; for telemetry and tests. */
export function loadedModels(): readonly string[] {
  return [...held.keys()];
}

/** As much as the registry admits. */
const modelBytesMax = 512 * 1024 * 1024;

type Held = { readonly loading: Promise<Session>; bytes: number; users: number; evicted: boolean };

/** By {@link keyOf}, the least recently used first. */
const held = new Map<string, Held>();

/** Lends the session of a model; it is not released before `use` has ended, whatever else is loaded meanwhile. */
async function using<T>(
  ctx: Context,
  ready: VersionReady,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const entry = acquire(ctx, ready);
  entry.users++;
  try {
    return await use(await entry.loading);
  } finally {
    entry.users--;
    await releaseIfDone(entry);
  }
}

function acquire(ctx: Context, ready: VersionReady): Held {
  const key = keyOf(ready);
  const known = held.get(key);
  held.delete(key);
  const entry = known ?? { loading: open(ctx, ready), bytes: 0, users: 0, evicted: false };
  held.set(key, entry);
  if (known) return known;
  void settle(ctx, key, entry, memoryOf(ready));
  return entry;
}

/** Digests of all that is loaded: the same graph with other weights is another model. */
function keyOf({ served }: VersionReady): string {
  return [served, ...served.external].map(({ digest }) => digest).join('+');
}

const memoryBytesMin = 1024 * 1024;

/** Memory of a loaded model: what was measured when it was tried, and no less than its weights. */
function memoryOf({ served, timings }: VersionReady): number {
  const weights = served.external.reduce((sum, { bytes }) => sum + bytes, served.bytes);
  return Math.max(memoryBytesMin, weights, timings.memoryBytes);
}

/** Accounts for a model once it is loaded; one that failed is forgotten, so that the next caller tries again. */
async function settle(ctx: Context, key: string, entry: Held, bytes: number): Promise<void> {
  try {
    await entry.loading;
    entry.bytes = bytes;
    evict(ctx, entry);
  } catch {
    // Whoever asked for the model gets the error.
    if (held.get(key) === entry) held.delete(key);
  }
}

/** Lets go of the least recently used until the rest fits; the one just loaded stays, however large. */
function evict(ctx: Context, newest: Held): void {
  let bytes = [...held.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  for (const [digest, entry] of held) {
    if (bytes <= ctx.settings.sessionCacheMbMax * 1024 * 1024) return;
    if (entry === newest || entry.bytes === 0) continue;
    bytes -= entry.bytes;
    held.delete(digest);
    entry.evicted = true;
    releaseIfDone(entry).catch((error: unknown) =>
      ctx.log.warn('model not released', { digest, reason: reasonOf(error) }),
    );
  }
}

async function releaseIfDone(entry: Held): Promise<void> {
  if (!entry.evicted || entry.users > 0) return;
  entry.evicted = false;
  await (await entry.loading).release();
}

async function open(ctx: Context, ready: VersionReady): Promise<Session> {
  const { served } = ready;
  const model = await fileOf(ctx, ready, served);
  const external: { path: string; data: Uint8Array }[] = [];
  for (const file of served.external)
    external.push({ path: file.path, data: await fileOf(ctx, ready, file) });
  try {
    const session = await openSession(model, external);
    // So that no caller pays for the first run. What a model says to zeros is for nobody to see.
    await session.run(zeros(session.inputs)).catch(() => undefined);
    return session;
  } catch (error) {
    ctx.log.warn('model not loaded', { digest: ready.digest, reason: reasonOf(error) });
    throw error;
  }
}

/** A file of a version, which is the one that was recorded. Throws `conflict` where it is another, or gone. */
export async function fileOf(ctx: Context, ready: VersionReady, file: ServedFile): Promise<Uint8Array> {
  const bytes = await ctx.stores.blobs('models').read(file.blob, modelBytesMax);
  const digest = bytes && `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (bytes && digest === file.digest) return bytes;
  throw new CairnError(
    'conflict',
    `A file of version ${ready.version} ${bytes ? 'is not the one that was registered' : 'is gone'}; register the model again.`,
  );
}

/**
 * The runtime's own words go to the log: they name files and internals. A failure is the caller's where
 * the model leaves sizes beyond the first free, since only the runtime could tell that they do not fit.
 */
async function attempt(
  ctx: Context,
  ready: VersionReady,
  session: Session,
  feeds: Tensors,
): Promise<Tensors> {
  try {
    return await session.run(feeds);
  } catch (error) {
    // The runtime quotes text that it cannot convert, which may be somebody's.
    const isText = session.inputs.some(({ type }) => type === 'string');
    ctx.log.error('model failed', {
      digest: ready.digest,
      reason: isText ? 'not shown, since it may quote what was asked' : reasonOf(error),
    });
    const isOpen = session.inputs.some(({ shape }) =>
      shape.slice(1).some((size) => typeof size !== 'number'),
    );
    if (isOpen)
      throw new CairnError('invalid', 'The model cannot run on inputs of these sizes.', { cause: error });
    throw new CairnError('internal', `The model failed to run. Quote request ${ctx.requestId}.`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof CairnError && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function isTable({ type, shape }: Port): boolean {
  return shape.length === 2 && isFloat(type);
}

function fits(size: number | string | undefined, given: number): boolean {
  return typeof size === 'string' || size === given;
}

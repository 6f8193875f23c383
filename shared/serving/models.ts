import type { Context } from '../context.ts';
import { type DeploymentSettings, deploymentSettingsDefault } from '../endpoints/index.ts';
import { type Asked, Gone, RunFailed, withModel } from '../execution/index.ts';
import { CairnError } from '../http/index.ts';
import type { ColumnRules } from '../privacy/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { rolesOf, type Roles, type Scores, scoresOf } from '../predictions/index.ts';
import {
  allocate,
  isFloat,
  isWide,
  type Port,
  type Tensor,
  type TensorData,
  type Tensors,
} from '../sessions/index.ts';

export type RunOptions = {
  /** How long the caller waits from now on. */
  readonly millisecondsMax?: number;
  /** Told of the rows of each run that this call is the first of, with those of the calls that it met. */
  readonly onRun?: (rows: number) => void;
  /** In one run with nobody else's rows: what comes back is then the same to the last bit each time. */
  readonly isWhole?: boolean;
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
   * Throws `timeout` where that takes longer than `millisecondsMax`, and `too-many` where too many calls wait already.
   * What fails is logged and answered as of the request of `ctx`: the model may have been loaded for another.
   */
  run(ctx: Context, feeds: Tensors, options?: RunOptions): Promise<Tensors>;
  /**
   * Scores `rows` rows of features, row-major in the order of the model's columns; NaN is missing. They are
   * run as they come, with nobody else's: what they give is the same to the last bit each time.
   * Throws `conflict` for a model that does not take one float table or gives no class or number.
   */
  score(features: Float32Array, rows: number): Promise<Scores>;
};

/**
 * The model of a ready version, loaded and warm, to run as `settings` say. Its files are checked against their
 * digests; versions that are served by the same files share memory, and the least recently used are released
 * beyond `sessionCacheMbMax`. Throws `conflict` for a model that cannot be served.
 */
export async function loadModel(
  ctx: Context,
  ready: VersionReady,
  settings: DeploymentSettings = deploymentSettingsDefault,
): Promise<ServedModel> {
  const { inputs, outputs } = await withModel(ctx, ready, settings, (model) => model);
  const roles = rolesOf(outputs, ready.labels);
  const [input] = inputs;
  const ask = async (asking: Context, feeds: Tensors, asked: RunOptions) => {
    const { millisecondsMax = Number.POSITIVE_INFINITY, isWhole: whole = false, onRun } = asked;
    const deadline = performance.now() + millisecondsMax;
    const call = (given: Tensors, how: Pick<Asked, 'whole' | 'onRun'>) =>
      withModel(asking, ready, settings, (model) =>
        model.call(given, { deadline, rowsMax: settings.microBatchRows, ...how }),
      );
    try {
      return await call(feeds, { whole, onRun });
    } catch (error) {
      const runs = (plain: Tensors) =>
        call(plain, { whole: true }).then(
          () => true,
          () => false,
        );
      throw await failureOf(asking, ready, { inputs, feeds, runs }, error);
    }
  };
  return {
    ready,
    inputs,
    outputs,
    roles,
    run: (asking, feeds, options = {}) => ask(asking, feeds, options),
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
      return scoresOf(roles, await ask(ctx, { [input.name]: feed }, { isWhole: true }), rows);
    },
  };
}

type Failed = {
  readonly inputs: readonly Port[];
  readonly feeds: Tensors;
  /** Whether the model runs on other values. */
  readonly runs: (plain: Tensors) => Promise<boolean>;
};

/**
 * The runtime's own words go to the log: they name files and internals. A failure is the caller's where the
 * model runs on plain values of the same sizes, and where it leaves sizes beyond the first free, since only the
 * runtime could tell that they do not fit.
 */
async function failureOf(
  ctx: Context,
  ready: VersionReady,
  { inputs, feeds, runs }: Failed,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof RunFailed) && !(error instanceof Gone)) return error;
  // The runtime quotes text that it cannot convert, which may be somebody's.
  const isText = inputs.some(({ type }) => type === 'string');
  ctx.log.error('model failed', {
    digest: ready.digest,
    reason: isText ? 'not shown, since it may quote what was asked' : withoutNumbers(error.message),
  });
  if (error instanceof Gone && error.why === 'memory')
    return new CairnError(
      'too-large',
      'The model takes more memory than it may have to answer this; send fewer or smaller rows at once.',
      { cause: error },
    );
  if (error instanceof Gone && error.why === 'killed')
    return new CairnError('unavailable', 'The process that the model ran in was ended; try again.', {
      retryAfterSeconds: 1,
      cause: error,
    });
  const unlike = error instanceof RunFailed ? whyUnlike(inputs, feeds) : undefined;
  if (unlike !== undefined) return new CairnError('invalid', unlike, { cause: error });
  if (error instanceof RunFailed)
    for (const value of plainValues)
      if (await runs(filled(feeds, value)))
        return new CairnError('invalid', `The model cannot run on these values of ${namesOf(inputs)}.`, {
          cause: error,
        });
  const isOpen = inputs.some(({ shape }) => shape.slice(1).some((size) => typeof size !== 'number'));
  if (isOpen && error instanceof RunFailed)
    return new CairnError('invalid', 'The model cannot run on inputs of these sizes.', { cause: error });
  return new CairnError('internal', `The model failed to run. Quote request ${ctx.requestId}.`, {
    cause: error,
  });
}

/** What a model takes for an index, a size or a number in text, whichever of them it wants: some take no 0, and some no 1. */
const plainValues = [0, 1];

/** Tensors of the same types and sizes that hold one value throughout. */
function filled(feeds: Tensors, value: number): Tensors {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, dims, data }]) => {
      const plain = allocate(type, data.length) as unknown[];
      const element = type === 'string' ? String(value) : isWide(type) ? BigInt(value) : value;
      return [name, { type, dims, data: plain.fill(element) as unknown as TensorData }];
    }),
  );
}

const namesMax = 5;

function namesOf(inputs: readonly Port[]): string {
  const names = inputs.slice(0, namesMax).map(({ name }) => `'${name}'`);
  const more = inputs.length - names.length;
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}

/** In words, where inputs that take any number of rows have not as many as each other, which not every graph says. */
function whyUnlike(inputs: readonly Port[], feeds: Tensors): string | undefined {
  const [first, ...others] = inputs
    .filter(({ shape: [size] }) => typeof size === 'string')
    .map(({ name }) => ({ name, rows: feeds[name]?.dims[0] }));
  const other = others.find(({ rows }) => rows !== first?.rows);
  return (
    other &&
    first &&
    `Inputs '${first.name}' and '${other.name}' differ in rows: ${first.rows} and ${other.rows}.`
  );
}

/** The runtime quotes numbers, too: an index that is out of range is somebody's. What failed can be told without. */
function withoutNumbers(detail: string): string {
  return detail.replace(/(?<![\w.])-?\d[\d.]*(?:e[+-]?\d+)?/gi, '#');
}

function isTable({ type, shape }: Port): boolean {
  return shape.length === 2 && isFloat(type);
}

function fits(size: number | string | undefined, given: number): boolean {
  return typeof size === 'string' || size === given;
}

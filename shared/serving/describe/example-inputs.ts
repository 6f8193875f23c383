import { fullAccess } from '../../access/index.ts';
import { type Context, platform } from '../../context.ts';
import { CairnError, isCode } from '../../http/index.ts';
import { type ColumnRules, ruleOf } from '../../privacy/index.ts';
import { loggedExample } from '../../registry/index.ts';
import { isWide, type Port, rowsOfZeros, type Tensor, type Tensors } from '../../sessions/index.ts';
import type { ServedModel } from '../models.ts';
import type { Described } from './described.ts';

/** Inputs that the model was seen to run on. */
export type ExampleInputs = {
  /** `logged`: the first row of what the author logged; `made`: values that are nobody's. */
  readonly source: 'logged' | 'made';
  readonly inputs: Tensors;
};

const searchingMilliseconds = 10_000;

/** Found once for a model as it is held in memory, by what may be shown of its logged row. */
const found = new WeakMap<ServedModel, Map<string, Promise<ExampleInputs>>>();

/**
 * One row (or as many as the model always takes) that the model was run on without an error. It is the author's
 * logged input example for who may see the model, with made values in columns of personal data; else values made
 * by type, or zeros where those fail. Throws `conflict` where the model fails on all of them.
 */
export function exampleInputs(ctx: Context, described: Described): Promise<ExampleInputs> {
  const { model, deployment, rules } = described;
  const isLoggedShown = ctx.access.may('viewer', { type: 'model', id: deployment.modelId });
  const key = isLoggedShown ? `logged ${rules.id}` : 'made';
  const known = found.get(model) ?? new Map<string, Promise<ExampleInputs>>();
  found.set(model, known);
  const before = known.get(key);
  if (before) return before;
  const finding = find(ctx, described, isLoggedShown);
  known.set(key, finding);
  finding.catch(() => known.delete(key));
  return finding;
}

async function find(ctx: Context, described: Described, isLoggedShown: boolean): Promise<ExampleInputs> {
  const { endpoint, model } = described;
  const here: Context = { ...ctx, principal: platform, access: fullAccess };
  const logged = isLoggedShown ? await loggedExample(here, described.version, model.inputs) : null;
  for (const candidate of candidates(described, logged))
    try {
      await model.run(candidate.inputs, { deadlineAt: ctx.clock.now() + searchingMilliseconds });
      return candidate;
    } catch (error) {
      // These are what a model says of inputs that it cannot take.
      if (!isCode(error, 'invalid', 'internal')) throw error;
    }
  throw new CairnError(
    'conflict',
    `No example is known for endpoint '${endpoint.name}': its model runs neither on made values nor on zeros. Log it with an input_example.`,
  );
}

function* candidates(described: Described, logged: Tensors | null): Generator<ExampleInputs> {
  const { model, columns } = described;
  const { inputs } = model;
  const features = inputs.length === 1 ? model.ready.features : null;
  if (logged) yield { source: 'logged', inputs: withoutPersonal(logged, described) };
  const until = performance.now() + searchingMilliseconds;
  for (const blank of rowsOfZeros(inputs)) {
    if (performance.now() > until) return;
    yield { source: 'made', inputs: mapTensors(blank, (tensor) => made(tensor, features, columns)) };
    yield { source: 'made', inputs: blank };
  }
}

/** A logged row as everybody may see it: what is personal, missing, or more than JSON carries exactly is made up. */
function withoutPersonal(logged: Tensors, { model: { ready, inputs }, rules, columns }: Described): Tensors {
  const features = inputs.length === 1 ? ready.features : null;
  return mapTensors(logged, (tensor, name) => {
    const fresh = made(tensor, features, columns);
    const width = tensor.data.length / (tensor.dims[0] ?? 1);
    const data = tensor.data.slice();
    for (let at = 0; at < data.length; at++) {
      const column = at % width;
      const isShown = !isPersonal(rules, name, width, column, features) && isPlain(tensor.data[at]);
      if (!isShown) data[at] = fresh.data[at] as never;
    }
    return { ...tensor, data };
  });
}

/** As the columns of the log are called, so the rules call those of the example. */
function isPersonal(
  rules: ColumnRules,
  tensor: string,
  width: number,
  column: number,
  features: readonly string[] | null,
): boolean {
  const named = features?.length === width ? features[column] : undefined;
  const name = named ?? (width === 1 ? tensor : `${tensor}.${column}`);
  return ruleOf(rules, { side: 'in', tensor, name }) !== undefined;
}

function isPlain(value: number | bigint | string | undefined): boolean {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value));
  return typeof value !== 'number' || Number.isFinite(value);
}

/** The tensor in the same sizes with a value by type in each place; whole numbers where the author says so. */
function made(
  { type, dims, data }: Tensor,
  features: readonly string[] | null,
  columns: ReadonlyMap<string, string>,
): Tensor {
  const filled = data.slice();
  const width = features?.length ?? 1;
  for (let at = 0; at < filled.length; at++) {
    const column = columns.get(features?.[at % width] ?? '');
    filled[at] = valueOf(type, column) as never;
  }
  return { type, dims, data: filled };
}

function valueOf(type: Port['type'], column: string | undefined): number | bigint | string {
  if (type === 'string') return 'text';
  if (isWide(type)) return 1n;
  const isFraction = type.startsWith('float') && !['long', 'integer', 'boolean'].includes(column ?? '');
  return isFraction ? 0.5 : 1;
}

function mapTensors(tensors: Tensors, map: (tensor: Tensor, name: string) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, map(tensor, name)]));
}

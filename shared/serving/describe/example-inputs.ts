import { fullAccess } from '../../access/index.ts';
import { type Context, platform } from '../../context.ts';
import { ruleOf } from '../../privacy/index.ts';
import { loggedExample } from '../../registry/index.ts';
import { isFloat, isWide, type Port, rowsOfZeros, type Tensors } from '../../sessions/index.ts';
import type { Described } from './described.ts';

/** Inputs that an example may be made of. */
export type Candidate = {
  /** `logged`: the first row of what the author logged; `made`: values that are nobody's. */
  readonly source: 'logged' | 'made';
  readonly inputs: Tensors;
};

const searchingMilliseconds = 10_000;

/**
 * One row, or as many as the model always takes: first the author's logged input example, where it may be shown, with
 * made values in columns of personal data; then values made by type, and zeros, in the sizes that the model may mean.
 */
export async function* candidates(
  ctx: Context,
  described: Described,
  isLoggedShown: boolean,
): AsyncGenerator<Candidate> {
  const here: Context = { ...ctx, principal: platform, access: fullAccess };
  const logged = isLoggedShown ? await loggedExample(here, described.version, described.model.inputs) : null;
  if (logged) yield { source: 'logged', inputs: withoutPersonal(logged, described) };
  const until = performance.now() + searchingMilliseconds;
  for (const blank of rowsOfZeros(described.model.inputs)) {
    if (performance.now() > until) return;
    yield { source: 'made', inputs: filled(blank, () => true, described) };
    yield { source: 'made', inputs: blank };
  }
}

/** A logged row as everybody may see it: what is personal, missing, or more than JSON carries exactly is made up. */
function withoutPersonal(logged: Tensors, described: Described): Tensors {
  const { rules } = described;
  const isHidden = (tensor: string, name: string, value: Value) =>
    !isPlain(value) || ruleOf(rules, { side: 'in', tensor, name }) !== undefined;
  return filled(logged, isHidden, described);
}

type Value = number | bigint | string | undefined;

/** Tensors of the same sizes with values made by type in the places where `isMade` says so. */
function filled(
  tensors: Tensors,
  isMade: (tensor: string, column: string, value: Value) => boolean,
  { model: { ready, inputs }, signature }: Described,
): Tensors {
  const features = inputs.length === 1 ? ready.features : null;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const width = tensor.data.length / (tensor.dims[0] ?? 1);
      const data = tensor.data.slice();
      for (let at = 0; at < data.length; at++) {
        const column = columnOf(name, at % width, width, features);
        if (isMade(name, column, data[at]))
          data[at] = valueOf(tensor.type, signature.columns.get(column)?.type) as never;
      }
      return [name, { ...tensor, data }];
    }),
  );
}

/** As the columns of the log are called, and so by rules and signatures. */
function columnOf(tensor: string, at: number, width: number, features: readonly string[] | null): string {
  const named = features?.length === width ? features[at] : undefined;
  return named ?? (width === 1 ? tensor : `${tensor}.${at}`);
}

function isPlain(value: Value): boolean {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value));
  return typeof value !== 'number' || Number.isFinite(value);
}

/** A value of an element type that is one of MLflow's column type as well. */
function valueOf(type: Port['type'], column: string | undefined): number | bigint | string {
  if (type === 'string') return column === 'datetime' ? '2024-05-31T08:00:00' : 'text';
  if (isWide(type)) return 1n;
  return isFloat(type) && !['long', 'integer', 'boolean', 'datetime'].includes(column ?? '') ? 0.5 : 1;
}

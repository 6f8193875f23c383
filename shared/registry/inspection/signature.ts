import type { Inspection, ServedCopy } from '../../onnx/index.ts';
import { isElementType, type Port, type Trial } from '../../sessions/index.ts';
import type { TensorSpec, VersionReady } from '../model.ts';
import type { MlModel } from './mlmodel.ts';
import { Refusal } from './refusal.ts';

/**
 * The inputs or outputs of a model that can be served: tensors of types that a request can carry. Throws
 * {@link Refusal} naming the one that is not. An output of unknown rank has the shape `null` here.
 */
export function tensorsOf(
  copy: ServedCopy,
  side: 'input' | 'output',
): (Omit<TensorSpec, 'shape'> & { readonly shape: TensorSpec['shape'] | null })[] {
  return copy[`${side}s`].map((value) => {
    const { name, kind } = value;
    if (kind !== 'tensor')
      throw new Refusal(
        `its ${side} '${name}' is a ${kind === 'unknown' ? 'value of unknown type' : kind}; only tensors can be served.`,
        {
          says: 'Export the model so that it takes and gives tensors alone.',
        },
      );
    const { elementType, shape } = value;
    if (!isElementType(elementType))
      throw new Refusal(`its ${side} '${name}' is of type ${elementType}, which cannot be served.`, {
        says: `Put a Cast to float32 ${side === 'input' ? 'behind that input' : 'before that output'}.`,
      });
    if (shape === null && side === 'input')
      throw new Refusal(`its input '${name}' has no known rank.`, {
        says: 'Export it with the shapes of its inputs.',
      });
    return { name, elementType, shape };
  });
}

/** The inputs as the runtime has them, for one that knows their ranks. */
export function portsOf(inputs: readonly TensorSpec[]): Port[] {
  return inputs.flatMap(({ name, elementType, shape }) =>
    isElementType(elementType) ? [{ name, type: elementType, shape: shape.map((size) => size ?? '') }] : [],
  );
}

/** The whole signature; ranks that the graph leaves open are those of the trial. */
export function signatureOf(
  inputs: ReturnType<typeof tensorsOf>,
  outputs: ReturnType<typeof tensorsOf>,
  trial: Extract<Trial, { outcome: 'ran' }>,
): VersionReady['signature'] {
  const ran = new Map(trial.outputs.map(({ name, dims }) => [name, dims]));
  return {
    inputs: inputs.map((input) => ({ ...input, shape: input.shape ?? [] })),
    outputs: outputs.map((output) => ({
      ...output,
      shape: output.shape ?? (ran.get(output.name) ?? []).map(() => null),
    })),
  };
}

/**
 * What the author calls inputs that a converter named anew, by their names in the graph: skl2onnx and onnxmltools put
 * `_` for what is no letter or digit, and before a digit at the beginning, so that `city of birth` is `city_of_birth`.
 * None for an input that two columns could be.
 */
export function authorsNames(
  { inputs, opsets }: Pick<Inspection, 'inputs' | 'opsets'>,
  mlModel: Pick<MlModel, 'schema'>,
): Map<string, string> {
  // The one input of a table has columns, and is none.
  if (inputs.length < 2 || opsets[''] === undefined) return new Map();
  const columns = columnsOf(mlModel).flatMap((name) => (name === undefined ? [] : [name]));
  const known = new Set(inputs.map(({ name }) => name));
  const pairs = columns
    .filter((column) => !known.has(column))
    .flatMap((column) =>
      convertersNames(column)
        .filter((name) => known.has(name) && !columns.includes(name))
        .map((name) => [name, column] as const),
    );
  return new Map(
    pairs.filter((pair) =>
      pairs.every((other) => other === pair || !other.some((name) => pair.includes(name))),
    ),
  );
}

/** What converters make of the name of a column; they differ in which letters they keep. */
function convertersNames(column: string): string[] {
  const names = [/[^\p{L}\p{N}_+]/gu, /[^0-9a-zA-Z]/g].map((changed) =>
    column.replace(changed, '_').replace(/^(?=[0-9])/, '_'),
  );
  return [...new Set(names)];
}

/** Names of the columns of MLflow's signature, `undefined` for one without. */
function columnsOf({ schema }: Pick<MlModel, 'schema'>): (string | undefined)[] {
  return (schema?.inputs ?? []).map((spec) =>
    typeof spec === 'object' &&
    spec !== null &&
    'name' in spec &&
    typeof spec.name === 'string' &&
    !('tensor-spec' in spec)
      ? spec.name
      : undefined,
  );
}

/** Names of the columns of the single [N, F] input: those that the model holds, else those of MLflow's signature. */
export function featuresOf(
  metadata: Readonly<Record<string, string>>,
  mlModel: MlModel,
  inputs: readonly TensorSpec[],
): string[] | null {
  const held = namesIn(metadata, 'cairn.features');
  if (held) return held;
  const [input] = inputs;
  if (inputs.length !== 1 || input?.shape.length !== 2) return null;
  const columns = columnsOf(mlModel);
  const [, width] = input.shape;
  const fits = columns.length > 0 && (typeof width !== 'number' || width === columns.length);
  const isNamed = columns.every((name) => name !== undefined);
  return fits && isNamed && new Set(columns).size === columns.length ? columns : null;
}

/** A list of names from the metadata of an ONNX file, where its author left one. */
export function namesIn(metadata: Readonly<Record<string, string>>, key: string): string[] | null {
  const text = metadata[key];
  if (text === undefined) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Refused below: metadata that promises names and has none would mislead every caller.
  }
  throw new Refusal(`its metadata '${key}' is not a JSON list of names.`);
}

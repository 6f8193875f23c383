import { rolesOf, saysMore, scoresOf } from '../../predictions/index.ts';
import type { VersionReady } from '../../registry/index.ts';
import {
  isFloat,
  isWide,
  jsonElement,
  type Port,
  type Tensor,
  type Tensors,
  textOf,
} from '../../sessions/index.ts';
import type { JobOptions } from '../options.ts';

/** A column that the job adds to the output. */
export type PredictedColumn = {
  readonly name: string;
  /** `list` is JSON text of several numbers or texts; a `whole` number may be the text of its digits. */
  readonly kind: 'number' | 'text' | 'truth' | 'whole' | 'list';
};

/** What a model says of the rows of a block, by columns: a value a row, `null` where there is none. */
export type PredictedValues = readonly (
  | readonly (string | number | bigint | boolean | null)[]
  | Float64Array
)[];

/** How the outputs of a model become columns. */
export type Predictor = {
  readonly columns: readonly PredictedColumn[];
  values(outputs: Tensors, rows: number): PredictedValues;
};

/**
 * A classifier or regressor adds `prediction` and `score` (the probability of the predicted class, or the number
 * again), and where they are asked for the probability of each class; any other model, such as a
 * clusterer with its distances, its outputs by their names.
 */
export function predictorOf(
  outputs: readonly Port[],
  { labels }: Pick<VersionReady, 'labels'>,
  { output }: JobOptions,
): Predictor {
  const roles = rolesOf(outputs, labels);
  if (!roles || saysMore(roles, outputs))
    return {
      columns: outputs.map((port) => ({ name: port.name, kind: kindOf(port) })),
      values: (tensors, rows) =>
        outputs.map((port) =>
          kindOf(port) === 'list' ? lists(tensors[port.name], rows) : elements(tensors[port.name], rows),
        ),
    };
  const isClass = roles.task === 'classification';
  const isWholeClass = outputs.some(({ name, type }) => isClass && name === roles.label && isWide(type));
  const each = isClass && output.probabilities ? (roles.classes ?? placesOf(outputs, roles)) : [];
  return {
    columns: [
      { name: 'prediction', kind: isWholeClass ? 'whole' : isClass ? 'text' : 'number' },
      { name: 'score', kind: 'number' },
      ...each.map((label) => ({ name: `probability_${label}`, kind: 'number' as const })),
    ],
    values(tensors, rows) {
      const scores = scoresOf(roles, tensors, rows);
      const table = roles.task === 'classification' ? tensors[roles.probabilities ?? ''] : undefined;
      return [scores.classes ?? scores.scores, scores.scores, ...probabilities(table, rows, each.length)];
    },
  };
}

/** Stand for the classes of a model that does not say what they are. */
function placesOf(
  outputs: readonly Port[],
  { probabilities: from }: { probabilities: string | null },
): string[] {
  const width = outputs.find(({ name }) => name === from)?.shape[1];
  return typeof width === 'number' && width > 1 ? Array.from({ length: width }, (_, at) => String(at)) : [];
}

function probabilities(table: Tensor | undefined, rows: number, classes: number): Float64Array[] {
  return Array.from({ length: classes }, (_, at) =>
    Float64Array.from({ length: rows }, (_row, row) => Number(table?.data[row * classes + at] ?? Number.NaN)),
  );
}

function kindOf({ type, shape }: Port): PredictedColumn['kind'] {
  if (shape.slice(1).some((size) => size !== 1)) return 'list';
  if (type === 'string') return 'text';
  if (type === 'bool') return 'truth';
  return isFloat(type) ? 'number' : 'whole';
}

/** JSON text of the lists, nested as the tensor is. What is not finite is null there. */
function lists(tensor: Tensor | undefined, rows: number): string[] {
  if (!tensor || rows === 0) return [];
  const { dims } = tensor;
  let at = 0;
  const descend = (level: number): unknown =>
    level === dims.length
      ? jsonElement(tensor, at++)
      : Array.from({ length: dims[level] ?? 0 }, () => descend(level + 1));
  return Array.from({ length: rows }, () => JSON.stringify(descend(1)));
}

function elements(tensor: Tensor | undefined, rows: number): (string | number | bigint | boolean | null)[] {
  if (!tensor) return [];
  return Array.from({ length: rows }, (_, row) => {
    if (tensor.type === 'bool') return tensor.data[row] === 1;
    return tensor.type === 'string' ? textOf(tensor, row) : (tensor.data[row] ?? null);
  });
}

import type { Port } from '../../sessions/index.ts';
import type { ServedModel } from '../models.ts';

/**
 * How MLflow's scoring protocol reaches the inputs of a model: `columns` of one table, `inputs` of one element a
 * row each, which are columns too, or `tensors` of any sizes.
 */
export type Layout =
  | { readonly kind: 'columns'; readonly input: Port; readonly features: readonly string[] }
  | { readonly kind: 'inputs' }
  | { readonly kind: 'tensors' };

export function layoutOf({ inputs, ready: { features } }: Pick<ServedModel, 'inputs' | 'ready'>): Layout {
  const [input, ...others] = inputs;
  if (input && others.length === 0 && features && input.shape.length === 2)
    return { kind: 'columns', input, features };
  return others.length > 0 && inputs.every(isColumn) ? { kind: 'inputs' } : { kind: 'tensors' };
}

function isColumn({ shape }: Port): boolean {
  return shape.length === 1 || (shape.length === 2 && (typeof shape[1] !== 'number' || shape[1] === 1));
}

/*
 * ONNX has whole numbers for the classes of who was trained on truths. MLflow's signature, which was inferred from
 * what the model of the author says, knows them as truths.
 */
import { isFloat, type Tensor } from '../sessions/index.ts';
import type { ServedModel } from './models.ts';
import { signatureOf } from './signature.ts';

type Signed = Pick<ServedModel, 'ready' | 'roles'>;

/** Whether the signature says that an output is truths: by its name, or as the one thing that is predicted. */
export function isTruth({ ready, roles }: Signed, output: string): boolean {
  const { outputs, predictsTruths } = signatureOf(ready);
  const isClass = roles?.task === 'classification' && roles.label === output;
  return outputs.get(output) === 'boolean' || (predictsTruths && isClass);
}

/** An element of an output of truths: true for 1 and false for 0, and `undefined` for all else. */
export function truthOf({ type, data }: Tensor, at: number): boolean | undefined {
  if (isFloat(type) || type === 'string') return undefined;
  const number = Number(data[at]);
  return number === 0 || number === 1 ? number === 1 : undefined;
}

/** The classes of a model in the order of its probabilities, where it says them, as the author knows them. */
export function authorsLabels(model: Signed): readonly string[] | null {
  const {
    roles,
    ready: { labels },
  } = model;
  if (roles?.task !== 'classification' || roles.label === null || !isTruth(model, roles.label)) return labels;
  const isBinary = labels?.every((label) => label === '0' || label === '1');
  return labels && isBinary ? labels.map((label) => String(label === '1')) : labels;
}

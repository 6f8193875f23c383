import type { Endpoint, NonFinite } from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import { isFloat, jsonElement, rawJson, type Tensor } from '../sessions/index.ts';

/** An element of an output as the answer has it. */
export type Element = (output: string, tensor: Tensor, at: number) => unknown;

/**
 * Elements as JSON, with NaN and the infinities as the endpoint wants them, or as the protocol does where it does not
 * say. Where they are refused `invalid` is thrown, which names the output: others can be asked for.
 */
export function jsonElements({ nonFinite }: Pick<Endpoint, 'nonFinite'>, byDefault: NonFinite): Element {
  const policy = nonFinite ?? byDefault;
  return (output, tensor, at) => {
    const value = jsonElement(tensor, at);
    if (!isFloat(tensor.type)) return value;
    if (Object.is(value, -0)) return minusZero;
    if (Number.isFinite(value)) return value;
    switch (policy) {
      case 'null':
        return null;
      case 'text':
        return String(value);
      case 'refuse':
        throw new CairnError(
          'invalid',
          `Element ${at} of output '${output}' is ${String(value)} for these inputs, which JSON cannot carry; ask for other outputs, send other inputs, or set 'non_finite' of the endpoint.`,
        );
    }
  };
}

/** JSON has a minus zero, which JSON.stringify does not write. */
const minusZero = rawJson('-0');

import { quoteOf, tensorOf } from './fill.ts';
import { frameTensors } from './frame-tensors.ts';
import { frameOf } from './frames.ts';
import type { ServedModel } from './models.ts';
import { type Fill, missingInputs, nestedTensor } from './nested.ts';
import { checkParams } from './params.ts';
import { bad, pythonList, type Scoring } from './scoring-payload.ts';
import { signatureOf } from './signature.ts';
import type { Port, Tensors } from '../sessions/index.ts';

export type Invocation = {
  readonly inputs: Tensors;
  /**
   * `records` for a table, and for a model with named columns, `tensors` for tensors and for a model whose signature is
   * of them, `bare` the same without `predictions` around it, as models of language answer.
   */
  readonly answer: 'records' | 'tensors' | 'bare';
};

/**
 * Checks what MLflow's `POST /invocations` was sent against the model. A model that declares its features takes named
 * columns in any order: extra ones are ignored, a null is NaN where the column is a float, and where MLflow's signature
 * says more of a column, its value is of that type. Other models take tensors, or columns in the order given.
 * Throws `bad-request` or, for a shape, `invalid`, in the words of MLflow's scoring server.
 */
export function parseInvocation(
  { payload, params = {} }: Scoring,
  model: Pick<ServedModel, 'inputs' | 'ready' | 'rules'>,
): Invocation {
  const signature = signatureOf(model.ready);
  const fill: Fill = { quote: quoteOf(model), signature };
  checkParams(params, signature.params);
  const { features } = model.ready;
  const [input, ...others] = model.inputs;
  if (payload.kind === 'language')
    return { inputs: languageTensors(model, payload.values, fill), answer: 'bare' };
  if (!input) return { inputs: {}, answer: 'tensors' };
  if (others.length === 0 && features && input.shape.length === 2)
    return {
      inputs: frameTensors(model, frameOf(payload), fill),
      answer: 'records',
    };
  const answer = signature.isOfTensors ? 'tensors' : 'records';
  switch (payload.kind) {
    case 'frame':
      return { inputs: frameTensors(model, payload.frame, fill), answer };
    case 'tensor':
      if (others.length > 0)
        throw missingInputs(
          model.inputs.map(({ name }) => name),
          [],
        );
      return { inputs: { [input.name]: nestedTensor(input, payload.data, fill) }, answer: 'tensors' };
    case 'named':
      if (others.length > 0 && signature.columns.size > 0)
        return { inputs: frameTensors(model, frameOf(payload), fill), answer: 'records' };
      return { inputs: namedTensors(model.inputs, payload.values, fill), answer: 'tensors' };
  }
}

/** The inputs of a model that are named as those of a model of language; any other says what it takes. */
function languageTensors(
  { inputs, ready }: Pick<ServedModel, 'inputs' | 'ready'>,
  values: Readonly<Record<string, unknown>>,
  fill: Fill,
): Tensors {
  const names = inputs.map(({ name }) => name);
  if (!ready.features && names.length > 0 && names.every((name) => Object.hasOwn(values, name)))
    return namedTensors(inputs, values, fill);
  throw bad(
    `The fields ${pythonList(Object.keys(values).slice(0, 20))} are for a model of language; this model takes ${pythonList(
      (ready.features ?? names).slice(0, 100),
    )}. Send them in dataframe_split, dataframe_records, instances or inputs.`,
  );
}

function namedTensors(
  ports: readonly Port[],
  values: Readonly<Record<string, unknown>>,
  fill: Fill,
): Tensors {
  const missing = ports.filter(({ name }) => !Object.hasOwn(values, name)).map(({ name }) => name);
  const extra = Object.keys(values).filter((name) => !ports.some((port) => port.name === name));
  if (missing.length > 0) throw missingInputs(missing, extra);
  return Object.fromEntries(
    ports.map((port) => {
      const value = values[port.name];
      if (port.shape.length === 0 && !Array.isArray(value))
        return [port.name, tensorOf(port, [], [value], { missing: 'nan', quote: fill.quote })];
      return [port.name, nestedTensor(port, Array.isArray(value) ? (value as unknown[]) : [value], fill)];
    }),
  );
}

import { describe, expect, test } from 'vitest';
import type { TensorSpec } from '../model.ts';
import { authorsNames, featuresOf } from './signature.ts';

const table = (width: number | string | null): TensorSpec[] => [
  { name: 'x', elementType: 'float32', shape: ['n', width] },
];
const columns = (...names: (string | undefined)[]) => ({
  flavours: [],
  schema: { inputs: names.map((name) => ({ type: 'double', ...(name === undefined ? {} : { name }) })) },
});

describe('names of columns', () => {
  test('are those that the model holds, else those of the signature', () => {
    expect(featuresOf({ 'cairn.features': '["p","q"]' }, columns('a', 'b'), table(2))).toEqual(['p', 'q']);
    expect(featuresOf({}, columns('a', 'b'), table(2))).toEqual(['a', 'b']);
    expect(featuresOf({}, columns('a', 'b'), table('width'))).toEqual(['a', 'b']);
  });

  test('are not guessed where the signature does not fit the input', () => {
    expect(featuresOf({}, columns('a', 'b', 'c'), table(2))).toBeNull();
    expect(featuresOf({}, columns('a', 'a'), table(2))).toBeNull();
    expect(featuresOf({}, columns('a', undefined), table(2))).toBeNull();
    expect(featuresOf({}, columns('a', 'b'), [...table(2), ...table(2)])).toBeNull();
    const tensor = { type: 'tensor', name: 'x', 'tensor-spec': { dtype: 'float32', shape: [-1, 1] } };
    expect(featuresOf({}, { flavours: [], schema: { inputs: [tensor] } }, table(1))).toBeNull();
  });

  test('that are promised and no list are an error of the model', () => {
    expect(() => featuresOf({ 'cairn.features': 'a,b' }, columns(), table(2))).toThrow('not a JSON list');
  });
});

describe('names of inputs', () => {
  const model = (...names: string[]) => ({
    inputs: names.map((name) => ({
      name,
      kind: 'tensor' as const,
      elementType: 'float32' as const,
      shape: [null, 1],
    })),
    opsets: { '': 17 },
  });
  const named = (inputs: string[], ...of: string[]) =>
    Object.fromEntries(authorsNames(model(...inputs), columns(...of)));

  test('are those of the columns that a converter made them of', () => {
    expect(named(['age', 'city_of_birth'], 'age', 'city of birth')).toEqual({
      city_of_birth: 'city of birth',
    });
    expect(named(['_1st', 'höhe__cm_', 'a+b'], '1st', 'höhe (cm)', 'a+b')).toEqual({
      _1st: '1st',
      höhe__cm_: 'höhe (cm)',
    });
    expect(named(['x', 'h_he'], 'x', 'höhe')).toEqual({ h_he: 'höhe' });
  });

  test('stay where two columns could be meant, or none, and where the one input is a table', () => {
    expect(named(['x', 'a_b'], 'x', 'a b', 'a-b')).toEqual({});
    expect(named(['x', 'a_b'], 'x', 'a b', 'a_b')).toEqual({});
    expect(named(['hö_he', 'h__he'], 'hö he')).toEqual({});
    expect(named(['x', 'a_b'], 'x', 'c')).toEqual({});
    expect(named(['a_b'], 'a b')).toEqual({});
  });
});

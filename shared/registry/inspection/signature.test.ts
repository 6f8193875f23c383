import { describe, expect, test } from 'vitest';
import type { TensorSpec } from '../model.ts';
import { featuresOf } from './signature.ts';

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

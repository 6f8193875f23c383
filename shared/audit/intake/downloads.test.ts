import { describe, expect, test } from 'vitest';
import { modelOfFile } from './downloads.ts';

describe('the model that a file belongs to', () => {
  test.each([
    [`1/models/m-${'a'.repeat(32)}/artifacts/MLmodel`, `logged-model/m-${'a'.repeat(32)}`],
    [`1/models/m-${'a'.repeat(32)}/artifacts/deep/data.bin`, `logged-model/m-${'a'.repeat(32)}`],
    ['1/run/artifacts/model/MLmodel', 'artifacts/1/run/artifacts/model'],
    ['1/run/artifacts/net.ONNX', 'artifacts/1/run/artifacts'],
    ['1/run/artifacts/plot.png', undefined],
    ['1/models/m-short/artifacts/x.txt', undefined],
  ])('is told from its path: %s', (path, model) => {
    expect(modelOfFile(path)).toBe(model);
  });
});

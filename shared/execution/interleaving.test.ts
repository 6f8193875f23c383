import * as fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextApart } from '../../test/support/context-apart.ts';
import type { TestContext } from '../../test/support/context.ts';
import { deploymentSettingsDefault } from '../endpoints/index.ts';
import { run } from '../onnx/testing.ts';
import type { Tensors } from '../sessions/index.ts';
import { executionFacts, withModel } from './index.ts';
import { dense, stored, trees } from './testing.ts';
import { Tensor } from 'onnxruntime-node';

let context: TestContext;
beforeAll(async () => {
  context = await contextApart();
});
afterAll(() => context.close());

let seed = 7;
const random = () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};
const number = () => random() * 200 - 100;

const width = 64;
const numRuns = process.env['CAIRN_TEST'] === 'long' ? 300 : 8;

const someCalls = fc.array(
  fc.record({
    rows: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 200 })),
    after: fc.integer({ min: 0, max: 3 }),
    isBad: fc.integer({ min: 0, max: 4 }).map((each) => each === 0),
  }),
  { minLength: 1, maxLength: 25 },
);

type Same = (answer: Tensors, alone: Awaited<ReturnType<typeof run>>) => boolean;

describe.each(['inline', 'worker'] as const)(
  'real models, %s, with calls that meet as they like',
  (execution) => {
    const settings = { ...deploymentSettingsDefault, execution };

    /** Whatever meets, each answer is the one that the raw runtime gives to the call alone. */
    const holds = async (
      bytes: Uint8Array,
      { input, columns }: { input: string; columns: number },
      isSame: Same,
    ) => {
      const ready = await stored(context.ctx, bytes);
      await fc.assert(
        fc.asyncProperty(someCalls, async (calls) => {
          const tables = calls.map(({ rows }) => Float32Array.from({ length: rows * columns }, number));
          const ended = await Promise.allSettled(
            calls.map(async ({ rows, after, isBad }, at) => {
              for (let i = 0; i < after; i++) await turn();
              const feeds: Tensors = {
                [isBad ? 'unknown' : input]: { type: 'float32', dims: [rows, columns], data: tables[at] },
              };
              return withModel(context.ctx, ready, settings, (model) =>
                model.call(feeds, { deadline: Number.POSITIVE_INFINITY, rowsMax: 64, whole: false }),
              );
            }),
          );
          for (const [at, { rows, isBad }] of calls.entries()) {
            const result = ended[at];
            const alone = await run(bytes, { [input]: new Tensor('float32', tables[at], [rows, columns]) });
            const isRight = result?.status === 'fulfilled' ? !isBad && isSame(result.value, alone) : isBad;
            expect(isRight).toBe(true);
          }
        }),
        { numRuns },
      );
      return executionFacts(ready, settings);
    };

    const met = { mode: execution, rows_free: true, mean_batch_rows: expect.toSatisfy((rows) => rows > 1) };

    test('trees answer to the last bit as if each call were alone', async () => {
      const isSame: Same = (answer, alone) =>
        Object.entries(alone).every(
          ([name, { dims, data }]) =>
            String(answer[name]?.dims) === String(dims) &&
            data.every((each, i) => Object.is(each, answer[name]?.data[i])),
        );
      const facts = await holds(trees(60, 5, random), { input: 'input', columns: 2 }, isSame);
      expect(facts).toMatchObject(met);
    });

    test('dense nets answer as if each call were alone, up to the order of their sums', async () => {
      const isSame: Same = (answer, { y }) =>
        y !== undefined &&
        String(answer['y']?.dims) === String(y.dims) &&
        y.data.every((each, i) => Math.abs(Number(each) - Number(answer['y']?.data[i])) < 1e-5);
      const facts = await holds(dense(width, 3, random), { input: 'x', columns: width }, isSame);
      expect(facts).toMatchObject(met);
    });
  },
);

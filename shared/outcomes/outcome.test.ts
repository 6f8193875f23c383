import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeOutcomes, encodeOutcomes } from './codec.ts';
import { errorBin, errorsOfHourMax, type Joined, mergeOutcomes, type Outcome, outcomeOf } from './outcome.ts';

const number = fc.oneof(
  // Of labels next to 0 a relative error is beyond all numbers.
  fc.double({ min: -100, max: 100, noNaN: true }).map((each) => (Math.abs(each) < 1e-6 ? 0.5 : each)),
  fc.constantFrom(0, 1, -1),
);
const answer = fc.oneof(
  fc.record({
    predicted: fc.constantFrom('yes', 'no', '', '1'),
    score: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(null)),
    label: fc.constantFrom<string | number>('yes', 'no', 'maybe', 1),
  }),
  fc.record({
    predicted: fc.constant(null),
    score: fc.oneof(number, fc.constant(null)),
    label: fc.oneof<fc.Arbitrary<string | number>[]>(number, fc.constantFrom('3.5', 'text', '')),
  }),
);
const rows = fc
  .array(fc.tuple(fc.nat({ max: 20 }), answer), { maxLength: 60 })
  .map((some) =>
    some.map(([at, each], row): Joined => ({ ...each, at, predictionId: `2026010203-00-${row}-00` })),
  );

/** Sums, which depend on the order of hours by rounding, beside all that does not. */
function split({ numbers, ...rest }: Outcome) {
  const { sum = 0, absolute = 0, squares = 0, relative = 0, labels = 0, labelSquares = 0 } = numbers ?? {};
  const counts = numbers && [
    numbers.count,
    numbers.relatives,
    new Map([...numbers.histogram].toSorted(([a], [b]) => a - b)),
  ];
  return { exact: { ...rest, counts }, sums: [sum, absolute, squares, relative, labels, labelSquares] };
}

const furthest = (some: readonly number[], others: readonly number[]) =>
  Math.max(
    ...some.map((each, i) => Math.abs(each - (others[i] ?? Number.NaN)) / Math.max(1, Math.abs(each))),
  );

describe('outcomes of an hour', () => {
  test('are the same in whatever order rows come, and come back from their bytes', () => {
    fc.assert(
      fc.property(
        rows.chain((some) =>
          fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
        ),
        ([some, shuffled]) => {
          const outcome = outcomeOf('2026010203', 7, some);
          const stored = {
            hour: '2026010203',
            madeOf: 'x',
            unmatched: 0,
            byDigest: new Map([['d', outcome]]),
          };
          expect(outcomeOf('2026010203', 7, shuffled)).toEqual(outcome);
          expect(decodeOutcomes(encodeOutcomes(stored))).toEqual(stored);
          expect(outcome.labelled + outcome.unusable).toBe(some.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('add up to what all hours say, in any grouping and order', () => {
    fc.assert(
      fc.property(fc.array(rows, { minLength: 3, maxLength: 3 }), (hours) => {
        const [a, b, c] = hours.map((some, i) => outcomeOf(`202601020${i}`, some.length, some));
        if (!a || !b || !c) throw new Error('There are three.');
        const all = hours.flat();
        const whole = split(outcomeOf('', all.length, all)).exact;
        const first = split(mergeOutcomes(mergeOutcomes(a, b), c));
        for (const merged of [mergeOutcomes(a, mergeOutcomes(b, c)), mergeOutcomes(c, mergeOutcomes(b, a))]) {
          expect(split(merged).exact).toEqual(first.exact);
          expect(furthest(split(merged).sums, first.sums)).toBeLessThanOrEqual(1e-9);
        }
        expect({ ...first.exact, errors: [] }).toEqual({ ...whole, errors: [] });
        expect(furthest(split(outcomeOf('', all.length, all)).sums, first.sums)).toBeLessThanOrEqual(1e-9);
        const streams = (kind: string, some: readonly Joined[][]) =>
          some.flatMap((each) =>
            outcomeOf('', 0, each).errors.flatMap((of) => (of.kind === kind ? [...of.values] : [])),
          );
        for (const kind of ['classes', 'numbers'])
          expect(first.exact.errors.flatMap((of) => (of.kind === kind ? [...of.values] : []))).toEqual(
            streams(kind, hours),
          );
      }),
      { numRuns: 100 },
    );
  });

  test('have errors in order of time and id, and of very many every so manieth', () => {
    const many = Array.from(
      { length: errorsOfHourMax * 2 + 1 },
      (_, i): Joined => ({
        predictionId: `p${i}`,
        at: i,
        predicted: i % 6 === 3 ? 'no' : 'yes',
        score: null,
        label: 'yes',
      }),
    );
    const [errors, ...others] = outcomeOf('2026010203', many.length, many.toReversed()).errors;
    expect(others).toEqual([]);
    expect(errors?.every).toBe(3);
    // Of the rows 0, 3, 6, 9 …: the odd multiples of three were wrong.
    expect([...(errors?.values ?? [])].slice(0, 4)).toEqual([0, 1, 0, 1]);
    expect(errors?.values.length).toBe(Math.ceil(many.length / 3));
  });

  test('name no classes where there are more than 256, however they were split', () => {
    const named = (from: number, to: number) =>
      Array.from(
        { length: to - from },
        (_, i): Joined => ({
          predictionId: `p${from + i}`,
          at: i,
          predicted: `c${from + i}`,
          score: 0.5,
          label: 'c0',
        }),
      );
    const [few, more] = [outcomeOf('a', 200, named(0, 200)), outcomeOf('b', 100, named(200, 300))];
    expect(few.classes?.confusion?.size).toBe(200);
    const merged = mergeOutcomes(few, more);
    expect(merged.classes).toMatchObject({ correct: 1, confusion: null });
    expect([...(merged.classes?.wrong.keys() ?? [])]).toEqual(['']);
    expect(mergeOutcomes(more, mergeOutcomes(few, few)).classes?.confusion).toBeNull();
  });
});

describe('the bins of errors', () => {
  test('rise with the error, and are 9 % wide', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-15, max: 1e15, noNaN: true }), (error) => {
        expect(errorBin(-error)).toBe(-errorBin(error));
        const lower = 2 ** ((errorBin(error) - 513) / 8);
        expect(error / lower).toBeGreaterThan(1 - 1e-9);
        expect(error / lower).toBeLessThan(2 ** (1 / 8) + 1e-9);
      }),
    );
    expect([0, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE].map(errorBin)).toEqual([0, 1, 1024, -1024]);
  });
});

import { describe, expect, test } from 'vitest';
import {
  benjaminiHochberg,
  chiSquareContingency,
  chiSquareGoodnessOfFit,
  cramersV,
  hellingerDistance,
  jensenShannonDistance,
  ksOfCounts,
  ksTwoSample,
  kullbackLeiblerDivergence,
  lInfinityDistance,
  twoProportions,
  wassersteinDistance,
} from './index.ts';
import { kolmogorovTail } from './kolmogorov.ts';
import { golden, moved, relativeError, sample, worst } from './testing.ts';

const file = 'two-samples';

type Drawn = { shape: string; seed: number; m: number; n: number; scale: number; shift: number };
const drawn = ({ shape, seed, m, n, scale, shift }: Drawn) =>
  [sample(shape, seed, m), moved(sample(shape, seed + 1, n), scale, shift)] as const;

describe('the one-sample Kolmogorov law', () => {
  type Case = { n: number; d: number; p: number };

  test('is scipy’s in every region of n and d', () => {
    const cases = golden<Case>(file, 'kolmogorov');
    expect(cases.length).toBeGreaterThan(700);
    // scipy takes 1 − p first where p is not small, which leaves p the digits of 1.
    const subtracts = ({ n, d }: Case) => n * d * d <= (n <= 140 ? 4 : 2.2);
    const error = (each: Case) => {
      const gap = Math.abs(kolmogorovTail(each.n, each.d) - each.p);
      return gap === 0 ? 0 : (gap - (subtracts(each) ? 2e-14 : 0)) / each.p;
    };
    expect(worst(cases, error)).toBeLessThan(1e-12);
  });

  test('is what 60 digits give for few points', () => {
    const cases = golden<Case>(file, 'kolmogorov-exact');
    expect(cases.length).toBeGreaterThan(5);
    expect(worst(cases, ({ n, d, p }) => relativeError(kolmogorovTail(n, d), p))).toBeLessThan(3e-12);
  });
});

describe('two samples', () => {
  type Case = Drawn & { d: number; exact: number; asymptotic: number; wasserstein: number };
  const cases = golden<Case>(file, 'samples');

  test('have scipy’s Kolmogorov–Smirnov D, its exact p and its asymptotic p', () => {
    expect(cases.length).toBeGreaterThan(250);
    const tested = cases.map((each) => {
      const [a, b] = drawn(each);
      const [exact, asymptotic] = (['exact', 'asymptotic'] as const).map((method) =>
        ksTwoSample(a, b, { method }),
      );
      return { each, exact, asymptotic };
    });
    expect(worst(tested, ({ each, exact }) => Math.abs(exact.statistic - each.d))).toBeLessThan(1e-15);
    expect(worst(tested, ({ each, exact }) => relativeError(exact.pValue, each.exact))).toBeLessThan(1e-12);
    // Of one value against one scipy takes the law of 0 points, which has no answer.
    const answered = tested.filter(({ each }) => !Number.isNaN(each.asymptotic));
    expect(answered.length).toBeGreaterThan(250);
    const ofAsymptotic = worst(answered, ({ each, asymptotic }) =>
      relativeError(asymptotic.pValue, each.asymptotic),
    );
    expect(ofAsymptotic).toBeLessThan(1e-11);
  });

  test('have scipy’s Wasserstein distance', () => {
    const error = (each: Case) => {
      const [a, b] = drawn(each);
      // Far from zero scipy's cumulated shares leave fewer digits.
      return Math.abs(wassersteinDistance(a, b) - each.wasserstein) / Math.max(each.wasserstein, 1e-3);
    };
    expect(worst(cases, error)).toBeLessThan(1e-12);
  });

  test('of many rows have them too, where scipy chooses the method', () => {
    const many = golden<Drawn & { d: number; p: number; wasserstein: number }>(file, 'auto');
    expect(many).toHaveLength(4);
    const found = many.map((each) => {
      const [a, b] = drawn(each);
      return { each, ks: ksTwoSample(a, b), wasserstein: wassersteinDistance(a, b) };
    });
    expect(worst(found, ({ each, ks }) => relativeError(ks.pValue, each.p))).toBeLessThan(1e-12);
    expect(worst(found, ({ each, ks }) => relativeError(ks.statistic, each.d))).toBeLessThan(1e-12);
    const ofDistance = worst(found, ({ each, wasserstein }) => relativeError(wasserstein, each.wasserstein));
    expect(ofDistance).toBeLessThan(1e-11);
  });
});

describe('two counts', () => {
  type Case = {
    r: number[];
    c: number[];
    yates: [number, number, number];
    plain: [number, number, number];
    fit?: [number, number];
    v: number;
    vBiasCorrected: number;
    jsE: number;
    js2: number;
    kl: number;
    hellinger: number;
    lInfinity: number;
  };
  const cases = golden<Case>(file, 'counts');
  /** Relative, but absolute below a size where the references themselves cancel. */
  const off = (actual: number, expected: number, size = 1e-3) =>
    actual === expected ? 0 : Math.abs(actual - expected) / Math.max(Math.abs(expected), size);

  test('have scipy’s χ² of contingency, with Yates’s correction and without', () => {
    expect(cases.length).toBeGreaterThan(50);
    for (const [yates, key] of [
      [true, 'yates'],
      [false, 'plain'],
    ] as const) {
      const found = cases.map((each) => ({
        expected: each[key],
        actual: chiSquareContingency(each.r, each.c, { yates }),
      }));
      expect(found.map(({ actual }) => actual.degreesOfFreedom)).toEqual(
        found.map(({ expected }) => expected[1]),
      );
      const ofStatistic = worst(found, ({ actual, expected }) => off(actual.statistic, expected[0]));
      expect(ofStatistic).toBeLessThan(1e-12);
      // A rounding of χ² is a relative change of p by as much as χ² itself.
      const ofTail = worst(
        found,
        ({ actual, expected }) => relativeError(actual.pValue, expected[2]) / Math.max(expected[0] / 100, 1),
      );
      expect(ofTail).toBeLessThan(1e-12);
    }
  });

  test('have scipy’s χ² of fit', () => {
    const fitted = cases.flatMap(({ r, c, fit }) =>
      fit ? [{ fit, actual: chiSquareGoodnessOfFit(r, c) }] : [],
    );
    expect(fitted.length).toBeGreaterThan(30);
    expect(worst(fitted, ({ fit, actual }) => off(actual.statistic, fit[0]))).toBeLessThan(1e-12);
    const ofTail = worst(
      fitted,
      ({ fit, actual }) => relativeError(actual.pValue, fit[1]) / Math.max(fit[0] / 100, 1),
    );
    expect(ofTail).toBeLessThan(1e-12);
  });

  test.each<[string, (each: Case) => number, (each: Case) => number]>([
    ['Cramér’s V', ({ r, c }) => cramersV(r, c), ({ v }) => v],
    // A distance that is the root of a difference near 0 has the digits of its square.
    ['Jensen–Shannon in nats', ({ r, c }) => jensenShannonDistance(r, c, 'e') ** 2, ({ jsE }) => jsE ** 2],
    ['Jensen–Shannon in bits', ({ r, c }) => jensenShannonDistance(r, c, 2) ** 2, ({ js2 }) => js2 ** 2],
    ['Kullback–Leibler', ({ r, c }) => kullbackLeiblerDivergence(r, c), ({ kl }) => kl],
    ['Hellinger', ({ r, c }) => hellingerDistance(r, c), ({ hellinger }) => hellinger],
    ['L∞', ({ r, c }) => lInfinityDistance(r, c), ({ lInfinity }) => lInfinity],
  ])('have the %s of scipy and numpy', (_, actual, expected) => {
    expect(worst(cases, (each) => off(actual(each), expected(each)))).toBeLessThan(1e-12);
  });

  test('have Bergsma’s V where it is defined', () => {
    const defined = cases.filter(({ vBiasCorrected }) => Number.isFinite(vBiasCorrected));
    expect(defined.length).toBeGreaterThan(50);
    const error = ({ r, c, vBiasCorrected }: Case) =>
      off(cramersV(r, c, { biasCorrected: true }), vBiasCorrected);
    expect(worst(defined, error)).toBeLessThan(1e-12);
  });

  test.each([
    ['χ²', chiSquareContingency],
    ['fit', chiSquareGoodnessOfFit],
    ['Jensen–Shannon', jensenShannonDistance],
    ['Kolmogorov–Smirnov', ksOfCounts],
  ] as const)('over different bins are refused, by %s too', (_, compare) => {
    expect(() => compare([1, 2, 3], [1, 2])).toThrow(
      new RangeError(
        'The reference is counted over 3 bins and the current sample over 2: count both over the same bins.',
      ),
    );
  });
});

test('two proportions have statsmodels’ z, and p down to where it vanishes', () => {
  const cases = golden<{ x: number; m: number; y: number; n: number; z: number; p: number }>(
    file,
    'proportions',
  );
  const found = cases.map(({ x, m, y, n, ...expected }) => ({
    expected,
    actual: twoProportions({ hits: x, rows: m }, { hits: y, rows: n }),
  }));
  expect(found.length).toBeGreaterThan(5);
  const ofStatistic = worst(found, ({ actual, expected }) => relativeError(actual.statistic, expected.z));
  expect(ofStatistic).toBeLessThan(1e-12);
  const ofTail = worst(
    found,
    ({ actual, expected }) => relativeError(actual.pValue, expected.p) / Math.max(expected.z ** 2 / 100, 1),
  );
  expect(ofTail).toBeLessThan(1e-12);
});

test('many tests are adjusted as statsmodels adjusts them', () => {
  const cases = golden<{ p: number[]; q: number; rejected: boolean[]; adjusted: number[] }>(file, 'multiple');
  expect(cases.length).toBeGreaterThan(5);
  for (const { p, q, rejected, adjusted } of cases) {
    const found = benjaminiHochberg(p, q);
    expect(found.rejected).toEqual(rejected);
    const pairs = adjusted.map((expected, at) => relativeError(found.adjusted[at], expected));
    expect(Math.max(...pairs)).toBeLessThan(1e-13);
  }
});

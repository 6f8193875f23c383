import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type Adwin,
  type Ddm,
  type Detection,
  type Eddm,
  newAdwin,
  newDdm,
  newEddm,
  newPageHinkley,
  observeAdwin,
  observeDdm,
  observeEddm,
  observePageHinkley,
  type PageHinkley,
} from './index.ts';
import { golden, moved, sample, uniform } from './testing.ts';

type Part = readonly [shape: string, n: number, scale: number, shift: number];
type Case = {
  readonly seed: number;
  readonly parts: readonly Part[];
  readonly settings: object;
  readonly warnings: number;
  readonly digest: string;
  readonly drifts: number[];
  readonly known: number[][];
};

type Detector = {
  readonly make: (settings: object) => never;
  readonly observe: (state: never, value: number) => Detection;
  /** What the golden file keeps of the state. */
  readonly look: (state: never) => (number | null)[];
};

const detectors: Record<string, Detector> = {
  adwin: {
    make: newAdwin as Detector['make'],
    observe: observeAdwin,
    look: ({ width, total, variance }: Adwin) => [width, total, variance],
  },
  'page-hinkley': {
    make: newPageHinkley as Detector['make'],
    observe: observePageHinkley,
    look: ({ count, mean, rise, fall }: PageHinkley) => [count, mean, rise, fall],
  },
  ddm: {
    make: newDdm as Detector['make'],
    observe: observeDdm,
    look: ({ count, rate }: Ddm) => [count, rate],
  },
  eddm: {
    make: newEddm as Detector['make'],
    observe: observeEddm,
    look: ({ count, errors, mean, largest }: Eddm) => [count, errors, mean, largest ?? -1],
  },
};

function stream({ parts, seed }: Case): number[] {
  return parts.flatMap(([shape, n, scale, shift], at) =>
    shape === 'errors'
      ? uniform(seed + at, n).map((u) => (u < scale ? 1 : 0))
      : moved(sample(shape, seed + at, n), scale, shift),
  );
}

/** What a detector says of a stream, in the words of the golden file; `through` sees the state after each value. */
function trace(detector: Detector, each: Case, through = (state: never): never => state) {
  let state = detector.make(each.settings);
  const values = stream(each);
  const warnings: number[] = [];
  const drifts: number[] = [];
  const known: (number | null)[][] = [];
  values.forEach((value, at) => {
    const said = detector.observe(state, value);
    if (said === 'warning') warnings.push(at);
    if (said === 'drift') drifts.push(at);
    if (at % 97 === 0 || at === values.length - 1) known.push(detector.look(state));
    state = through(state);
  });
  const digest = createHash('sha256').update(JSON.stringify(warnings)).digest('hex').slice(0, 16);
  return { warnings: warnings.length, digest, drifts, known };
}

describe.each(Object.entries(detectors))('%s', (kind, detector) => {
  const cases = golden<Case>('detectors', kind);

  test('warns and finds drift where river does, by the same figures', () => {
    expect(cases.length).toBeGreaterThanOrEqual(14);
    expect(cases.some(({ drifts }) => drifts.length > 0)).toBe(true);
    for (const { warnings, digest, drifts, known, ...each } of cases) {
      const found = trace(detector, { warnings, digest, drifts, known, ...each });
      expect(found).toEqual({ warnings, digest, drifts, known });
    }
  });

  test('goes on from a state that was kept as JSON as if nothing had been', () => {
    const some = cases[0];
    const kept = trace(detector, some, (state) => JSON.parse(JSON.stringify(state)) as never);
    expect(kept).toEqual(trace(detector, some));
  });

  test('refuses what no stream has', () => {
    const state = detector.make({});
    expect(() => detector.observe(state, Number.NaN)).toThrow(RangeError);
    expect(() => detector.observe(state, Infinity)).toThrow(RangeError);
    expect(state).toEqual(detector.make({}));
  });
});

test('detectors of errors refuse what says neither right nor wrong', () => {
  expect(() => observeDdm(newDdm(), 0.5)).toThrow(
    new RangeError('A stream of errors has a 1 where a prediction is wrong and else a 0; it was given 0.5.'),
  );
  expect(() => observeEddm(newEddm(), 2)).toThrow(RangeError);
});

test('EDDM refuses to warn after it found drift', () => {
  expect(() => newEddm({ warning: 0.8, drift: 0.9 })).toThrow(
    new RangeError('EDDM warns below 0.8 and finds drift below 0.9: it must warn first.'),
  );
});

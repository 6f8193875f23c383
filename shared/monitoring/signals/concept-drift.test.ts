import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Errors } from '../../outcomes/index.ts';
import { takeErrors } from './concept-state.ts';
import {
  conceptDrift,
  conceptErrorsFrom,
  type ConceptState,
  defaultDetectors,
  type DetectorName,
  detectorNames,
  type DetectorSettings,
} from './index.ts';
import {
  counted,
  given,
  hourMilliseconds,
  hourOf,
  normals,
  start,
  twoClassRows,
  uniforms,
  usual,
} from './testing.ts';

const bits = (n: number, values: readonly number[]): Errors => ({
  hour: hourOf(n),
  every: 1,
  kind: 'classes',
  values: Uint8Array.from(values),
});
const sizes = (n: number, values: readonly number[]): Errors => ({
  hour: hourOf(n),
  every: 1,
  kind: 'numbers',
  values: Float32Array.from(values),
});
const at = (n: number) => start + n * hourMilliseconds;
const drawn = (draw: () => number, rows: number, rate: number) =>
  Array.from({ length: rows }, () => Number(draw() < rate));

/** What the window of the nth hour says, of the errors of that hour. */
const watched = (
  n: number,
  errors: Errors,
  state: ConceptState | null,
  detectors: readonly DetectorName[] = ['adwin', 'page-hinkley'],
) =>
  conceptDrift(
    {
      segment: '',
      from: at(n),
      to: at(n + 1),
      errors: [errors],
      errorsFrom: at(n),
      state,
      minLabelled: 100,
    },
    { ...usual, detectors },
  );
const all: DetectorSettings = { ...defaultDetectors, ddm: {}, eddm: {} };
const take = (state: ConceptState | null, errors: readonly Errors[], from: number, to: number) =>
  takeErrors(state, errors, { from: at(from), to: at(to) }, all);

describe('the state of detectors', () => {
  test('is the same carried from window to window as of all hours at once, by way of JSON', () => {
    const lengths = fc.array(fc.nat(90), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(bits, sizes),
        (hours, step, of) => {
          const draw = uniforms(step);
          const rate = (n: number) => (n > hours.length / 2 ? 0.7 : 0.05);
          const errors = hours
            .map((rows, n) => of(n * 5, drawn(draw, rows, rate(n))))
            .filter(({ values }) => values.length > 0);
          const end = hours.length * 5;
          let carried: ConceptState | null = null;
          for (let from = 0; from < end; from += step) {
            const some = errors.filter(({ hour }) => hour >= hourOf(from) && hour < hourOf(from + step));
            carried = JSON.parse(
              JSON.stringify(take(carried, some.toReversed(), from, from + step)),
            ) as typeof carried;
          }
          expect(carried).toEqual(take(null, errors, 0, end));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('goes back to where a late label changed the past, and no further', () => {
    const draw = uniforms(11);
    const errors = Array.from({ length: 100 }, (_, n) => bits(n, drawn(draw, 50, 0.2)));
    const before = take(null, errors, 0, 100);
    for (const changed of [3, 40, 75, 99]) {
      const late = errors.map((each, n) => (n === changed ? bits(n, drawn(draw, 60, 0.3)) : each));
      const from = conceptErrorsFrom(before, at(changed));
      expect(from).toBeLessThanOrEqual(at(changed));
      expect(from).toBeGreaterThanOrEqual(at(changed - 24));
      const first = (from - start) / hourMilliseconds;
      expect(take(before, late.slice(first), first, 100)).toEqual(take(null, late, 0, 100));
    }
    // Hours whose labels came for the first time, and hours that have none any more.
    const without = errors.filter((_, n) => n !== 60);
    const first = (conceptErrorsFrom(before, at(60)) - start) / hourMilliseconds;
    const whole = take(null, without, 0, 100);
    const later = without.filter(({ hour }) => hour >= hourOf(first));
    expect(take(before, later, first, 100)).toEqual(whole);
    expect(take(whole, errors.slice(first), first, 100)).toEqual(before);
    expect(take(before, errors.slice(90), 90, 100)).toEqual(before);
  });

  test('keeps the last days and stays small', () => {
    const draw = uniforms(13);
    let state: ConceptState | null = null;
    for (let n = 0; n < 24 * 20; n += 6) {
      const some = Array.from({ length: 6 }, (_, more) => bits(n + more, drawn(draw, 200, 0.1)));
      state = take(state, some, n, n + 6);
    }
    expect(state?.checkpoints).toHaveLength(9);
    expect(state?.hours).toHaveLength(9 * 24);
    expect(JSON.stringify(state).length).toBeLessThan(60_000);
  });

  test('begins anew with other detectors, and with errors of another kind', () => {
    const first = take(null, [bits(0, drawn(uniforms(1), 300, 0.2))], 0, 1);
    const other = takeErrors(first, [], { from: at(1), to: at(2) }, { adwin: { delta: 0.1 } });
    expect(other).toMatchObject({ hours: [], checkpoints: [] });
    const numbers = take(first, [sizes(1, [1, 2, 3])], 1, 2);
    expect(numbers).toMatchObject({ kind: 'numbers', hours: [{ rows: 3, sum: 6 }] });
    expect(take(null, [], 0, 1)).toBeNull();
  });
});

describe('concept drift', () => {
  test('has no verdict of few labels, and says why', () => {
    const none = conceptDrift(
      {
        segment: 'a=b',
        from: at(0),
        to: at(1),
        errors: [],
        errorsFrom: at(0),
        state: null,
        minLabelled: 100,
      },
      usual,
    );
    expect(none).toMatchObject({
      result: {
        segment: 'a=b',
        verdict: 'insufficient-data',
        reason: '0 predictions have a label; at least 100 are needed (min_labelled).',
      },
      state: null,
    });
    const few = watched(0, bits(0, drawn(uniforms(1), 99, 0.5)), null);
    expect(few.result.reason).toBe('99 predictions have a label; at least 100 are needed (min_labelled).');
    // What was too little for a verdict is not lost.
    expect(few.state?.hours).toHaveLength(1);
    const blind = watched(0, sizes(0, drawn(uniforms(1), 200, 0.5)), null, ['ddm', 'eddm']);
    expect(blind.result.reason).toBe(
      'None of the detectors that are set watches errors of numbers: DDM and EDDM know right and wrong alone.',
    );
  });

  test('of all right, of all wrong and of endless errors is none', () => {
    for (const values of [
      bits(0, new Array<number>(500).fill(0)),
      bits(0, new Array<number>(500).fill(1)),
      sizes(0, new Array<number>(500).fill(0)),
      sizes(0, new Array<number>(500).fill(Infinity)),
    ]) {
      const { result, state } = watched(0, values, null);
      expect(result).toMatchObject({ verdict: 'ok', value: 0, bounds: { upper: 0 } });
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    }
  });

  test('is told where it happens and not again, with which detector found it', () => {
    const draw = uniforms(19);
    let state: ConceptState | null = null;
    const verdicts: string[] = [];
    for (let n = 0; n < 20; n++) {
      const { result, state: next } = watched(n, bits(n, drawn(draw, 2_000, n < 10 ? 0.1 : 0.4)), state);
      verdicts.push(result.verdict);
      state = next;
      const found = result.items.filter(({ verdict }) => verdict === 'breached').map(({ name }) => name);
      expect(found.length > 0).toBe(n === 10);
      expect(result.items.find(({ metric }) => metric === 'error-rate')?.value).toBeCloseTo(
        n < 10 ? 0.1 : 0.4,
        1,
      );
    }
    expect(verdicts.indexOf('breached')).toBe(10);
    expect(verdicts.filter((each) => each === 'breached')).toHaveLength(1);
  });

  test('is no fall of the errors', () => {
    const draw = uniforms(29);
    const before = watched(0, bits(0, drawn(draw, 5_000, 0.4)), null);
    expect(watched(1, bits(1, drawn(draw, 5_000, 0.05)), before.state).result.verdict).toBe('ok');
  });

  test('is bounded as the settings say', () => {
    const draw = uniforms(19);
    const before = watched(0, bits(0, drawn(draw, 3_000, 0.1)), null);
    const errors = [bits(1, drawn(draw, 3_000, 0.5))];
    const window = {
      segment: '',
      from: at(1),
      to: at(2),
      errors,
      errorsFrom: at(1),
      state: before.state,
      minLabelled: 100,
    };
    const { items, bounds } = conceptDrift(window, given('adwin', { upper: 100 })).result;
    const of = (name: string) => items.find((each) => each.name === name)?.verdict;
    expect([of('adwin'), of('page-hinkley')]).toEqual(['ok', 'breached']);
    expect(bounds).toBeNull();
  });

  test.each([0.005, 0.1, 0.3])(
    'is found by each detector in at most one window of 1,000 that has none, and one new stream of 100, at an error rate of %f',
    (rate) => {
      const draw = uniforms(1_000 * rate + 3);
      const found: Record<string, number> = {};
      const count = ({ items }: ReturnType<typeof watched>['result']) => {
        for (const { name, verdict } of items)
          if (verdict === 'breached') found[name] = (found[name] ?? 0) + 1;
      };
      let state: ConceptState | null = null;
      for (let n = 0; n < 1_000; n++) {
        const { result, state: next } = watched(n, bits(n, drawn(draw, 300, rate)), state);
        state = next;
        count(result);
      }
      for (const name of detectorNames) expect(found[name] ?? 0).toBeLessThanOrEqual(1);
      for (let stream = 0; stream < 100; stream++)
        count(watched(0, bits(0, drawn(draw, 10_000, rate)), null).result);
      for (const name of detectorNames) expect(found[name] ?? 0).toBeLessThanOrEqual(2);
    },
  );

  test('of numbers is found in at most one window of 100 that has none, whatever their size', () => {
    const normal = normals(uniforms(83));
    for (const [scale, windows] of [
      [1, 1_000],
      [1e-9, 200],
      [1e9, 200],
    ] as const) {
      let state: ConceptState | null = null;
      let breached = 0;
      for (let n = 0; n < windows; n++) {
        const errors = Array.from({ length: 300 }, () => Math.abs(normal()) * scale);
        const { result, state: next } = watched(n, sizes(n, errors), state);
        state = next;
        if (result.verdict === 'breached') breached++;
      }
      expect(breached).toBeLessThanOrEqual(windows / 100);
    }
  });

  test('is seen in the window where the errors double, and within two of a slow change’s end, of numbers too', () => {
    const draw = uniforms(97);
    const normal = normals(draw);
    const firstOf = (hour: (n: number) => Errors) => {
      let state: ConceptState | null = null;
      for (let n = 0; n < 60; n++) {
        const { result, state: next } = watched(n, hour(n), state);
        state = next;
        if (result.verdict === 'breached') return n;
      }
      return -1;
    };
    const rise = (n: number) => Math.min(Math.max((n - 20) / 10, 0), 1);
    for (let repeat = 0; repeat < 5; repeat++) {
      expect(firstOf((n) => bits(n, drawn(draw, 1_000, n < 20 ? 0.1 : 0.2)))).toBe(20);
      const gradual = firstOf((n) => bits(n, drawn(draw, 1_000, 0.1 + 0.1 * rise(n))));
      expect(gradual).toBeGreaterThanOrEqual(21);
      expect(gradual).toBeLessThanOrEqual(31);
      const size = (n: number, factor: number) =>
        sizes(
          n,
          Array.from({ length: 1_000 }, () => Math.abs(normal()) * factor),
        );
      expect(firstOf((n) => size(n, n < 20 ? 1 : 2))).toBe(20);
      const slowly = firstOf((n) => size(n, 1 + rise(n)));
      expect(slowly).toBeGreaterThanOrEqual(21);
      expect(slowly).toBeLessThanOrEqual(31);
    }
  });

  test('goes by the errors that outcomes have', () => {
    const rows = twoClassRows(uniforms(7), 500, { flipped: 0.1 });
    const { errors } = counted(rows, hourOf(0));
    const { result } = conceptDrift(
      { segment: '', from: at(0), to: at(1), errors, errorsFrom: at(0), state: null, minLabelled: 100 },
      usual,
    );
    const wrong = rows.filter(({ predicted, label }) => predicted !== label).length;
    expect(result.items.find(({ metric }) => metric === 'error-rate')?.value).toBe(wrong / 500);
  });
});

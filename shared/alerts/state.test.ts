import { expect, test } from 'vitest';
import { random } from '../../examples/ml/index.ts';
import { alertState, isClear, type WindowVerdict } from './state.ts';

const policy = { breaches: 2, of: 3, clear: 3, hysteresis: 0.8 };
const kinds = {
  '.': { verdict: 'ok', value: 0.1 },
  // Within the bound, and not clear of it.
  o: { verdict: 'ok', value: 0.9 },
  x: { verdict: 'breached', value: 2 },
  '?': { verdict: 'insufficient-data', value: null },
} as const;
const windows = (text: string): WindowVerdict[] =>
  text.split('').map((letter, i) => ({
    windowEnd: i + 1,
    bounds: { upper: 1 },
    ...kinds[letter as keyof typeof kinds],
  }));
const stateOf = (text: string) => alertState(windows(text), policy);

test.each([
  ['', 'ok', null, null],
  ['...', 'ok', null, null],
  ['.x', 'pending', 2, null],
  ['x..', 'pending', 1, null],
  ['x...', 'ok', 4, null],
  ['x.x', 'firing', 3, 3],
  ['x??x', 'firing', 4, 4],
  ['xx..', 'firing', 2, 2],
  ['xx...', 'resolved', 5, 2],
  ['xx..o...', 'resolved', 8, 2],
  ['xxooooooo', 'firing', 2, 2],
  ['xx..?.', 'resolved', 6, 2],
  ['xx...x', 'pending', 6, 2],
  ['xx...x...', 'resolved', 9, 2],
  ['xx...xx', 'firing', 7, 7],
])('after %o it is %s', (text, state, since, firedAt) => {
  expect(stateOf(text)).toEqual({ state, since, firedAt });
});

test('counts anew once it is resolved', () => {
  const loose = { ...policy, of: 10, clear: 1 };
  expect(alertState(windows('xx.x'), loose).state).toBe('pending');
});

test('goes on from before the first window', () => {
  expect(alertState(windows('..'), policy, 0)).toEqual({ state: 'firing', since: 0, firedAt: 0 });
  expect(alertState(windows('...'), policy, 0)).toEqual({ state: 'resolved', since: 3, firedAt: 0 });
});

test('is a function of the windows alone, not of how they came, and fires only at so many breaches', () => {
  const draw = random(7);
  const below = (n: number) => Math.floor(draw() * n);
  const letters = Object.keys(kinds);
  const wrong: string[] = [];
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: below(40) }, () => letters[below(letters.length)]).join('');
    const of = 1 + below(6);
    const each = { breaches: 1 + below(of), of, clear: 1 + below(4), hysteresis: 0.8 };
    const inOrder = windows(text);
    const state = alertState(inOrder, each);
    const shuffled = inOrder
      .map((window) => ({ window, at: draw() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ window }) => window);
    if (JSON.stringify(alertState(shuffled, each)) !== JSON.stringify(state)) wrong.push(`order: ${text}`);
    if (state.firedAt === null) continue;
    const until = inOrder.slice(0, state.firedAt).filter(({ verdict }) => verdict !== 'insufficient-data');
    const breached = until.slice(-of).filter(({ verdict }) => verdict === 'breached');
    if (breached.length < each.breaches) wrong.push(`too few: ${text}`);
  }
  expect(wrong).toEqual([]);
});

test.each([
  [{ upper: 1 }, 0.8, true],
  [{ upper: 1 }, 0.81, false],
  // A share can always come clear of its bound.
  [{ lower: 0.9 }, 0.93, true],
  [{ lower: 0.9 }, 0.91, false],
  [{ lower: 100 }, 121, true],
  [{ lower: 100 }, 119, false],
  [{ lower: 90, upper: 110 }, 100, true],
  [{ lower: 90, upper: 110 }, 109, false],
  [{ upper: 0 }, 0, true],
  [{ lower: -10 }, -7, true],
  [null, 5, true],
])('of bounds %o a figure of %s is clear: %s', (bounds, value, clear) => {
  expect(isClear({ verdict: 'ok', value, bounds }, 0.8)).toBe(clear);
});

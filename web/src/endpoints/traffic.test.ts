import { expect, test } from 'vitest';
import { faultOf, moved, sharesOf, sumOf, toWhole } from './traffic.ts';

const three = shares({ main: 50, trial: 30, elsewhere: 20 });

function shares(of: Readonly<Record<string, number | string>>) {
  return Object.entries(of).map(([name, value]) => ({ name, text: String(value) }));
}

test('moving one share scales the others, and all stay 100 together at every place of the slider', () => {
  for (let percent = 0; percent <= 100; percent++) {
    const after = moved(three, 'main', percent);
    expect(sumOf(after)).toBe(100);
    expect(sharesOf(after)['main']).toBe(percent);
  }
  expect(sharesOf(moved(three, 'main', 0))).toEqual({ main: 0, trial: 60, elsewhere: 40 });
});

test('others that have nothing share the rest alike', () => {
  const after = moved(shares({ main: 100, trial: 0, elsewhere: 0 }), 'main', 80);
  expect(sharesOf(after)).toEqual({ main: 80, trial: 10, elsewhere: 10 });
});

test('what is fixed takes no part', () => {
  const mirrored = [...shares({ main: 100, trial: 0 }), { name: 'shadow', text: '0', isFixed: true }];
  expect(sharesOf(moved(mirrored, 'main', 80))).toEqual({ main: 80, trial: 20, shadow: 0 });
  expect(sharesOf(toWhole(moved(mirrored.slice(1), 'trial', 50)))).toEqual({ trial: 100, shadow: 0 });
});

test('a share with a fraction leaves exactly the rest', () => {
  const after = moved(three, 'elsewhere', 0.5);
  expect(sumOf(after)).toBe(100);
  expect(sharesOf(after)).toEqual({ main: 62.19, trial: 37.31, elsewhere: 0.5 });
});

test('shares of another sum are scaled to 100', () => {
  expect(sharesOf(toWhole(shares({ main: 60, trial: 60, third: 60 })))).toEqual({
    main: 34,
    trial: 33,
    third: 33,
  });
});

test('shares are 100 together or none at all, and what is none is said', () => {
  expect(faultOf(three)).toBeUndefined();
  expect(faultOf(shares({ main: 0, trial: 0 }))).toBeUndefined();
  expect(faultOf(shares({ main: 33.3, trial: 33.3, third: 33.4 }))).toBeUndefined();
  expect(faultOf(shares({ main: 60, trial: 60 }))).toContain('120 together');
  expect(faultOf(shares({ main: 100, trial: '' }))).toContain('trial');
  expect(faultOf(shares({ main: 101, trial: -1 }))).toContain('main');
});

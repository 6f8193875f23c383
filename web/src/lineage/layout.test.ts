import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layout, type Link, pathOf, type Size } from './layout.ts';

const size: Size = { width: 100, height: 40, gapAcross: 50, gapDown: 10 };

function drawn(text: string) {
  const links = text.split(' ').map((pair): Link => {
    const [from = '', to = ''] = pair.split('>');
    return { from, to };
  });
  const ids = [...new Set(links.flatMap(({ from, to }) => [from, to]))];
  return layout(ids, links, size);
}

describe('a layered layout', () => {
  test('puts each node right of all that lead to it', () => {
    const { places } = drawn('run>version data>run version>endpoint data>endpoint');
    const x = (id: string) => places.get(id)?.x ?? Number.NaN;
    expect([x('data'), x('run'), x('version'), x('endpoint')]).toEqual([0, 150, 300, 450]);
  });

  test('draws what begins late near to where it leads', () => {
    const { places } = drawn('a>b b>c late>c');
    expect(places.get('late')?.x).toBe(places.get('b')?.x);
  });

  test('a chain is one straight line', () => {
    const { places, height } = drawn('a>b b>c c>d');
    expect(new Set([...places.values()].map(({ y }) => y))).toEqual(new Set([0]));
    expect(height).toBe(size.height);
  });

  test('untangles links that need not cross', () => {
    const { places } = drawn('a>y b>x a>p b>q p>z q>w');
    const y = (id: string) => places.get(id)?.y ?? Number.NaN;
    expect(Math.sign(y('a') - y('b'))).toBe(Math.sign(y('p') - y('q')));
    expect(Math.sign(y('a') - y('b'))).toBe(Math.sign(y('y') - y('x')));
  });

  test('a link over several layers goes around the nodes between', () => {
    const { places, routes } = drawn('a>b b>c a>c');
    const b = places.get('b') ?? { x: 0, y: 0 };
    const long = routes.find(({ link }) => link.from === 'a' && link.to === 'c');
    const within = long?.points.filter(({ x }) => x >= b.x && x <= b.x + size.width) ?? [];
    expect(within.length).toBeGreaterThan(0);
    for (const { y } of within) expect(y < b.y || y > b.y + size.height).toBe(true);
  });

  test('a circle ends, and one node stands alone', () => {
    expect(drawn('a>b b>c c>a').places.size).toBe(3);
    expect(layout(['only'], [], size)).toMatchObject({ width: size.width, height: size.height, routes: [] });
    expect(layout([], [], size)).toMatchObject({ width: 0, height: 0 });
  });

  test('no node of any graph lies over another', () => {
    const node = fc.integer({ min: 1, max: 12 }).map(String);
    fc.assert(
      fc.property(fc.array(fc.record({ from: node, to: node }), { maxLength: 40 }), (links) => {
        const ids = [...new Set(links.flatMap(({ from, to }) => [from, to]))];
        const { places, width, height } = layout(ids, links, size);
        const all = [...places.values()];
        for (const [at, one] of all.entries()) {
          expect(one.x + size.width).toBeLessThanOrEqual(width);
          expect(one.y + size.height).toBeLessThanOrEqual(height);
          expect(Math.min(one.x, one.y)).toBeGreaterThanOrEqual(0);
          for (const other of all.slice(at + 1))
            expect(one.x !== other.x || Math.abs(one.y - other.y) >= size.height).toBe(true);
        }
      }),
    );
  });
});

test('a path goes through its points, curved where it changes its height', () => {
  expect(
    pathOf([
      { x: 0, y: 5 },
      { x: 10, y: 5 },
      { x: 20, y: 9 },
    ]),
  ).toBe('M0 5L10 5C15 5 15 9 20 9');
});

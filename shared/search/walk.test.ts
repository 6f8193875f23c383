import { expect, test } from 'vitest';
import { orderedPage, type Source } from './walk.ts';

type Item = { readonly time: number };

/** Items in their order, some behind those that were given before: the walk asks for one more than it takes. */
function sourceOf(items: readonly Item[], asked: (limit: number) => void): Source<Item> {
  let given = 0;
  return (_conditions, _orderBy, limit) => {
    asked(limit);
    const some = items.slice(given, given + limit);
    given += limit - 1;
    return Promise.resolve(some);
  };
}

test('a page of many sources asks each for little, and one that holds all of it few times', async () => {
  const [limit, count] = [200, 1000];
  let askedOfAll = 0;
  let queriesOfOne = 0;
  const newest = Array.from({ length: 500 }, (_, i) => ({ time: 10_000 - i }));
  const old = Array.from({ length: 50 }, (_, i) => ({ time: 100 - i }));
  const sources = Array.from({ length: count }, (_, i) =>
    sourceOf(i === 7 ? newest : old, (asked) => {
      askedOfAll += asked;
      if (i === 7) queriesOfOne++;
    }),
  );
  const ordering = { keys: [], tail: [{ path: ['time'], descending: true }] };
  const { items, next } = await orderedPage({ sources, filter: [], ordering, limit });
  expect(items).toEqual(newest.slice(0, limit));
  expect(next).toBeDefined();
  expect(askedOfAll).toBeLessThan(3 * count);
  expect(queriesOfOne).toBeLessThan(10);
});

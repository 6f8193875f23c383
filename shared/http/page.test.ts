import { describe, expect, test } from 'vitest';
import { pageOf, positionIn } from './page.ts';

const rows = [{ n: 3 }, { n: 2 }, { n: 1 }];
const tokenOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a page', () => {
  test('ends with a token that holds its last position, and the last page with none', () => {
    const { items, nextToken } = pageOf(rows, 2, ({ n }) => ({ n }));
    expect(items).toEqual([{ n: 3 }, { n: 2 }]);
    expect(positionIn(nextToken, { n: 0 })).toEqual({ n: 2 });
    expect(pageOf(rows, 3, ({ n }) => ({ n }))).toEqual({ items: rows });
    expect(positionIn(undefined, { n: 0 })).toBeUndefined();
  });

  test('refuses a token of another list, and takes no field that its list does not order by', () => {
    for (const token of ['x', tokenOf(null), tokenOf([2]), tokenOf({ n: '2' }), tokenOf({ name: 'a' })])
      expect(() => positionIn(token, { n: 0 })).toThrow(
        expect.objectContaining({ code: 'invalid', field: 'page_token' }),
      );
    expect(positionIn(tokenOf({ n: 2, workspace: 'other' }), { n: 0 })).toEqual({ n: 2 });
  });
});

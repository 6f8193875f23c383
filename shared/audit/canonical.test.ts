import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical, type Json } from './canonical.ts';

describe('canonical JSON', () => {
  // https://www.rfc-editor.org/rfc/rfc8785#section-3.2.2
  test('writes the example of RFC 8785 as it is there', () => {
    const value: Json = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],` +
        String.raw`"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    );
    expect(canonical(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  // https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3
  test('orders members by their UTF-16 units, as the RFC has it', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const ordered = Object.keys(
      JSON.parse(canonical(Object.fromEntries(names.map((name) => [name, 0])))) as object,
    );
    // A number comes first among the keys of an object, whatever its text.
    expect(ordered.filter((name) => name !== '1')).toEqual([
      '\r',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\u{1f600}',
      '\ufb33',
    ]);
    expect(canonical({ '1': 0, '\r': 0 })).toBe(String.raw`{"\r":0,"1":0}`);
  });

  test.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['\ud800'], [{ '\udc00': 1 }]])(
    'refuses what JSON cannot say: %j',
    (value) => {
      expect(() => canonical(value as Json)).toThrow(TypeError);
    },
  );

  test('is one text for equal values, whatever the order of their members, and says them whole', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        const text = canonical(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonical(JSON.parse(text) as Json)).toBe(text);
      }),
    );
  });

  test('writes no negative zero and leaves out what is undefined', () => {
    expect(canonical({ b: undefined, a: -0 })).toBe('{"a":0}');
  });
});

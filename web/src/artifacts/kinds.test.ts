import { describe, expect, test } from 'vitest';
import { kindOf, mediaTypeOf, textOf } from './kinds.ts';

test('a kind follows from the name alone, whatever the case of its ending', () => {
  expect(
    ['plots/roc.PNG', 'a.tsv', 'a.json', 'model/MLmodel', 'a.b/x', '.json', 'report.html'].map(kindOf),
  ).toEqual(['image', 'table', 'json', 'model', 'unknown', 'json', 'html']);
});

test('a browser is told no type that it would run', () => {
  expect(mediaTypeOf('a.svg')).toBe('image/svg+xml');
  expect(mediaTypeOf('a.html')).toBe('application/octet-stream');
  expect(mediaTypeOf('a.js')).toBe('application/octet-stream');
});

describe('textOf', () => {
  const bytes = new TextEncoder().encode('naïve 漢');

  test('decodes UTF-8, and leaves out a character that is cut', () => {
    expect(textOf(bytes, true)).toBe('naïve 漢');
    expect(textOf(bytes.slice(0, -1), false)).toBe('naïve ');
  });

  test('is none where the bytes are not text', () => {
    expect(textOf(bytes.slice(0, -1), true)).toBeUndefined();
    expect(textOf(new Uint8Array([0x50, 0x4b, 0x03, 0x04, 0]), true)).toBeUndefined();
    expect(textOf(new Uint8Array([0x89, 0x50, 0xff]), true)).toBeUndefined();
  });
});

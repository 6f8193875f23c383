import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf, longTexts, shortened } from '../texts.ts';
import type { Run } from '../model.ts';
import { hasText, withoutTag, withTexts } from './texts.ts';

const run = { params: {}, tags: {} } as unknown as Run;
const long = 'é'.repeat(600);

describe('a text in a run document', () => {
  test('is the text up to 1 KB, and a prefix of whole characters with a digest above', () => {
    const unit = fc.constantFrom('a', 'é', '€', '😀', '\u0000');
    fc.assert(
      fc.property(fc.string({ unit, minLength: 200, maxLength: 1200 }), (text) => {
        const { prefix, digest } = shortened(text);
        const bytes = Buffer.byteLength(text);
        expect(digest).toBe(bytes > 1024 ? digestOf(text) : undefined);
        expect(Buffer.byteLength(prefix)).toBeLessThanOrEqual(1024);
        expect(Buffer.byteLength(prefix)).toBeGreaterThan(Math.min(bytes, 1024) - 4);
        expect(prefix === text).toBe(bytes <= 1024);
      }),
    );
  });

  test('is compared whole: a long one by its digest', () => {
    const tagged = withTexts(run, 'params', [
      { key: 'p', value: long },
      { key: '__proto__', value: 'x' },
    ]);
    expect(
      longTexts([
        { key: 'p', value: long },
        { key: 'q', value: 'x' },
      ]),
    ).toEqual([long]);
    expect(tagged.long).toEqual({ params: { p: digestOf(long) } });
    expect(hasText(tagged, 'params', { key: 'p', value: long })).toBe(true);
    expect(hasText(tagged, 'params', { key: 'p', value: `${long}!` })).toBe(false);
    expect(hasText(tagged, 'params', { key: 'p', value: tagged.params['p'] ?? '' })).toBe(false);
    expect(hasText(tagged, 'params', { key: '__proto__', value: 'x' })).toBe(true);
    expect(hasText(tagged, 'params', { key: 'constructor', value: '' })).toBe(false);
  });

  test('that becomes short, or goes, leaves no digest behind', () => {
    const both = withTexts(withTexts(run, 'tags', [{ key: 't', value: long }]), 'params', [
      { key: 'p', value: long },
    ]);
    expect(withTexts(both, 'tags', [{ key: 't', value: 'short' }]).long).toEqual({
      params: { p: digestOf(long) },
    });
    const untagged = withoutTag(both, 't');
    expect(untagged.tags).toEqual({});
    expect(untagged.long).toEqual({ params: { p: digestOf(long) } });
    expect(
      withTexts(withTexts(run, 'tags', [{ key: 't', value: long }]), 'tags', [{ key: 't', value: '' }]),
    ).not.toHaveProperty('long');
  });
});

import { describe, expect, test } from 'vitest';
import { randomIds } from '../../context.ts';
import { newToken, sameHash, tokenHash, tokenIdIn } from './text.ts';

describe('the text of a token', () => {
  test('carries its id and a secret of 256 bits that no other has', () => {
    const made = Array.from({ length: 100 }, () => newToken(randomIds));
    for (const { id, text, hash } of made) {
      expect(text).toMatch(/^cairn_[0-9a-f]{16}_[0-9A-Za-z]{49}$/);
      expect(tokenIdIn(text)).toBe(id);
      expect(tokenHash(text)).toBe(hash);
    }
    expect(new Set(made.map(({ text }) => text.split('_')[2])).size).toBe(made.length);
  });

  test('keeps the whole of the largest and the smallest secret', () => {
    const fixed = (digit: string) => ({ ...randomIds, hex: (bytes: number) => digit.repeat(bytes * 2) });
    const texts = ['0', 'f'].map((digit) => newToken(fixed(digit)).text);
    expect(texts.map((text) => text.length)).toEqual([72, 72]);
    expect(texts.map((text) => tokenIdIn(text))).toEqual(['0000000000000000', 'ffffffffffffffff']);
  });

  test('that lost, gained or changed a character is none', () => {
    const { text } = newToken(randomIds);
    const spoilt = Array.from(
      { length: text.length },
      (_, i) => text.slice(0, i) + (text[i] === '7' ? '8' : '7') + text.slice(i + 1),
    );
    const cut = Array.from({ length: text.length }, (_, i) => text.slice(0, i));
    for (const wrong of [...spoilt, ...cut, `${text}0`, ` ${text}`, text.toUpperCase()])
      expect(tokenIdIn(wrong)).toBeUndefined();
  });
});

test('hashes are the same when every digit is, and nothing that is no hash is the same as another', () => {
  const hash = tokenHash('a');
  expect(sameHash(hash, hash)).toBe(true);
  expect(sameHash(hash, tokenHash('b'))).toBe(false);
  expect(sameHash(hash, hash.slice(2))).toBe(false);
  expect(sameHash('', '')).toBe(false);
  expect(sameHash('zz', 'zz')).toBe(false);
});

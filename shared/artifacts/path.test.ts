import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCode } from '../http/index.ts';
import { artifactPath, checkedArtifactPath } from './path.ts';

function refused(encoded: string): boolean {
  try {
    artifactPath(encoded);
    return false;
  } catch (error) {
    return isCode(error, 'invalid');
  }
}

describe('artifact paths', () => {
  test('half of a surrogate pair, which no URL of the store can hold, is refused', () => {
    expect(() => checkedArtifactPath('a/\ud800.onnx')).toThrow(/surrogate/);
  });

  test.each([
    ['model/model.onnx', 'model/model.onnx'],
    ['with%20space.txt', 'with space.txt'],
    ['100%25.txt', '100%.txt'],
    ['pct%2525.txt', 'pct%25.txt'],
    ['na%C3%AFve/%E6%97%A5.txt', 'naïve/日.txt'],
    ['a+b.txt', 'a+b.txt'],
    ['folder/', 'folder'],
    ['..dots..', '..dots..'],
  ])('%s is %s', (encoded, decoded) => expect(artifactPath(encoded)).toBe(decoded));

  test.each([
    '..',
    '../x',
    'a/../x',
    '%2e%2e/x',
    'a/%2E%2E/%2e',
    '%252e%252e/x',
    'a//b',
    '/etc/passwd',
    '%2fetc',
    'a\\b',
    'a%5Cb',
    'a%00b',
    '%zz',
    'a/./b',
    'x'.repeat(901),
  ])('%s is refused', (encoded) => expect(refused(encoded)).toBe(true));

  test('no text escapes its root: what is accepted has no empty, dot or dot-dot part', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '.', '/', '%', '2', 'e', 'f', '\\', ' ', 'é') }),
        (text) => {
          if (refused(text)) return;
          const parts = artifactPath(text).split('/');
          expect(parts.length === 1 || parts.every((p) => !['', '.', '..'].includes(p))).toBe(true);
          expect(['.', '..']).not.toContain(parts[0]);
        },
      ),
    );
  });
});

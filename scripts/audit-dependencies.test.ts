import { describe, expect, test } from 'vitest';
import { advisoriesIn, problemsOf } from './audit-dependencies/lockfile.ts';

const sound = { version: '1.0.0', license: 'MIT', integrity: 'sha512-x' };
const found = (change: object) =>
  problemsOf({ packages: { '': {}, 'node_modules/a': { ...sound, ...change } } });

describe('a lockfile', () => {
  test('of packages that are known again and may be shipped has no problem', () => {
    expect(found({})).toEqual([]);
    expect(found({ dev: true, license: 'MPL-2.0' })).toEqual([]);
  });

  test.each([
    ['without a digest', { integrity: undefined }, 'SHA-512'],
    ['with a weak digest', { integrity: 'sha1-x' }, 'SHA-512'],
    ['with an address', { resolved: 'https://example.org/a.tgz' }, 'example.org'],
    ['that is deprecated', { deprecated: 'use b' }, 'use b'],
    ['with an install script', { hasInstallScript: true }, 'install script'],
    ['that ships under another licence', { license: 'AGPL-3.0' }, 'AGPL-3.0'],
    ['that ships under no licence', { license: undefined }, 'no licence'],
    ['that is a link', { link: true }, 'link'],
  ])('names a package %s', (_, change, said) => {
    expect(found(change)).toEqual([expect.stringContaining(said)]);
  });

  test('names a dependency that is not pinned', () => {
    expect(problemsOf({ packages: { '': { dependencies: { a: '^1.0.0' } } } })).toEqual([
      "a is not pinned: '^1.0.0'.",
    ]);
  });
});

describe('the answer of an audit', () => {
  test('is grave from high upwards', () => {
    const vulnerabilities = {
      a: { severity: 'critical', range: '<2' },
      b: { severity: 'moderate', range: '*' },
    };
    expect(advisoriesIn(JSON.stringify({ vulnerabilities }))).toEqual({
      grave: ['a <2 has a known vulnerability: critical.'],
      mild: 1,
    });
  });

  test('is none where the registry answers no audit', () => {
    expect(advisoriesIn('{"statusCode": 405}')).toBeUndefined();
    expect(advisoriesIn('')).toBeUndefined();
  });
});

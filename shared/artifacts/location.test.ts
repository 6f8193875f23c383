import { describe, expect, test } from 'vitest';
import { artifactPathAt, artifactPathIn } from './location.ts';

describe('where artifacts are', () => {
  test.each([
    ['mlflow-artifacts:/0/run/artifacts', '0/run/artifacts'],
    ['mlflow-artifacts:/0/run/artifacts/', '0/run/artifacts'],
    ['mlflow-artifacts://host:5000/0/run', '0/run'],
    ['mlflow-artifacts:///0/run', '0/run'],
    ['mlflow-artifacts:/', ''],
    ['mlflow-artifacts:', ''],
    ['https://host/prefix/api/2.0/mlflow-artifacts/artifacts/0/run', '0/run'],
    ['s3://bucket/0', undefined],
    ['file:///tmp/0', undefined],
    ['/tmp/0', undefined],
    ['http://host/somewhere', undefined],
    ['http://host/artifactsmlflow-artifacts/artifacts/x', undefined],
    ['mlflow-artifacts-x:/0', undefined],
  ])('%s is %s', (uri, path) => expect(artifactPathIn(uri)).toBe(path));

  test.each([
    ['mlflow-artifacts:/my place', 'a.txt', 'my place/a.txt'],
    ['mlflow-artifacts:/my%20place', 'a%20b.txt', 'my place/a%20b.txt'],
    ['mlflow-artifacts:/100%', '', '100%'],
    ['mlflow-artifacts:/', 'a/b.txt', 'a/b.txt'],
  ])('below %s, %s is %s', (uri, below, path) => expect(artifactPathAt(uri, below, 'it')).toBe(path));

  test('another store is named, and a way out of the own one is refused', () => {
    expect(() => artifactPathAt('s3://bucket/0', '', 'run r')).toThrow(/run r are at 's3:\/\/bucket\/0'/);
    for (const [uri, below] of [
      ['mlflow-artifacts:/a', '../b'],
      ['mlflow-artifacts:/a', '/b'],
      ['mlflow-artifacts:/../a', 'b'],
      ['mlflow-artifacts:/%2e%2e/a', 'b'],
      ['mlflow-artifacts:/a//b', 'c'],
    ] as const)
      expect(() => artifactPathAt(uri, below, 'it')).toThrow(/Invalid path/);
  });
});

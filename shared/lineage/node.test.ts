import { describe, expect, test } from 'vitest';
import { codeIn, codeNode, datasetNode, parseNodeId, partsOf, versionIn } from './node.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

describe('a node', () => {
  test.each(['run:1', 'code:github.com/a/b@1', 'version:a/1', 'dataset:sha256:00', 'file:a/b:c'])(
    '%s is its kind and its name',
    (text) => {
      const { kind, name } = partsOf(parseNodeId(text));
      expect(`${kind}:${name}`).toBe(text);
    },
  );

  test.each(['', ':', 'run:', 'Run:1', 'runs:1', 'version:a', 'version:/1', 'version:a/x'])(
    '%s is none',
    (text) => {
      expect(() => parseNodeId(text)).toThrow(/Invalid node/);
    },
  );

  test('of a version keeps a model name with any character', () => {
    expect(versionIn('a model @ 1/2')).toEqual({ model: 'a model @ 1', version: 2 });
  });

  test('of a dataset is its digest, or where it lies', () => {
    expect(datasetNode({ digest: 'd', uri: 'a' })).toBe('dataset:d');
    expect(datasetNode({ uri: 'a' })).toBe(datasetNode({ digest: '', uri: 'a' }));
    expect(datasetNode({ uri: 'a' })).not.toBe(datasetNode({ uri: 'b' }));
  });
});

describe('code', () => {
  test('is one node however its repository is written, and leads to its page', () => {
    const link = `https://github.com/team/iris/commit/${commit}`;
    const id = codeNode({ commit, repoUrl: 'git@github.com:team/iris.git', link });
    expect(id).toBe(`code:github.com/team/iris@${commit}`);
    expect(codeNode({ commit, repoUrl: 'https://github.com/team/iris', link })).toBe(id);
    expect(codeIn(`github.com/team/iris@${commit}`)).toEqual({
      repository: 'github.com/team/iris',
      commit,
      link,
    });
  });

  test.each([
    [`https://gitlab.com/g/s/m/-/commit/${commit}`, 'gitlab.com/g/s/m'],
    [`https://bitbucket.org/t/m/commits/${commit}`, 'bitbucket.org/t/m'],
    [`https://dev.azure.com/o/my%20p/_git/m/commit/${commit}`, 'dev.azure.com/o/my p/_git/m'],
  ])('at %s is of %s, and found again', (link, repository) => {
    expect(codeNode({ commit, link })).toBe(`code:${repository}@${commit}`);
    expect(codeIn(`${repository}@${commit}`).link).toBe(link);
  });

  test.each([
    ['https://git.example.org:8443/team/model.git', 'git.example.org:8443/team/model'],
    ['ssh://git@Git.example.org/team/model', 'git.example.org/team/model'],
    ['git@git.example.org:team/model.git', 'git.example.org/team/model'],
    ['/home/me/model/', '/home/me/model'],
    ['', ''],
  ])('in %s has a node without a page', (repoUrl, repository) => {
    expect(codeNode({ commit, repoUrl })).toBe(`code:${repository}@${commit}`);
    expect(codeIn(`${repository}@${commit}`).link).toBeUndefined();
  });

  test('of a name that no node has room for is left out', () => {
    expect(codeNode({ commit, repoUrl: 'x'.repeat(2000) })).toBeUndefined();
  });
});

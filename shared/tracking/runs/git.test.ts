import { describe, expect, test } from 'vitest';
import { gitSourceOf } from './git.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const sourceOf = (repository: string) =>
  gitSourceOf({ 'mlflow.source.git.commit': commit, 'mlflow.source.git.repoURL': repository });

describe('the code of a run', () => {
  test.each([
    ['https://github.com/team/model.git', `https://github.com/team/model/commit/${commit}`],
    ['git@github.com:team/model.git', `https://github.com/team/model/commit/${commit}`],
    ['ssh://git@github.com:22/team/model', `https://github.com/team/model/commit/${commit}`],
    ['https://gitlab.com/group/sub/model', `https://gitlab.com/group/sub/model/-/commit/${commit}`],
    ['https://bitbucket.org/team/model/', `https://bitbucket.org/team/model/commits/${commit}`],
    [
      'https://org@dev.azure.com/org/my%20p/_git/m',
      `https://dev.azure.com/org/my%20p/_git/m/commit/${commit}`,
    ],
    ['git@ssh.dev.azure.com:v3/org/p/m', `https://dev.azure.com/org/p/_git/m/commit/${commit}`],
  ])('of %s is linked', (repository, link) => {
    expect(sourceOf(repository)).toMatchObject({ commit, link });
  });

  test.each([
    'https://git.example.org/team/model.git',
    'https://github.com.example.org/team/model',
    'https://github.com/../model',
    '/home/me/model',
    'javascript://github.com/%0aalert(1)',
    'https://github.com/a?b/c',
  ])('of %s has no link', (repository) => {
    expect(sourceOf(repository)).toMatchObject({ commit });
    expect(sourceOf(repository)).not.toHaveProperty('link');
  });

  test('has no link for what is no commit, and is nothing without one', () => {
    const repo = { 'mlflow.source.git.repoURL': 'https://github.com/a/b' };
    expect(gitSourceOf({ ...repo, 'mlflow.source.git.commit': '../x' })).not.toHaveProperty('link');
    expect(gitSourceOf(repo)).toBeUndefined();
  });

  test('shows no password of its repository', () => {
    expect(sourceOf('https://me:secret@github.com/a/b.git')).toEqual({
      commit,
      repoUrl: 'https://github.com/a/b.git',
      link: `https://github.com/a/b/commit/${commit}`,
    });
  });
});

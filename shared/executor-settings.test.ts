import { describe, expect, test } from 'vitest';
import { parseExecutors, type Surroundings } from './executor-settings.ts';

const laptop: Surroundings = { inAzure: false, hasKeys: true, targets: 'public' };
const azure: Surroundings = { ...laptop, inAzure: true };
const job = '/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/train';
const github = { owner: 'acme', repo: 'models', workflow: 'train.yml', token_secret: 'github' };

function parsed(value: unknown, surroundings = laptop) {
  const problems: string[] = [];
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { executors: parseExecutors(text, surroundings, problems), problems };
}

describe('CAIRN_EXECUTORS', () => {
  test('declares each kind by name, a command also as it was before', () => {
    const { event_type: _, ...rest } = { ...github, event_type: 'x' };
    expect(
      parsed({
        old: ['node', 'train.js'],
        local: { process: ['node', 'train.js'] },
        job: { container_job: job },
        workflow: { github: rest },
        event: {
          github: {
            ...{ owner: 'acme', repo: 'models', event_type: 'retrain', token_secret: 'github' },
            api_url: 'https://github.acme.example/api/v3/',
          },
        },
        hook: { webhook: { url: 'https://acme.example/train', secret: 'hook', heartbeat_seconds: 60 } },
        open: { webhook: { url: 'https://acme.example/train' } },
      }),
    ).toEqual({
      problems: [],
      executors: {
        old: { kind: 'process', command: ['node', 'train.js'] },
        local: { kind: 'process', command: ['node', 'train.js'] },
        job: { kind: 'container-job', resourceId: job },
        workflow: {
          ...{ kind: 'github', owner: 'acme', repo: 'models', tokenSecret: 'github' },
          ...{ start: { workflow: 'train.yml', ref: 'main' }, apiUrl: 'https://api.github.com' },
        },
        event: {
          ...{ kind: 'github', owner: 'acme', repo: 'models', tokenSecret: 'github' },
          ...{ start: { eventType: 'retrain' }, apiUrl: 'https://github.acme.example/api/v3' },
        },
        hook: { kind: 'webhook', url: 'https://acme.example/train', secret: 'hook', heartbeatSeconds: 60 },
        open: {
          ...{ kind: 'webhook', url: 'https://acme.example/train', secret: undefined },
          heartbeatSeconds: 300,
        },
      },
    });
  });

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /^CAIRN_EXECUTORS must be JSON of the form/],
    ['a list', [['node']], /^CAIRN_EXECUTORS must be JSON of the form/],
    ['no name', { 'a b': ['node'] }, /^CAIRN_EXECUTORS has a name that is no name/],
    ['no kind', { a: {} }, /^CAIRN_EXECUTORS\.a must hold exactly one of/],
    ['two kinds', { a: { process: ['x'], container_job: job } }, /^CAIRN_EXECUTORS\.a must hold exactly one/],
    ['another kind', { a: { ssh: 'x' } }, /^CAIRN_EXECUTORS\.a has a kind that is none of/],
    ['no command', { a: { process: [] } }, /^CAIRN_EXECUTORS\.a\.process must be a command/],
    ['an empty word', { a: ['x', ''] }, /^CAIRN_EXECUTORS\.a must be a command/],
    [
      'no resource id',
      { a: { container_job: 'train' } },
      /^CAIRN_EXECUTORS\.a\.container_job must be the res/,
    ],
    ['a stranger', { a: { github: { ...github, token: 'x' } } }, /\.a\.github has a field that is none of/],
    ['no owner', { a: { github: { ...github, owner: 'a/b' } } }, /\.a\.github\.owner must be the owner/],
    [
      'no secret',
      { a: { github: { ...github, token_secret: undefined } } },
      /\.token_secret is missing; name/,
    ],
    ['both starts', { a: { github: { ...github, event_type: 'x' } } }, /must hold either workflow or event/],
    [
      'a path',
      { a: { github: { ...github, workflow: '../x.yml' } } },
      /\.workflow must be the name of a file/,
    ],
    ['a bad ref', { a: { github: { ...github, ref: 'a b' } } }, /\.a\.github\.ref must be a branch or a tag/],
    ['plain http', { a: { webhook: { url: 'http://acme.example' } } }, /\.url must be an https URL/],
    [
      'a password',
      { a: { webhook: { url: 'https://a:b@acme.example' } } },
      /\.url must not hold a user name/,
    ],
    ['no URL', { a: { webhook: {} } }, /\.a\.webhook\.url must be an https URL/],
    [
      'a beat',
      { a: { webhook: { url: 'https://a.b', heartbeat_seconds: 1 } } },
      /\.heartbeat_seconds must be/,
    ],
  ])('refuses %s with its path and what to write', (_, value, problem) => {
    const { executors, problems } = parsed(value);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(executors).toEqual({});
  });

  test('repeats nothing that may be a secret', () => {
    const secret = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
    for (const value of [
      { a: { github: { ...github, token_secret: secret } } },
      { a: { github: { ...github, [secret]: 'x' } } },
      { a: { webhook: { url: `ftp://acme.example/${secret}` } } },
      { a: secret },
    ]) {
      const { problems } = parsed(value);
      expect(problems).toHaveLength(1);
      expect(problems.join('')).not.toContain(secret);
    }
  });

  test('takes no command in Azure, and no secret where there is nowhere to keep one', () => {
    expect(parsed({ a: ['node'] }, azure).problems).toEqual([expect.stringContaining('refused in Azure')]);
    expect(parsed({ a: { container_job: job } }, azure).problems).toEqual([]);
    expect(parsed({ a: { github } }, { ...laptop, hasKeys: false }).problems).toEqual([
      expect.stringContaining('there is neither CAIRN_KEY_VAULT_URL nor CAIRN_KEYS_FOLDER'),
    ]);
  });
});

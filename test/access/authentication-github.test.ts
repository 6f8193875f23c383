import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeAccess, type TrustDocument } from '../../shared/access/index.ts';
import { type Claims, openIssuer, signed, type TestIssuer } from './issuer.ts';
import { type GuardedServer, guardedServer } from './support.ts';

const audience = 'https://cairn.example';
const workflow = 'Acme/Models/.github/workflows/train.yml';

let issuer: TestIssuer;
let server: GuardedServer;
beforeAll(async () => {
  issuer = await openIssuer();
  server = await guardedServer({ CAIRN_GITHUB_ISSUER: issuer.url, CAIRN_PUBLIC_URL: audience });
  await trust('any', { repository: 'acme/models' });
  await trust('main', { repository: 'acme/models', ref: 'refs/heads/main' });
  await trust('tags', { repository: 'acme/models', ref: 'refs/tags/v*' });
  await trust('production', { repository: 'acme/models', ref: 'refs/heads/main', environment: 'production' });
  await trust('workflow', { repository: 'acme/shop', workflow: 'acme/models/.github/workflows/train.yml' });
  await trust('numbered', { repository: 'acme/numbered', repositoryId: '42' });
});
afterAll(async () => {
  await server.close();
  issuer.close();
});

async function trust(name: string, conditions: TrustDocument['conditions']): Promise<void> {
  const after: TrustDocument = {
    id: `trust:${name}`,
    type: 'trust',
    v: 1,
    workspace: '*',
    seq: 1,
    name,
    issuer: 'github',
    principalId: `workload:${name}`,
    conditions,
  };
  await changeAccess(server.ctx, () => ({
    edits: [{ after, told: { type: 'trust.changed' } }],
    result: undefined,
  }));
}

const seconds = () => Math.floor(Date.now() / 1000);
const token = (claims: Claims = {}) =>
  signed(issuer.key(), {
    iss: issuer.url,
    aud: audience,
    sub: 'repo:Acme/Models:ref:refs/heads/main',
    repository: 'Acme/Models',
    repository_id: '7',
    ref: 'refs/heads/main',
    job_workflow_ref: `${workflow}@refs/heads/main`,
    iat: seconds() - 5,
    nbf: seconds() - 5,
    exp: seconds() + 300,
    ...claims,
  });

/** Who a job is here; the status where it is nobody. */
async function who(claims: Claims): Promise<unknown> {
  const session = server.as(`Bearer ${await token(claims)}`);
  const { status, body } = await session('GET', '/api/v1/session');
  return status === 200 ? body['principal']?.['id'] : status;
}

describe('a job of GitHub Actions', () => {
  test.each<[string, Claims, unknown]>([
    ['on its branch, by the trust with the most conditions', {}, 'workload:main'],
    ['on another branch', { ref: 'refs/heads/topic' }, 'workload:any'],
    ['on a branch that is cased otherwise', { ref: 'refs/heads/Main' }, 'workload:any'],
    ['on a branch that begins the same', { ref: 'refs/heads/main2' }, 'workload:any'],
    ['on a tag', { ref: 'refs/tags/v1.2' }, 'workload:tags'],
    ['in an environment', { environment: 'Production' }, 'workload:production'],
    ['in another environment', { environment: 'staging' }, 'workload:main'],
    ['in a repository of the same name elsewhere', { repository: 'acme2/models' }, 401],
    ['in a repository whose name begins the same', { repository: 'acme/models-fork' }, 401],
    ['by a workflow that is trusted', { repository: 'acme/shop' }, 'workload:workflow'],
    [
      'by that workflow at a commit',
      { repository: 'acme/shop', job_workflow_ref: `${workflow}@${'a'.repeat(40)}` },
      'workload:workflow',
    ],
    [
      'by another workflow',
      { repository: 'acme/shop', job_workflow_ref: 'acme/models/.github/workflows/x.yml@refs/heads/main' },
      401,
    ],
    [
      'by a workflow whose file is cased otherwise',
      {
        repository: 'acme/shop',
        job_workflow_ref: 'acme/models/.github/workflows/Train.yml@refs/heads/main',
      },
      401,
    ],
    [
      'by a workflow whose name goes on behind an @',
      { repository: 'acme/shop', job_workflow_ref: `${workflow}@x.yml@refs/heads/main` },
      401,
    ],
    ['without a workflow', { repository: 'acme/shop', job_workflow_ref: undefined }, 401],
    [
      'in the repository of this number',
      { repository: 'acme/numbered', repository_id: '42' },
      'workload:numbered',
    ],
    ['in one made anew under its name', { repository: 'acme/numbered', repository_id: '43' }, 401],
    ['for another audience', { aud: 'https://github.com/acme' }, 401],
    ['without a repository', { repository: undefined }, 401],
    ['that ended', { exp: seconds() - 100 }, 401],
  ])('%s', async (_what, claims, expected) => {
    expect(await who(claims)).toBe(expected);
  });

  test('makes no tokens: it would outlive its own', async () => {
    const { status } = await server.as(`Bearer ${await token()}`)('POST', '/api/v1/tokens', { name: 'mine' });
    expect(status).toBe(403);
  });

  test('is nobody from the moment on at which its trust is gone', async () => {
    const fleeting = { repository: 'acme/fleeting' };
    await trust('fleeting', fleeting);
    const text = await token(fleeting);
    const session = () => server.as(`Bearer ${text}`)('GET', '/api/v1/session');
    expect((await session()).status).toBe(200);
    await changeAccess(server.ctx, async () => {
      const before = await server.ctx.stores.documents('access').read<TrustDocument>(['*'], 'trust:fleeting');
      return { edits: [{ before, told: { type: 'trust.deleted' } }], result: undefined };
    });
    expect((await session()).status).toBe(401);
  });
});

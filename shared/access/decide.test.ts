import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CairnError } from '../http/index.ts';
import { type Access, isVisible, type Resource, resourceTypes } from './access.ts';
import { accessOf } from './decide.ts';
import type { AccessState } from './held.ts';
import { type Identity, nobody } from './identity.ts';
import { naiveAccess } from './naive.ts';
import { roles } from './role.ts';
import { grant, group, identityOf, principal, stateOf, tokenOf } from './testing.ts';

const settings = { firstAdmin: 'root' };
const ann = identityOf('ann');
const exp = (id: string): Resource => ({ type: 'experiment', id });

function access(identity: Identity, state: AccessState, workspace = 'w', now = 1000): Access {
  return accessOf(identity, state, workspace, settings, now);
}

function refusal(call: () => void): string {
  try {
    call();
    return 'not refused';
  } catch (error) {
    return error instanceof CairnError ? `${error.code}: ${error.message}` : String(error);
  }
}

describe('without a rule', () => {
  test('a caller may nothing, and the workspace is not there for them', () => {
    const found = access(ann, stateOf());
    expect(found.role).toBeUndefined();
    expect(found.isMember).toBe(false);
    expect(found.isPlain).toBe(true);
    expect(found.inDeployment).toBeUndefined();
    expect(found.may('viewer')).toBe(false);
    expect(found.may('viewer', exp('1'))).toBe(false);
    expect(found.mayAny('viewer', 'experiment')).toBe(false);
    expect(found.visible('model')).toEqual({ all: false, only: [] });
  });

  test('the first admin is admin everywhere, however the setting spells it, and whatever is denied', () => {
    const state = stateOf(
      grant('principal:root', 'deny', { inWorkspace: '*' }),
      principal('root', { disabled: { at: 1, by: 'x', reason: '' } }),
    );
    const found = accessOf(identityOf('root'), state, 'w', { firstAdmin: 'Root' }, 0);
    expect(found.role).toBe('admin');
    expect(found.inDeployment).toBe('admin');
  });

  test('who is not signed in is not the first admin by name', () => {
    expect(accessOf(nobody, stateOf(), 'w', { firstAdmin: 'anonymous' }, 0).isMember).toBe(false);
  });
});

describe('a role in a workspace', () => {
  test.each(roles)('%s may what it and those before it may, and no more', (role) => {
    const found = access(ann, stateOf(grant('principal:ann', role)));
    expect(roles.filter((needed) => found.may(needed))).toEqual(roles.slice(0, roles.indexOf(role) + 1));
    expect(found.may(role, exp('1'))).toBe(true);
    expect(found.isPlain).toBe(true);
    expect(found.visible('endpoint', role)).toEqual({ all: true, except: [] });
  });

  test('does not reach into another one, nor to the deployment', () => {
    const state = stateOf(grant('principal:ann', 'admin'));
    expect(access(ann, state, 'other').isMember).toBe(false);
    expect(access(ann, state).inDeployment).toBeUndefined();
  });

  test("over '*' reaches into each and to the deployment", () => {
    const state = stateOf(grant('principal:ann', 'operator', { inWorkspace: '*' }));
    expect(access(ann, state, 'other').role).toBe('operator');
    expect(access(ann, state, 'other').inDeployment).toBe('operator');
  });

  test('is the greatest of those of the caller, their groups here, and their claims', () => {
    const state = stateOf(
      grant('principal:ann', 'viewer'),
      group('team', 'ann', 'bob'),
      grant('group:team', 'approver'),
      grant('entra-group:1', 'contributor'),
      grant('app-role:Ops', 'operator'),
      grant('group:others', 'admin'),
    );
    expect(access(ann, state).role).toBe('approver');
    const claimed = identityOf('ann', { subjects: ['principal:ann', 'entra-group:1', 'app-role:Ops'] });
    expect(access(claimed, state).role).toBe('operator');
    expect(access(identityOf('cid'), state).role).toBeUndefined();
  });

  test('ends when its time has come, also for a caller who was there before', () => {
    const state = stateOf(
      grant('principal:ann', 'viewer'),
      grant('principal:ann', 'admin', { expiresAt: 2000 }),
    );
    expect(access(ann, state, 'w', 1999).role).toBe('admin');
    expect(access(ann, state, 'w', 2000).role).toBe('viewer');
  });

  test('is nothing once the principal is disabled', () => {
    const disabled = principal('ann', { disabled: { at: 1, by: 'root', reason: 'left' } });
    const found = access(ann, stateOf(disabled, grant('principal:ann', 'admin', { inWorkspace: '*' })));
    expect(found.isMember).toBe(false);
    expect(found.inDeployment).toBeUndefined();
  });
});

describe('a rule about a resource', () => {
  test('stands in place of what its subject holds in the workspace, be it less or more', () => {
    const state = stateOf(
      grant('principal:ann', 'contributor'),
      grant('principal:ann', 'viewer', { resource: exp('1') }),
      grant('principal:ann', 'admin', { resource: exp('2') }),
    );
    const found = access(ann, state);
    expect(found.isPlain).toBe(false);
    expect(found.may('contributor', exp('1'))).toBe(false);
    expect(found.may('viewer', exp('1'))).toBe(true);
    expect(found.may('admin', exp('2'))).toBe(true);
    expect(found.may('admin', { type: 'model', id: '2' })).toBe(false);
    expect(found.visible('experiment', 'contributor')).toEqual({ all: true, except: ['1'] });
    expect(found.visible('experiment', 'admin')).toEqual({ all: false, only: ['2'] });
    expect(found.mayAny('admin', 'experiment')).toBe(true);
    expect(found.mayAny('admin', 'model')).toBe(false);
  });

  test('lowers nothing that another subject of the caller holds', () => {
    const state = stateOf(
      group('team', 'ann'),
      grant('group:team', 'contributor'),
      grant('principal:ann', 'viewer', { resource: exp('1') }),
    );
    expect(access(ann, state).may('contributor', exp('1'))).toBe(true);
  });

  test('makes a member of who holds nothing else, of that resource only', () => {
    const found = access(ann, stateOf(grant('principal:ann', 'viewer', { resource: exp('1') })));
    expect(found.role).toBeUndefined();
    expect(found.isMember).toBe(true);
    expect(found.may('viewer')).toBe(false);
    expect(found.visible('experiment')).toEqual({ all: false, only: ['1'] });
    expect(found.visible('endpoint')).toEqual({ all: false, only: [] });
  });

  test('denies it, whatever else allows it', () => {
    const state = stateOf(
      group('team', 'ann'),
      grant('group:team', 'deny', { resource: exp('1') }),
      grant('principal:ann', 'admin'),
      grant('principal:ann', 'admin', { resource: exp('1') }),
    );
    const found = access(ann, state);
    expect(found.may('viewer', exp('1'))).toBe(false);
    expect(found.may('admin', exp('2'))).toBe(true);
    expect(found.visible('experiment')).toEqual({ all: true, except: ['1'] });
  });
});

describe('a denial', () => {
  test('of the workspace takes all that is in it, and leaves other workspaces', () => {
    const state = stateOf(
      grant('principal:ann', 'deny'),
      grant('principal:ann', 'admin', { inWorkspace: '*' }),
      grant('principal:ann', 'admin', { resource: exp('1') }),
    );
    const found = access(ann, state);
    expect(found.isMember).toBe(false);
    expect(found.may('viewer', exp('1'))).toBe(false);
    expect(access(ann, state, 'other').role).toBe('admin');
  });

  test("of '*' takes everything", () => {
    const state = stateOf(
      group('team', 'ann'),
      grant('group:team', 'deny', { inWorkspace: '*' }),
      grant('principal:ann', 'admin', { inWorkspace: '*' }),
      grant('principal:ann', 'admin'),
    );
    expect(access(ann, state).isMember).toBe(false);
    expect(access(ann, state).inDeployment).toBeUndefined();
  });

  test('that has ended denies nothing', () => {
    const state = stateOf(
      grant('principal:ann', 'deny', { expiresAt: 500 }),
      grant('principal:ann', 'viewer'),
    );
    expect(access(ann, state).role).toBe('viewer');
  });
});

describe('the scopes of a token', () => {
  const state = stateOf(
    grant('principal:ann', 'admin', { inWorkspace: '*' }),
    grant('principal:ann', 'viewer', { resource: exp('1') }),
  );
  const by = (scopes: Parameters<typeof tokenOf>[0], workspace = 'w') =>
    access(identityOf('ann', { token: tokenOf(scopes) }), state, workspace);

  test('leave everything where there are none', () => {
    expect(by({}).role).toBe('admin');
    expect(by({}).inDeployment).toBe('admin');
  });

  test('cap the role, and raise none', () => {
    const found = by({ role: 'contributor' });
    expect(found.role).toBe('contributor');
    expect(found.inDeployment).toBe('contributor');
    expect(found.may('contributor', exp('1'))).toBe(false);
    expect(found.may('viewer', exp('1'))).toBe(true);
  });

  test('confine it to workspaces, and so not to the deployment', () => {
    expect(by({ workspaces: ['other'] }).isMember).toBe(false);
    expect(by({ workspaces: ['w'] }).role).toBe('admin');
    expect(by({ workspaces: ['w'] }).inDeployment).toBeUndefined();
    expect(by({ workspaces: ['*'] }).inDeployment).toBe('admin');
  });

  test('confine it to resources, of each what its owner holds', () => {
    const found = by({ resources: [exp('1'), exp('2')] });
    expect(found.role).toBeUndefined();
    expect(found.isPlain).toBe(false);
    expect(found.may('admin', exp('1'))).toBe(false);
    expect(found.may('viewer', exp('1'))).toBe(true);
    expect(found.may('admin', exp('2'))).toBe(true);
    expect(found.may('viewer', exp('3'))).toBe(false);
    expect(found.visible('experiment')).toEqual({ all: false, only: ['1', '2'] });
    expect(found.inDeployment).toBeUndefined();
  });

  test('give nothing that their owner does not hold', () => {
    const found = access(identityOf('bob', { token: tokenOf({ resources: [exp('1')] }) }), state);
    expect(found.isMember).toBe(false);
  });

  test('hold for the first admin, too', () => {
    const root = identityOf('root', { token: tokenOf({ role: 'viewer' }) });
    expect(access(root, state).role).toBe('viewer');
  });
});

test('what was found out is kept for workspaces that there are, and not for names that a caller makes up', () => {
  const state = stateOf(grant('principal:ann', 'viewer', { inWorkspace: '*' }), {
    id: 'workspace:w',
    type: 'workspace',
    v: 1,
    workspace: '*',
    seq: 1,
    name: 'w',
    description: '',
    createdAt: 0,
    createdBy: 'root',
  });
  for (const name of ['w', 'default']) expect(access(ann, state, name)).toBe(access(ann, state, name));
  expect(access(ann, state, 'made-up')).not.toBe(access(ann, state, 'made-up'));
});

describe('a refusal', () => {
  const found = access(ann, stateOf(grant('principal:ann', 'viewer')));

  test('names the missing role and where it is needed', () => {
    expect(refusal(() => found.require('contributor', exp('12')))).toBe(
      "forbidden: Needs contributor on experiment '12'; ask an admin of workspace 'w'.",
    );
    expect(refusal(() => found.require('admin'))).toBe(
      "forbidden: Needs admin in workspace 'w'; ask an admin of it.",
    );
  });

  test('is none of who holds it', () => {
    expect(refusal(() => found.require('viewer', exp('12')))).toBe('not refused');
  });
});

describe('any rules', () => {
  const ids = ['1', '2', '3'];
  const subjects = ['principal:ann', 'group:g', 'group:h', 'entra-group:e', 'principal:bob'] as const;
  const resource = fc.record({ type: fc.constantFrom(...resourceTypes), id: fc.constantFrom(...ids) });
  const rule = fc.record({
    subject: fc.constantFrom(...subjects),
    rule: fc.constantFrom(...roles, ...roles, 'deny' as const),
    inWorkspace: fc.constantFrom('w', 'w', '*', 'other'),
    resource: fc.option(resource, { nil: undefined }),
    expiresAt: fc.option(fc.constantFrom(500, 1500), { nil: undefined }),
  });
  const scopes = fc.record(
    {
      role: fc.constantFrom(...roles),
      workspaces: fc.subarray(['w', 'other', '*']),
      resources: fc.array(resource, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const someone = fc.record({
    groups: fc.subarray(['g', 'h']),
    claims: fc.subarray(['entra-group:e' as const]),
    token: fc.option(scopes, { nil: undefined }),
    isDisabled: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  });

  test('are decided as by reading them one by one for each question', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 12 }),
        someone,
        (rules, { groups, claims, token, isDisabled }) => {
          const grants = rules.map(({ subject, rule: said, inWorkspace, resource: on, expiresAt }) =>
            grant(subject, said, {
              inWorkspace,
              ...(on ? { resource: on } : {}),
              ...(expiresAt === undefined ? {} : { expiresAt }),
            }),
          );
          const state = stateOf(
            ...grants,
            ...groups.map((name) => group(name, 'ann')),
            principal('ann', isDisabled ? { disabled: { at: 0, by: '', reason: '' } } : {}),
          );
          const identity = identityOf('ann', {
            subjects: ['principal:ann', ...claims],
            ...(token ? { token: tokenOf(token) } : {}),
          });
          const subjectsHeld = ['principal:ann', ...groups.map((name) => `group:${name}`), ...claims];
          const found = access(identity, state);
          const naive = naiveAccess(isDisabled ? [] : grants, subjectsHeld, token ?? {}, 'w', 1000);
          for (const role of roles) {
            expect(found.may(role)).toBe(naive.may(role));
            for (const type of resourceTypes) {
              for (const id of [...ids, 'unruled']) {
                expect(found.may(role, { type, id })).toBe(naive.may(role, { type, id }));
                expect(isVisible(found.visible(type, role), id)).toBe(naive.may(role, { type, id }));
              }
              const mayOne = ids.some((id) => naive.may(role, { type, id }));
              expect(found.mayAny(role, type)).toBe(mayOne || naive.may(role));
            }
            expect(
              found.inDeployment !== undefined && roles.indexOf(found.inDeployment) >= roles.indexOf(role),
            ).toBe(naive.mayInDeployment(role));
          }
          const special = resourceTypes.flatMap((type) => ids.map((id) => found.may('viewer', { type, id })));
          expect(!found.isPlain || special.every((may) => may === found.may('viewer'))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

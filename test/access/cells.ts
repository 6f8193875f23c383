import {
  type Access,
  accessOf,
  type GrantDocument,
  type Identity,
  lesser,
  nobody,
  type Resource,
  type Role,
  roles,
  type TokenDocument,
} from '../../shared/access/index.ts';
import { grant, group, identityOf, principal, stateOf, tokenOf } from '../../shared/access/testing.ts';

/** What a caller holds, as the one who made the rules meant it: over the workspace, and over each of two things. */
export type Held = {
  readonly workspace?: Role | undefined;
  readonly mine?: Role | undefined;
  readonly other?: Role | undefined;
  readonly deployment?: Role | undefined;
};

/** One way to hold a role, or to have lost it. */
export type Holding = {
  readonly name: string;
  readonly rules: (role: Role, mine: Resource, other: Resource) => readonly GrantDocument[];
  readonly token?: (mine: Resource, other: Resource) => TokenDocument['scopes'];
  readonly isNobody?: true;
  readonly isDisabled?: true;
  readonly holds: (role: Role) => Held;
};

const here = { inWorkspace: 'default' };
const elsewhere = { inWorkspace: 'elsewhere' };
const everywhere = { inWorkspace: '*' };
const ann = 'principal:ann';
const all = (role: Role): Held => ({ workspace: role, mine: role, other: role });
const nothing = (): Held => ({});
const atLeastViewer = (role: Role): Held => ({ workspace: 'viewer', mine: role, other: 'viewer' });

export const holdings: readonly Holding[] = [
  { name: 'at the workspace', rules: (role) => [grant(ann, role, here)], holds: all },
  {
    name: 'in every workspace',
    rules: (role) => [grant(ann, role, everywhere)],
    holds: (role) => ({ ...all(role), deployment: role }),
  },
  {
    name: 'by a group',
    rules: (role) => [grant('group:team', role, here)],
    holds: all,
  },
  {
    name: 'at the very resource',
    rules: (role, mine) => [grant(ann, role, { ...here, resource: mine })],
    holds: (role) => ({ mine: role }),
  },
  {
    name: 'at another resource',
    rules: (role, _, other) => [grant(ann, role, { ...here, resource: other })],
    holds: (role) => ({ other: role }),
  },
  {
    name: 'at another workspace',
    rules: (role, mine) => [grant(ann, role, elsewhere), grant(ann, role, { ...elsewhere, resource: mine })],
    holds: nothing,
  },
  {
    name: 'denied at the resource',
    rules: (role, mine) => [grant(ann, role, here), grant(ann, 'deny', { ...here, resource: mine })],
    holds: (role) => ({ workspace: role, other: role }),
  },
  {
    name: 'denied at the resource, which a group allows',
    rules: (role, mine) => [
      grant('group:team', role, { ...here, resource: mine }),
      grant(ann, 'deny', { ...here, resource: mine }),
    ],
    holds: nothing,
  },
  {
    name: 'denied at another resource',
    rules: (role, _, other) => [grant(ann, role, here), grant(ann, 'deny', { ...here, resource: other })],
    holds: (role) => ({ workspace: role, mine: role }),
  },
  {
    name: 'denied at the workspace',
    rules: (role, mine) => [
      grant(ann, role, here),
      grant(ann, role, { ...here, resource: mine }),
      grant('group:team', 'deny', here),
    ],
    holds: nothing,
  },
  {
    name: 'denied everywhere',
    rules: (role) => [grant(ann, role, everywhere), grant(ann, 'deny', everywhere)],
    holds: nothing,
  },
  {
    name: 'lowered to viewer at the resource',
    rules: (role, mine) => [grant(ann, role, here), grant(ann, 'viewer', { ...here, resource: mine })],
    holds: (role) => ({ workspace: role, mine: 'viewer', other: role }),
  },
  {
    name: 'raised from viewer at the resource',
    rules: (role, mine) => [grant(ann, 'viewer', here), grant(ann, role, { ...here, resource: mine })],
    holds: atLeastViewer,
  },
  {
    name: 'by a rule that has ended',
    rules: (role, mine) => [
      grant(ann, role, { ...here, expiresAt: 1 }),
      grant(ann, role, { ...here, resource: mine, expiresAt: 1 }),
    ],
    holds: nothing,
  },
  { name: 'and disabled', rules: (role) => [grant(ann, role, everywhere)], isDisabled: true, holds: nothing },
  { name: 'and not signed in', rules: (role) => [grant(ann, role, here)], isNobody: true, holds: nothing },
  {
    name: 'by a token for viewers',
    rules: (role) => [grant(ann, role, everywhere)],
    token: () => ({ role: 'viewer' }),
    holds: (role) => ({ ...all(lesser(role, 'viewer')), deployment: lesser(role, 'viewer') }),
  },
  {
    name: 'by a token for the resource',
    rules: (role) => [grant(ann, role, everywhere)],
    token: (mine) => ({ resources: [mine] }),
    holds: (role) => ({ mine: role }),
  },
  {
    name: 'by a token for another resource',
    rules: (role) => [grant(ann, role, everywhere)],
    token: (_, other) => ({ resources: [other] }),
    holds: (role) => ({ other: role }),
  },
  {
    name: 'by a token for another workspace',
    rules: (role) => [grant(ann, role, everywhere)],
    token: () => ({ workspaces: ['elsewhere'] }),
    holds: nothing,
  },
];

/** One caller of the table: what they hold, and what they may do by the rules that say so. */
export type Cell = { readonly name: string; readonly held: Held; readonly access: Access };

/** Every role in every way to hold it, and none at all. */
export function cellsOf(mine: Resource, other: Resource): readonly Cell[] {
  const none: Cell = { name: 'no role', held: {}, access: accessBy([], {}) };
  return [
    none,
    ...holdings.flatMap((holding) =>
      roles.map((role): Cell => {
        const token = holding.token && tokenOf(holding.token(mine, other));
        return {
          name: `${role} ${holding.name}`,
          held: holding.holds(role),
          access: accessBy(holding.rules(role, mine, other), { ...holding, ...(token && { proven: token }) }),
        };
      }),
    ),
  ];
}

/** Every role, or none, over one thing and every other over another, with nothing in the workspace. */
export function pairsOf(mine: Resource, other: Resource): readonly Cell[] {
  const orNone = [undefined, ...roles];
  return orNone.flatMap((ofMine) =>
    orNone.map((ofOther): Cell => {
      const rules = [
        ...(ofMine ? [grant(ann, ofMine, { ...here, resource: mine })] : []),
        ...(ofOther ? [grant(ann, ofOther, { ...here, resource: other })] : []),
      ];
      return {
        name: `${ofMine ?? 'nothing'} of it, ${ofOther ?? 'nothing'} of what it refers to`,
        held: { mine: ofMine, other: ofOther },
        access: accessBy(rules, {}),
      };
    }),
  );
}

function accessBy(
  rules: readonly GrantDocument[],
  who: { isNobody?: true; isDisabled?: true; proven?: TokenDocument },
): Access {
  const disabled = { at: 1, by: 'root', reason: 'left' };
  const state = stateOf(principal('ann', who.isDisabled ? { disabled } : {}), group('team', 'ann'), ...rules);
  const identity: Identity = who.isNobody
    ? nobody
    : identityOf('ann', who.proven ? { token: who.proven } : {});
  return accessOf(identity, state, 'default', { firstAdmin: undefined }, 1000);
}

import { CairnError } from '../http/index.ts';
import type { Settings } from '../settings.ts';
import { type Access, type Resource, type ResourceType, resourceTypes, type Visible } from './access.ts';
import type { AccessState } from './held.ts';
import type { Identity } from './identity.ts';
import { defaultWorkspace, type GrantDocument, type Subject, type TokenDocument } from './model.ts';
import { covers, lesser, type Role } from './role.ts';

/** What is left to know of all rules about one caller in one workspace. */
type Held = {
  /** Over the whole workspace. */
  readonly role: Role | undefined;
  /** Over what has rules of its own, by id; `undefined`: nothing. */
  readonly over: Readonly<Record<ResourceType, ReadonlyMap<string, Role | undefined>>>;
  readonly inDeployment: Role | undefined;
  /** When one of the rules ends, in milliseconds since 1970: then it must be found out again. */
  readonly until: number;
};

type Decision = { readonly access: Access; readonly until: number };

const decisions = new WeakMap<AccessState, WeakMap<Identity, Map<string, Decision>>>();

/**
 * What a caller may do in a workspace by the rules of `state`. Found out once for an identity, a workspace and a
 * state, and kept as long as all three and no rule has ended at `now` (milliseconds since 1970).
 *
 * Denied by any of the caller's subjects is denied. What a subject is allowed on a resource stands in place of
 * what it is allowed in the workspace. Of what the subjects are allowed the greatest counts, and the scopes of a
 * token cap it. The first admin of the settings is admin of everything, whatever the rules say.
 */
export function accessOf(
  identity: Identity,
  state: AccessState,
  workspace: string,
  settings: Pick<Settings, 'firstAdmin'>,
  now: number,
): Access {
  const known = decisionsOf(identity, state);
  const kept = known.get(workspace);
  if (kept && now < kept.until) return kept.access;
  const held = confined(heldBy(identity, state, workspace, settings, now), identity.token, workspace);
  const access = accessTo(workspace, held);
  // Callers may invent names of workspaces without end.
  if (workspace === defaultWorkspace || state.workspaces.has(workspace))
    known.set(workspace, { access, until: held.until });
  return access;
}

/** Whether a principal is the first admin of the settings, however either is spelt. */
export function isFirstAdmin(principalId: string, { firstAdmin }: Pick<Settings, 'firstAdmin'>): boolean {
  return firstAdmin !== undefined && firstAdmin.toLowerCase() === principalId.toLowerCase();
}

/** Whether nobody gets in as this principal. The first admin always does. */
export function isShutOut(
  principalId: string,
  state: AccessState,
  settings: Pick<Settings, 'firstAdmin'>,
): boolean {
  return state.principals.get(principalId)?.disabled !== undefined && !isFirstAdmin(principalId, settings);
}

/** All that rules can know a caller by, the groups that are kept here among it. */
export function subjectsOf(identity: Identity, state: AccessState): ReadonlySet<Subject> {
  const groups = state.groupsOf.get(identity.principal.id) ?? [];
  return new Set([...identity.subjects, ...groups.map((name): Subject => `group:${name}`)]);
}

function decisionsOf(identity: Identity, state: AccessState): Map<string, Decision> {
  let ofState = decisions.get(state);
  if (!ofState) decisions.set(state, (ofState = new WeakMap()));
  let ofIdentity = ofState.get(identity);
  if (!ofIdentity) ofState.set(identity, (ofIdentity = new Map()));
  return ofIdentity;
}

const nowhere = { experiment: new Map(), model: new Map(), endpoint: new Map() };
const nothing: Held = { role: undefined, over: nowhere, inDeployment: undefined, until: Infinity };

function heldBy(
  identity: Identity,
  state: AccessState,
  workspace: string,
  settings: Pick<Settings, 'firstAdmin'>,
  now: number,
): Held {
  const { id } = identity.principal;
  if (identity.kind === 'nobody' || isShutOut(id, state, settings)) return nothing;
  if (isFirstAdmin(id, settings)) return { ...nothing, role: 'admin', inDeployment: 'admin' };
  const gathered = new Gathered(workspace);
  for (const subject of subjectsOf(identity, state)) {
    gathered.begin();
    for (const grant of state.grants.get(subject)?.values() ?? []) gathered.add(grant, now);
    gathered.end();
  }
  for (const subject of identity.token?.claimed ?? [])
    for (const grant of state.grants.get(subject)?.values() ?? [])
      if (grant.rule.effect === 'deny') gathered.add(grant, now);
  return gathered.held();
}

/** Of who has not said who they are. */
export const noAccess: Access = accessTo('default', nothing);

type ByResource<T> = Record<ResourceType, Map<string, T>>;

/** The rules about one caller, put together subject by subject. */
class Gathered {
  readonly #workspace: string;
  #until = Infinity;
  #isDenied = false;
  #isDeniedEverywhere = false;
  #inDeployment: Role | undefined;
  readonly #denied: Record<ResourceType, Set<string>> = {
    experiment: new Set(),
    model: new Set(),
    endpoint: new Set(),
  };
  /** What each subject with a rule here holds: over the workspace, and over single resources in its place. */
  readonly #subjects: { role: Role | undefined; over: ByResource<Role> | undefined }[] = [];
  #subject: { role: Role | undefined; over: ByResource<Role> | undefined } = {
    role: undefined,
    over: undefined,
  };

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  begin(): void {
    this.#subject = { role: undefined, over: undefined };
  }

  add({ inWorkspace, resource, rule, expiresAt }: GrantDocument, now: number): void {
    if (inWorkspace !== '*' && inWorkspace !== this.#workspace) return;
    if (expiresAt !== undefined && expiresAt <= now) return;
    if (expiresAt !== undefined) this.#until = Math.min(this.#until, expiresAt);
    if (resource) {
      if (rule.effect === 'deny') this.#denied[resource.type].add(resource.id);
      else {
        const over = (this.#subject.over ??= {
          experiment: new Map(),
          model: new Map(),
          endpoint: new Map(),
        })[resource.type];
        over.set(resource.id, greater(over.get(resource.id), rule.role));
      }
    } else if (rule.effect === 'deny') {
      this.#isDenied = true;
      if (inWorkspace === '*') this.#isDeniedEverywhere = true;
    } else {
      this.#subject.role = greater(this.#subject.role, rule.role);
      if (inWorkspace === '*') this.#inDeployment = greater(this.#inDeployment, rule.role);
    }
  }

  end(): void {
    if (this.#subject.role !== undefined || this.#subject.over) this.#subjects.push(this.#subject);
  }

  held(): Held {
    const inDeployment = this.#isDeniedEverywhere ? undefined : this.#inDeployment;
    if (this.#isDenied) return { ...nothing, inDeployment, until: this.#until };
    let role: Role | undefined;
    for (const subject of this.#subjects) if (subject.role) role = greater(role, subject.role);
    const over = {
      experiment: this.#over('experiment'),
      model: this.#over('model'),
      endpoint: this.#over('endpoint'),
    };
    return { role, over, inDeployment, until: this.#until };
  }

  #over(type: ResourceType): Map<string, Role | undefined> {
    const over = new Map<string, Role | undefined>();
    for (const subject of this.#subjects)
      for (const id of subject.over?.[type].keys() ?? [])
        if (!over.has(id)) over.set(id, this.#greatestOver(type, id));
    for (const id of this.#denied[type]) over.set(id, undefined);
    return over;
  }

  #greatestOver(type: ResourceType, id: string): Role | undefined {
    let greatest: Role | undefined;
    for (const { role, over } of this.#subjects) {
      const held = over?.[type].get(id) ?? role;
      if (held) greatest = greater(greatest, held);
    }
    return greatest;
  }
}

/** What is left of it to the bearer of a token. */
function confined(held: Held, token: TokenDocument | undefined, workspace: string): Held {
  if (!token) return held;
  const { role: roleMax, workspaces, resources } = token.scopes;
  const isHere = !workspaces || workspaces.includes(workspace) || workspaces.includes('*');
  const isEverywhere = (!workspaces || workspaces.includes('*')) && !resources;
  const capped = (role: Role | undefined) => (role && roleMax ? lesser(role, roleMax) : role);
  const inDeployment = isEverywhere ? capped(held.inDeployment) : undefined;
  if (!isHere) return { ...nothing, inDeployment, until: held.until };
  const over: ByResource<Role | undefined> = { experiment: new Map(), model: new Map(), endpoint: new Map() };
  if (resources)
    for (const resource of resources) over[resource.type].set(resource.id, capped(heldOver(held, resource)));
  else
    for (const type of resourceTypes)
      for (const [id, role] of held.over[type]) over[type].set(id, capped(role));
  return { role: resources ? undefined : capped(held.role), over, inDeployment, until: held.until };
}

function heldOver({ role, over }: Held, { type, id }: Resource): Role | undefined {
  return over[type].has(id) ? over[type].get(id) : role;
}

function accessTo(workspace: string, held: Held): Access {
  const overAny = resourceTypes.flatMap((type) => [...held.over[type].values()]);
  const may = (role: Role, resource?: Resource) =>
    covers(resource ? heldOver(held, resource) : held.role, role);
  return {
    role: held.role,
    isPlain: overAny.length === 0,
    isMember: held.role !== undefined || overAny.some((role) => role !== undefined),
    inDeployment: held.inDeployment,
    may,
    require(role, resource) {
      if (!may(role, resource)) throw missing(role, workspace, resource);
    },
    mayAny: (role, type) =>
      covers(held.role, role) || [...held.over[type].values()].some((over) => covers(over, role)),
    visible: (type, role = 'viewer') => visible(held, type, role),
  };
}

function visible(held: Held, type: ResourceType, role: Role): Visible {
  const ids = (isCovered: boolean) =>
    [...held.over[type]].filter(([, over]) => covers(over, role) === isCovered).map(([id]) => id);
  return covers(held.role, role) ? { all: true, except: ids(false) } : { all: false, only: ids(true) };
}

/** Says the same whether there is such a resource or not. */
function missing(role: Role, workspace: string, resource?: Resource): CairnError {
  return new CairnError(
    'forbidden',
    resource
      ? `Needs ${role} on ${resource.type} '${resource.id}'; ask an admin of workspace '${workspace}'.`
      : `Needs ${role} in workspace '${workspace}'; ask an admin of it.`,
  );
}

function greater(a: Role | undefined, b: Role): Role {
  return a !== undefined && covers(a, b) ? a : b;
}

import type {
  AccessDocument,
  GoneDocument,
  GrantDocument,
  GroupDocument,
  PrincipalDocument,
  Subject,
  TokenDocument,
  TrustDocument,
  WorkspaceDocument,
} from './model.ts';

/**
 * All rules at one position of the access root, in memory. It never changes: a change makes another one, so
 * whatever is derived from it may be kept by it as key of a `WeakMap`, and is forgotten when the rules move.
 */
export type AccessState = {
  readonly seq: number;
  readonly principals: ReadonlyMap<string, PrincipalDocument>;
  readonly groups: ReadonlyMap<string, GroupDocument>;
  /** The groups kept here that a principal is in, by principal id. */
  readonly groupsOf: ReadonlyMap<string, readonly string[]>;
  /** By whom they are about, then by id. */
  readonly grants: ReadonlyMap<Subject, ReadonlyMap<string, GrantDocument>>;
  readonly trusts: ReadonlyMap<string, TrustDocument>;
  readonly workspaces: ReadonlyMap<string, WorkspaceDocument>;
};

/** What a state is made of. */
export type HeldDocument = Exclude<AccessDocument, TokenDocument>;

/** Nothing said about anyone. */
export const emptyState: AccessState = {
  seq: 0,
  principals: new Map(),
  groups: new Map(),
  groupsOf: new Map(),
  grants: new Map(),
  trusts: new Map(),
  workspaces: new Map(),
};

/** The state after `put` was written and what was `removed` (as it was before) has gone; what stays is shared. */
export function stateWith(
  state: AccessState,
  seq: number,
  put: Iterable<AccessDocument | GoneDocument>,
  removed: Iterable<AccessDocument | GoneDocument> = [],
): AccessState {
  const next = new Draft(state);
  for (const doc of removed) next.remove(doc);
  for (const doc of put) next.put(doc);
  return next.finish(seq);
}

/** What is held under the ids of documents. */
export function heldUnder(state: AccessState, ids: ReadonlySet<string>): HeldDocument[] {
  const found: HeldDocument[] = [];
  const look = (docs: Iterable<HeldDocument>) => {
    for (const doc of docs) if (ids.has(doc.id)) found.push(doc);
  };
  for (const docs of [state.principals, state.groups, state.trusts, state.workspaces]) look(docs.values());
  for (const grants of state.grants.values()) look(grants.values());
  return found;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A state in the making: a map is copied before its first change. */
class Draft {
  readonly #state: Writable<AccessState>;
  readonly #own = new Set<unknown>();

  constructor(state: AccessState) {
    this.#state = { ...state };
  }

  put(doc: AccessDocument | GoneDocument): void {
    switch (doc.type) {
      case 'principal':
        this.#map('principals').set(doc.principalId, doc);
        break;
      case 'group':
        this.#map('groups').set(doc.name, doc);
        break;
      case 'grant':
        this.#grantsOf(doc.subject).set(doc.grantId, doc);
        break;
      case 'trust':
        this.#map('trusts').set(doc.name, doc);
        break;
      case 'workspace':
        this.#map('workspaces').set(doc.name, doc);
        break;
      case 'token':
      case 'gone':
        break;
    }
  }

  remove(doc: AccessDocument | GoneDocument): void {
    switch (doc.type) {
      case 'principal':
        this.#map('principals').delete(doc.principalId);
        break;
      case 'group':
        this.#map('groups').delete(doc.name);
        break;
      case 'grant': {
        const grants = this.#grantsOf(doc.subject);
        grants.delete(doc.grantId);
        if (grants.size === 0) this.#map('grants').delete(doc.subject);
        break;
      }
      case 'trust':
        this.#map('trusts').delete(doc.name);
        break;
      case 'workspace':
        this.#map('workspaces').delete(doc.name);
        break;
      case 'token':
      case 'gone':
        break;
    }
  }

  finish(seq: number): AccessState {
    const { groups } = this.#state;
    const groupsOf = this.#own.has(groups) ? membership(groups.values()) : this.#state.groupsOf;
    return { ...this.#state, seq, groupsOf };
  }

  #map<K extends 'principals' | 'groups' | 'grants' | 'trusts' | 'workspaces'>(
    name: K,
  ): AccessState[K] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never {
    const held = this.#state[name] as ReadonlyMap<unknown, unknown>;
    if (this.#own.has(held)) return held as never;
    const copy = new Map(held);
    this.#own.add(copy);
    Object.assign(this.#state, { [name]: copy });
    return copy as never;
  }

  #grantsOf(subject: Subject): Map<string, GrantDocument> {
    const all = this.#map('grants');
    const held = all.get(subject);
    if (held && this.#own.has(held)) return held as Map<string, GrantDocument>;
    const copy = new Map(held);
    this.#own.add(copy);
    all.set(subject, copy);
    return copy;
  }
}

function membership(groups: Iterable<GroupDocument>): Map<string, string[]> {
  const groupsOf = new Map<string, string[]>();
  for (const { name, members } of groups)
    for (const member of members) {
      const names = groupsOf.get(member);
      if (names) names.push(name);
      else groupsOf.set(member, [name]);
    }
  return groupsOf;
}

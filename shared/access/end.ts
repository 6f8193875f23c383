import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import type { CairnEvent } from '../events/index.ts';
import { changeAccess, type Edit, editsMax, readAccess } from './change.ts';
import { unknown } from './checks.ts';
import type { AccessState } from './held.ts';
import {
  accessKey,
  type Ending,
  type GrantDocument,
  type GroupDocument,
  type PrincipalDocument,
  type TokenDocument,
  type WorkspaceDocument,
} from './model.ts';
import { toldOfGrant } from './told.ts';

/** What takes along, when it ends, whatever is said about it. */
type Endable = PrincipalDocument | GroupDocument | WorkspaceDocument;

/** Edits of one step beside that of the thing itself. */
const stepMax = editsMax - 1;

/**
 * Deletes a principal, group or workspace with the rules about it, and a principal with its tokens and memberships.
 * What fits is one change. Where it is more, the thing is first marked, so that nobody gets anything by it, and a
 * process that ends half-way leaves the rest to {@link finishEnding}. Throws `not-found`.
 */
export async function endSubject(
  ctx: Context,
  type: Endable['type'],
  name: string,
  reason?: string,
  check: () => Promise<void> | void = () => undefined,
): Promise<void> {
  const ending: Ending = { by: ctx.principal.id, ...(reason === undefined ? {} : { reason }) };
  for (;;) {
    const isOver = await changeAccess(ctx, async (state) => {
      const before = await storedEndable(ctx, type, name);
      if (!before) throw unknown(type, name, type === 'principal' ? 'id' : 'name');
      if (!before.doc.ending) await check();
      return step(ctx, state, before, before.doc.ending ?? ending);
    });
    if (isOver) return;
  }
}

/**
 * Goes on with a deletion that was begun: subscriber of what marked it. Serving an event again, or one of something
 * that is not being deleted, changes nothing.
 */
export async function finishEnding(ctx: Context, event: CairnEvent): Promise<void> {
  const { ending: type, name = '' } = event.subject;
  if (type !== 'principal' && type !== 'group' && type !== 'workspace') return;
  for (;;) {
    const isOver = await changeAccess(ctx, async (state) => {
      const before = await storedEndable(ctx, type, name);
      if (!before?.doc.ending) return { edits: [], result: true };
      return step(ctx, state, before, before.doc.ending);
    });
    if (isOver) return;
  }
}

/** One change of a deletion; `true` where it is the last. */
async function step(
  ctx: Context,
  state: AccessState,
  before: Stored<Endable>,
  ending: Ending,
): Promise<{ edits: Edit[]; result: boolean }> {
  const { doc } = before;
  const reason = ending.reason ?? `${doc.type} '${nameOf(doc)}' was deleted by ${ending.by}`;
  const hanging = await hangingOn(ctx, state, doc, reason);
  if (hanging.length > stepMax && !doc.ending)
    return {
      edits: [{ before, after: marked(ctx, doc, ending, reason), told: marking(doc, reason) }],
      result: false,
    };
  const edits = await Promise.all(hanging.slice(0, stepMax).map((each) => each()));
  if (hanging.length > stepMax) return { edits, result: false };
  const told = {
    type: `${doc.type}.deleted` as const,
    reason: ending.reason,
    subject: { name: nameOf(doc) },
  };
  return { edits: [...edits, { before, told }], result: true };
}

function marked(ctx: Context, doc: Endable, ending: Ending, reason: string): Endable {
  switch (doc.type) {
    case 'principal':
      return { ...doc, ending, disabled: doc.disabled ?? { at: ctx.clock.now(), by: ending.by, reason } };
    case 'group':
      return { ...doc, ending, members: [] };
    case 'workspace':
      return { ...doc, ending };
  }
}

function marking(doc: Endable, reason: string): Edit['told'] {
  const types = {
    principal: 'principal.disabled',
    group: 'group.changed',
    workspace: 'workspace.updated',
  } as const;
  return {
    type: types[doc.type],
    reason,
    subject: { ...subjectOf(doc), ending: doc.type, name: nameOf(doc) },
  };
}

/** The edits that take away what hangs on something, each to be made when it is its turn. */
async function hangingOn(
  ctx: Context,
  state: AccessState,
  doc: Endable,
  reason: string,
): Promise<(() => Promise<Edit>)[]> {
  const ungranted = (grants: Iterable<GrantDocument>) =>
    [...grants].map((grant) => () => grantEnd(ctx, grant, reason));
  switch (doc.type) {
    case 'group':
      return ungranted(state.grants.get(`group:${doc.name}`)?.values() ?? []);
    case 'workspace':
      return ungranted(
        [...state.grants.values()]
          .flatMap((grants) => [...grants.values()])
          .filter(({ inWorkspace }) => inWorkspace === doc.name),
      );
    case 'principal': {
      const { principalId } = doc;
      const tokens = await liveTokens(ctx, principalId);
      return [
        ...ungranted(state.grants.get(`principal:${principalId}`)?.values() ?? []),
        ...(state.groupsOf.get(principalId) ?? []).map(
          (name) => () => leaving(ctx, name, principalId, reason),
        ),
        ...tokens.map(
          ({ tokenId }) =>
            () =>
              revocation(ctx, tokenId, reason),
        ),
      ];
    }
  }
}

/** The edit that deletes a rule. */
export async function grantEnd(
  ctx: Context,
  grant: GrantDocument,
  reason: string | undefined,
): Promise<Edit> {
  const before = await readAccess<GrantDocument>(ctx, 'grant', grant.grantId);
  return { before, told: { type: 'grant.deleted', reason, subject: toldOfGrant(grant) } };
}

async function leaving(ctx: Context, name: string, principalId: string, reason: string): Promise<Edit> {
  const before = await readAccess<GroupDocument>(ctx, 'group', name);
  if (before?.doc.type !== 'group') return { told: { type: 'group.changed' } };
  const after = { ...before.doc, members: before.doc.members.filter((member) => member !== principalId) };
  return { before, after, told: { type: 'group.changed', reason, subject: { name } } };
}

async function revocation(ctx: Context, tokenId: string, reason: string): Promise<Edit> {
  const before = await readAccess<TokenDocument>(ctx, 'token', tokenId);
  if (before?.doc.type !== 'token') return { told: { type: 'token.revoked' } };
  const { doc } = before;
  const after = { ...doc, revoked: doc.revoked ?? { at: ctx.clock.now(), by: ctx.principal.id, reason } };
  const subject = { tokenId, principalId: doc.principalId };
  return { before, after, told: { type: 'token.revoked', reason, subject } };
}

async function liveTokens(ctx: Context, principalId: string): Promise<{ tokenId: string }[]> {
  return ctx.stores.documents('access').query<{ tokenId: string }>(
    {
      text: "SELECT c.tokenId FROM c WHERE c.type = 'token' AND c.principalId = @principalId AND c.expiresAt > @now AND NOT IS_DEFINED(c.revoked)",
      values: { principalId, now: ctx.clock.now() },
    },
    { key: accessKey, consistency: 'strong' },
  );
}

async function storedEndable(
  ctx: Context,
  type: Endable['type'],
  name: string,
): Promise<Stored<Endable> | undefined> {
  const stored = await readAccess<Endable>(ctx, type, name);
  return stored?.doc.type === type ? (stored as Stored<Endable>) : undefined;
}

function subjectOf(doc: Endable): Readonly<Record<string, string>> {
  return doc.type === 'principal' ? { principalId: doc.principalId } : { name: doc.name };
}

function nameOf(doc: Endable): string {
  return doc.type === 'principal' ? doc.principalId : doc.name;
}

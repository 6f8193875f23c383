import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError, type Page } from '../http/index.ts';
import { seenId } from './authentication/seen.ts';
import { changeAccess, type Edit, readAccess } from './change.ts';
import { checkedName, checkedReason, checkNumber, unknown } from './checks.ts';
import { isFirstAdmin } from './decide.ts';
import { endSubject } from './end.ts';
import type { AccessState } from './held.ts';
import { type Asked, pageBy } from './lists.ts';
import {
  accessId,
  accessKey,
  guid,
  type GoneDocument,
  type PrincipalDocument,
  type PrincipalKind,
  type SeenDocument,
} from './model.ts';
import { accessState } from './state.ts';

const principalsMax = 10_000;

const localPattern = /^[a-z0-9][a-z0-9._@+-]{0,99}$/;
const entraPattern = new RegExp(`^entra:${guid}/${guid}$`);
/** Ids that the platform gives itself, and those of callers who prove nothing. */
const reserved = new Set(['cairn', 'local', 'anonymous', 'token']);

export type NewPrincipal = {
  readonly name: string;
  /** `entra` is told by the id and needs no word. */
  readonly kind?: PrincipalKind | undefined;
  /** The lower-cased name where left out. */
  readonly id?: string | undefined;
  /** As `passwordHash` gives it. */
  readonly password?: string | undefined;
};

/**
 * Makes a principal known. Throws `conflict` where it is already, `invalid` for an id that nobody can have. Holding
 * a name gives no right: for those see grants.
 */
export function createPrincipal(ctx: Context, input: NewPrincipal): Promise<PrincipalDocument> {
  const principalId = (input.id ?? input.name.trim()).toLowerCase();
  const kind = kindOf(principalId, input.kind);
  const doc: PrincipalDocument = {
    ...principalDocument(ctx, principalId, checkedName(input.name), kind),
    ...(input.password === undefined ? {} : { password: input.password }),
  };
  return changeAccess(ctx, async (state) => {
    checkNumber('principals', state.principals.size, principalsMax);
    const edit = await creation(ctx, doc);
    return { edits: [edit], result: { ...doc, seq: (edit.before?.doc.seq ?? 0) + 1 } };
  });
}

/** What is kept of a principal of whom nothing is yet; the change that makes it known counts its `seq`. */
export function principalDocument(
  { clock, principal }: Pick<Context, 'clock' | 'principal'>,
  principalId: string,
  name: string,
  kind: PrincipalKind,
): PrincipalDocument {
  return {
    id: accessId('principal', principalId),
    type: 'principal',
    v: 1,
    workspace: '*',
    seq: 0,
    principalId,
    name,
    kind,
    createdAt: clock.now(),
    createdBy: principal.id,
  };
}

/** The edit that makes a principal known. Throws `conflict` where it is. */
export async function creation(ctx: Context, doc: PrincipalDocument): Promise<Edit> {
  const before = await readAccess<PrincipalDocument>(ctx, 'principal', doc.principalId);
  if (before?.doc.type === 'principal')
    throw new CairnError(
      'conflict',
      before.doc.ending
        ? `Principal '${doc.principalId}' is being deleted; try again shortly.`
        : `There is a principal '${doc.principalId}' already.`,
      { field: 'id' },
    );
  return {
    before,
    after: doc,
    told: { type: 'principal.created', subject: { principalId: doc.principalId } },
  };
}

export type PrincipalChange = {
  readonly name?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly reason?: string | undefined;
};

/**
 * Renames, disables or enables a principal. Once disabled nobody gets in under its id, by whatever they present:
 * here at once and everywhere within two seconds. Throws `not-found`; `invalid-state` for disabling the first admin.
 */
export function changePrincipal(
  ctx: Context,
  id: string,
  change: PrincipalChange,
): Promise<PrincipalDocument> {
  const reason = checkedReason(change.reason);
  return changeAccess(ctx, async () => {
    const before = await storedPrincipal(ctx, id);
    const { doc } = before;
    const name = change.name === undefined ? doc.name : checkedName(change.name);
    const isDisabled = change.disabled ?? doc.disabled !== undefined;
    if (isDisabled && !doc.disabled) checkNotFirstAdmin(ctx, id, 'disabled');
    const isMoved = isDisabled !== (doc.disabled !== undefined);
    if (!isMoved && name === doc.name) return { edits: [], result: doc };
    const { disabled, ...rest } = doc;
    const mark = disabled ?? { at: ctx.clock.now(), by: ctx.principal.id, reason: reason ?? '' };
    const after: PrincipalDocument = { ...rest, name, ...(isDisabled ? { disabled: mark } : {}) };
    const type = isMoved ? (isDisabled ? 'principal.disabled' : 'principal.enabled') : 'principal.updated';
    const told = { type, reason, subject: { principalId: doc.principalId } } as const;
    return { edits: [{ before, after, told }], result: { ...after, seq: doc.seq + 1 } };
  });
}

/**
 * Deletes a principal with all rules about it, its tokens, and its place in groups. Whoever must stay out though
 * Entra ID still knows them is disabled instead: a deleted one may come again, by a group of their claims. Throws
 * `not-found`; `invalid-state` for the first admin, and for a workload, which goes with its trust.
 */
export async function deletePrincipal(ctx: Context, id: string, reason?: string): Promise<void> {
  const why = checkedReason(reason);
  checkNotFirstAdmin(ctx, id, 'deleted');
  const known = (await accessState(ctx)).principals.get(id.toLowerCase());
  if (known?.kind === 'workload')
    throw new CairnError(
      'invalid-state',
      `'${known.principalId}' is who a trust says it is; delete the trust.`,
    );
  await endSubject(ctx, 'principal', id.toLowerCase(), why);
}

/** A principal by id. Throws `not-found`. */
export async function getPrincipal(ctx: Context, id: string): Promise<PrincipalDocument> {
  const found = (await accessState(ctx)).principals.get(id.toLowerCase());
  if (found && !found.ending) return found;
  throw unknownPrincipal(ctx, id);
}

/** All principals, by id. */
export async function listPrincipals(ctx: Context, asked: Asked): Promise<Page<PrincipalDocument>> {
  const { principals } = await accessState(ctx);
  const there = [...principals.values()].filter(({ ending }) => !ending);
  return pageBy(there, ({ principalId }) => principalId, asked);
}

/** When principals were last seen, by id; those who were not are left out. Some minutes behind. */
export async function lastSeen(ctx: Context, ids: readonly string[]): Promise<Map<string, SeenDocument>> {
  if (ids.length === 0) return new Map();
  const byDocument = new Map(ids.map((id) => [seenId(id), id]));
  const seen = await ctx.stores.documents('access').query<SeenDocument>(
    {
      text: "SELECT * FROM c WHERE c.type = 'seen' AND ARRAY_CONTAINS(@ids, c.id)",
      values: { ids: [...byDocument.keys()] },
    },
    { key: accessKey },
  );
  return new Map(seen.map((doc) => [byDocument.get(doc.id) ?? '', doc]));
}

/** Whether rules can be about a principal: it is known, or Entra ID knows it. */
export function canBeSubject(ctx: Context, state: AccessState, principalId: string): boolean {
  const known = state.principals.get(principalId);
  if (known) return !known.ending;
  return entraPattern.test(principalId) || isFirstAdmin(principalId, ctx.settings);
}

async function storedPrincipal(ctx: Context, id: string): Promise<Stored<PrincipalDocument>> {
  const stored: Stored<PrincipalDocument | GoneDocument> | undefined = await readAccess<PrincipalDocument>(
    ctx,
    'principal',
    id.toLowerCase(),
  );
  if (stored?.doc.type !== 'principal' || stored.doc.ending) throw unknownPrincipal(ctx, id);
  return stored as Stored<PrincipalDocument>;
}

function kindOf(id: string, kind: PrincipalKind | undefined): PrincipalKind {
  const isEntra = entraPattern.test(id);
  if (id.startsWith('entra:') || kind === 'entra') {
    if (isEntra && (kind === undefined || kind === 'entra')) return 'entra';
    throw new CairnError(
      'invalid',
      "The id of a principal of Entra ID is 'entra:<tenant id>/<object id>', and its kind 'entra'.",
      { field: 'id' },
    );
  }
  if (kind === 'workload')
    throw new CairnError('invalid', 'Workloads come with their trust: PUT /api/v1/access/trusts/{name}.', {
      field: 'kind',
    });
  if (localPattern.test(id) && !reserved.has(id)) return kind ?? 'user';
  throw new CairnError(
    'invalid',
    reserved.has(id)
      ? `'${id}' is a name of the platform itself; choose another.`
      : 'An id has 1 to 100 letters, digits and . _ @ + -, and begins with a letter or digit; give one as id where the name is none.',
    { field: 'id' },
  );
}

/** The first admin is one by a setting, and need not be kept here. */
function unknownPrincipal(ctx: Context, id: string): CairnError {
  if (!isFirstAdmin(id, ctx.settings)) return unknown('principal', id, 'id');
  return new CairnError(
    'not-found',
    `'${id}' is the first admin, which is set by CAIRN_FIRST_ADMIN; no principal is kept here under that id.`,
    { field: 'id' },
  );
}

function checkNotFirstAdmin(ctx: Context, id: string, done: string): void {
  if (!isFirstAdmin(id, ctx.settings)) return;
  throw new CairnError(
    'invalid-state',
    `'${id}' is the first admin and cannot be ${done}: name another one in CAIRN_FIRST_ADMIN first.`,
    { field: 'id' },
  );
}

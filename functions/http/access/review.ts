import * as z from 'zod';
import {
  accessState,
  allSeen,
  flushSeen,
  liveTokenCounts,
  positionOf,
  type ReviewFilter,
  type ReviewLine,
  reviewOf,
  type SeenDocument,
  seenId,
} from '../../../shared/access/index.ts';
import type { Context } from '../../../shared/context.ts';
import { fields, pageOf, positionIn, type Route, route } from '../../../shared/http/index.ts';
import { csvLine, textFile } from '../text-file.ts';
import { accessElsewhere } from '../workspace.ts';
import { resourceKey, resourceNames } from './resources.ts';
import { inputs } from './shapes.ts';

/** Lines that are looked up at once while a file is written. */
const chunkLines = 500;

/** Who can do what. */
export const review: readonly Route[] = [
  route('GET', '/api/v1/access/review', {
    operation: 'reviewAccess',
    role: 'admin',
    scope: 'workspace',
    input: z.strictObject({
      workspace: inputs.name.optional(),
      principal: inputs.name.optional(),
      format: z.enum(['json', 'csv']).default('json'),
      max_results: fields.limit(5000, 1000),
      page_token: fields.text.optional(),
    }),
    async handle(ctx, { workspace, principal, format, max_results: limit, page_token: token }, { identity }) {
      const there = await accessElsewhere(ctx, identity, workspace ?? ctx.workspace);
      there.require('admin');
      // Who is admin of one workspace sees what reaches into it; of all of them, everything.
      const isAll = workspace === undefined && there.inDeployment === 'admin';
      const filter: ReviewFilter = {
        ...(isAll || workspace === '*' ? {} : { workspace: workspace ?? ctx.workspace }),
        principalId: principal,
      };
      const uses = await usesNow(ctx);
      if (format === 'csv') return csv(ctx, filter, uses);
      const after = positionIn(token, { who: '', grant: '' });
      const lines = reviewOf(await accessState(ctx), ctx.settings, uses.at, filter, after);
      const { items, nextToken } = pageOf(taken(lines, limit + 1), limit, positionOf);
      return {
        generated_at: uses.at,
        entries: await shown(ctx, items, uses),
        ...(nextToken === undefined ? {} : { next_page_token: nextToken }),
      };
    },
  }),
];

/** The next lines, so many at most. */
function taken(lines: Iterator<ReviewLine>, countMax: number): ReviewLine[] {
  const some: ReviewLine[] = [];
  for (let next; some.length < countMax && !(next = lines.next()).done; ) some.push(next.value);
  return some;
}

type Uses = {
  readonly at: number;
  readonly seen: ReadonlyMap<string, SeenDocument>;
  readonly tokens: ReadonlyMap<string, number>;
};

async function usesNow(ctx: Context): Promise<Uses> {
  await flushSeen(ctx.stores);
  const [seen, tokens] = await Promise.all([allSeen(ctx), liveTokenCounts(ctx)]);
  return { at: ctx.clock.now(), seen, tokens };
}

async function shown(ctx: Context, lines: readonly ReviewLine[], { seen, tokens }: Uses) {
  const names = await resourceNames(
    ctx,
    lines.flatMap(({ inWorkspace, resource }) => (resource ? [{ workspace: inWorkspace, resource }] : [])),
  );
  return lines.map(({ who, inWorkspace, resource, rule, ...line }) => {
    const last = seen.get(seenId(who.id));
    const role = rule.effect === 'allow' ? rule.role : null;
    return {
      principal: { id: who.id, name: who.name, kind: who.kind, disabled: who.disabled ?? null },
      workspace: inWorkspace,
      resource: resource
        ? { ...resource, name: names.get(resourceKey(inWorkspace, resource)) ?? null }
        : null,
      role,
      effect: rule.effect,
      via: line.via,
      grant_id: line.grantId ?? null,
      granted_by: line.grantedBy ?? null,
      granted_at: line.grantedAt ?? null,
      reason: line.reason ?? null,
      expires_at: line.expiresAt ?? null,
      last_used_at: last?.at ?? null,
      role_last_used_at: (role && last?.roles[role]) ?? null,
      tokens: tokens.get(who.id) ?? 0,
    };
  });
}

type Entry = Awaited<ReturnType<typeof shown>>[number];

const columns: Readonly<Record<string, (entry: Entry) => string | number | null>> = {
  principal: ({ principal }) => principal.id,
  name: ({ principal }) => principal.name,
  kind: ({ principal }) => principal.kind,
  disabled_at: ({ principal }) => time(principal.disabled?.at ?? null),
  workspace: ({ workspace }) => workspace,
  resource_type: ({ resource }) => resource?.type ?? null,
  resource_id: ({ resource }) => resource?.id ?? null,
  resource_name: ({ resource }) => resource?.name ?? null,
  effect: ({ effect }) => effect,
  role: ({ role }) => role,
  via: ({ via }) => via,
  grant_id: ({ grant_id }) => grant_id,
  granted_by: ({ granted_by }) => granted_by,
  granted_at: ({ granted_at }) => time(granted_at),
  reason: ({ reason }) => reason,
  expires_at: ({ expires_at }) => time(expires_at),
  last_used_at: ({ last_used_at }) => time(last_used_at),
  role_last_used_at: ({ role_last_used_at }) => time(role_last_used_at),
  tokens: ({ tokens }) => tokens,
};

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** All of it as a file. */
async function csv(ctx: Context, filter: ReviewFilter, uses: Uses): Promise<Response> {
  const lines = reviewOf(await accessState(ctx), ctx.settings, uses.at, filter);
  return textFile('access-review', 'csv', csvChunks(ctx, lines, uses));
}

async function* csvChunks(ctx: Context, lines: Iterator<ReviewLine>, uses: Uses): AsyncGenerator<string> {
  yield csvLine(Object.keys(columns));
  for (;;) {
    const chunk = taken(lines, chunkLines);
    if (chunk.length === 0) return;
    const entries = await shown(ctx, chunk, uses);
    yield entries.map((entry) => csvLine(Object.values(columns).map((of) => of(entry)))).join('');
  }
}

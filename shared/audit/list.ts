import type { Query } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { type Page, pageOf, positionIn } from '../http/index.ts';
import type { EntryDocument } from './chain/documents.ts';
import type { AuditEntry } from './entry.ts';

/** What entries are asked for by. A field that is left out asks for nothing. */
export type AuditFilter = {
  readonly workspace?: string | undefined;
  readonly actor?: string | undefined;
  /** The type of an event, or the beginning of some: `version.*`. */
  readonly action?: string | undefined;
  readonly aggregate?: string | undefined;
  readonly outcome?: AuditEntry['outcome'] | undefined;
  readonly requestId?: string | undefined;
  /** When it happened: from the first of these milliseconds, before the second. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** Entries that the store still has, those that happened last first. */
export async function listAudit(
  ctx: Context,
  filter: AuditFilter,
  { limit, pageToken }: { readonly limit: number; readonly pageToken?: string | undefined },
): Promise<Page<AuditEntry>> {
  const after = positionIn(pageToken, { at: 0, seq: 0 });
  const rows = await ctx.stores
    .documents('audit')
    .query<EntryDocument>(queryOf(filter, after), { limit: limit + 1 });
  return pageOf(
    rows.map(({ entry }) => entry),
    limit,
    ({ at, seq }) => ({ at, seq }),
  );
}

/** All of them, a page at a time in memory. */
export async function* allAudit(ctx: Context, filter: AuditFilter): AsyncGenerator<AuditEntry> {
  for await (const { entry } of ctx.stores.documents('audit').stream<EntryDocument>(queryOf(filter)))
    yield entry;
}

/** The order is that of one index, at any place of which a page or a time begins: what is skipped costs nothing. */
function queryOf(
  { action, ...filter }: AuditFilter,
  after?: { readonly at: number; readonly seq: number },
): Query {
  const start = action?.endsWith('*') ? action.slice(0, -1) : undefined;
  const given = { ...filter, ...(start === undefined ? { action } : { start }), ...after };
  const values = Object.fromEntries(
    Object.entries(given).filter((pair): pair is [string, string | number] => pair[1] !== undefined),
  );
  const conditions = Object.keys(values).flatMap((name) => predicates[name] ?? []);
  const further = after ? ['(c.entry.at < @at OR (c.entry.at = @at AND c.entry.seq < @seq))'] : [];
  const where = ["c.type = 'audit-entry'", ...conditions, ...further].join(' AND ');
  return { text: `SELECT * FROM c WHERE ${where} ORDER BY c.entry.at DESC, c.entry.seq DESC`, values };
}

const predicates: Readonly<Record<string, string>> = {
  workspace: 'c.workspace = @workspace',
  actor: 'c.entry.actor = @actor',
  action: 'c.entry.action = @action',
  start: 'STARTSWITH(c.entry.action, @start)',
  aggregate: 'c.entry.aggregate = @aggregate',
  outcome: 'c.entry.outcome = @outcome',
  requestId: 'c.entry.request_id = @requestId',
  from: 'c.entry.at >= @from',
  to: 'c.entry.at < @to',
};

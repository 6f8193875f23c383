import type { Context } from '../../shared/context.ts';
import type { AuditEntry } from '../../shared/audit/entry.ts';
import type { EntryDocument } from '../../shared/audit/chain/documents.ts';
import type { CairnEvent } from '../../shared/events/index.ts';

/** 2026-03-01T10:00:00Z. */
export const ten = Date.UTC(2026, 2, 1, 10);
export const minutes = (count: number) => count * 60_000;
export const hours = (count: number) => count * 3_600_000;

/** The context with a clock that stands. */
export function timed(ctx: Context, now: number): Context {
  return { ...ctx, clock: { now: () => now } };
}

/** An event as a verb leaves it. */
export function eventOf(
  aggregate: string,
  seq: number,
  at: number,
  more: Partial<CairnEvent> = {},
): CairnEvent {
  return {
    type: 'endpoint.changed',
    aggregate,
    seq,
    actor: 'ada',
    requestId: `request-${seq}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    at,
    subject: { endpoint: aggregate },
    ...more,
  };
}

export const inDefault = (event: CairnEvent) => ({ event, workspace: 'default' });

/** Everything that is entered, in the order of the log. */
export async function wholeLog(ctx: Context): Promise<AuditEntry[]> {
  const documents = await ctx.stores
    .documents('audit')
    .query<EntryDocument>(
      { text: "SELECT * FROM c WHERE c.type = 'audit-entry'" },
      { consistency: 'strong' },
    );
  return documents.map(({ entry }) => entry).toSorted((a, b) => a.seq - b.seq);
}

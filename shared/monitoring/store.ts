import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import type { BaselineDocument, GoneMonitor, Monitor, MonitorResult } from './model.ts';
import {
  type BaselineV1,
  type MonitorV1,
  type ResultV1,
  upcastBaseline,
  upcastMonitor,
  upcastResult,
} from './upcast.ts';

/** A monitor, its results and its baselines share one partition, so that a result and its event are one write. */
export const keyOf = (ctx: Context, monitorId: string): readonly string[] => [ctx.workspace, monitorId];

/** What stands on the agenda for a monitor. */
export function agendaName(ctx: Context, monitorId: string): string {
  return `monitor:${ctx.workspace}:${monitorId}`;
}

export const container = (ctx: Context) => ctx.stores.documents('monitors');

/** Throws `not-found` where there is no such monitor. */
export async function readMonitor(ctx: Context, monitorId: string): Promise<Stored<Monitor>> {
  const stored = await findMonitor(ctx, monitorId);
  if (!stored) throw unknownMonitor(monitorId);
  return stored;
}

/** The words where there is no monitor of a name. */
export function unknownMonitor(monitorId: string): CairnError {
  return new CairnError('not-found', `There is no monitor named '${monitorId}'.`, { field: 'name' });
}

export async function findMonitor(ctx: Context, monitorId: string): Promise<Stored<Monitor> | undefined> {
  const stored = await readAnyMonitor(ctx, monitorId);
  return stored && isThere(stored) ? stored : undefined;
}

/** A monitor, or what is left of one. */
export async function readAnyMonitor(
  ctx: Context,
  monitorId: string,
): Promise<Stored<Monitor | GoneMonitor> | undefined> {
  const stored = await container(ctx).read<Monitor | GoneMonitor | MonitorV1>(
    keyOf(ctx, monitorId),
    'monitor',
  );
  return stored && { ...stored, doc: upcastMonitor(stored.doc) };
}

export function isThere(stored: Stored<Monitor | GoneMonitor>): stored is Stored<Monitor> {
  return stored.doc.type === 'monitor';
}

export function resultId(windowEnd: number): string {
  return `result:${String(windowEnd).padStart(14, '0')}`;
}

export async function readResult(
  ctx: Context,
  monitorId: string,
  windowEnd: number,
): Promise<Stored<MonitorResult> | undefined> {
  const stored = await container(ctx).read<MonitorResult | ResultV1>(
    keyOf(ctx, monitorId),
    resultId(windowEnd),
  );
  return stored && { ...stored, doc: upcastResult(stored.doc) };
}

/** Results whose windows end in [from, to], newest first. */
export async function readResults(
  ctx: Context,
  monitorId: string,
  { from = 0, to = Number.MAX_SAFE_INTEGER }: { readonly from?: number; readonly to?: number },
  limit: number,
): Promise<MonitorResult[]> {
  const found = await container(ctx).query<MonitorResult | ResultV1>(
    {
      text: "SELECT * FROM c WHERE c.type = 'result' AND c.windowEnd >= @from AND c.windowEnd <= @to ORDER BY c.windowEnd DESC",
      values: { from, to },
    },
    { key: keyOf(ctx, monitorId), limit },
  );
  return found.map(upcastResult);
}

/** A baseline with its etag. */
export async function readBaseline(
  ctx: Context,
  monitorId: string,
  digest: string,
): Promise<Stored<BaselineDocument> | undefined> {
  const stored = await container(ctx).read<BaselineDocument | BaselineV1>(
    keyOf(ctx, monitorId),
    baselineId(digest),
  );
  return stored && { ...stored, doc: upcastBaseline(stored.doc) };
}

/** The baselines of a monitor. */
export async function baselinesOf(ctx: Context, monitorId: string): Promise<BaselineDocument[]> {
  const found = await container(ctx).query<BaselineDocument | BaselineV1>(
    { text: "SELECT * FROM c WHERE c.type = 'baseline'" },
    { key: keyOf(ctx, monitorId), consistency: 'strong' },
  );
  return found.map(upcastBaseline);
}

/** The baseline of a version, or the one `compute` finds; whoever is first fixes it for all later checks. */
export async function fixedBaseline(
  ctx: Context,
  monitorId: string,
  digest: string,
  compute: () => Promise<Pick<BaselineDocument, 'figures' | 'calibrator' | 'window'> | undefined>,
): Promise<BaselineDocument | undefined> {
  const existing = await readBaseline(ctx, monitorId, digest);
  if (existing) return existing.doc;
  const computed = await compute();
  if (!computed) return undefined;
  const doc: BaselineDocument = {
    id: baselineId(digest),
    type: 'baseline',
    v: 2,
    workspace: ctx.workspace,
    monitorId,
    digest,
    ...computed,
  };
  const { outcome } = await container(ctx).write(keyOf(ctx, monitorId), { op: 'create', doc });
  return outcome === 'exists' ? (await readBaseline(ctx, monitorId, digest))?.doc : doc;
}

function baselineId(digest: string): string {
  return `baseline:${digest}`;
}

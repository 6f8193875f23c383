import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import type { Baseline, BaselineDocument, GoneMonitor, Monitor, MonitorResult } from './model.ts';

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
export function readAnyMonitor(
  ctx: Context,
  monitorId: string,
): Promise<Stored<Monitor | GoneMonitor> | undefined> {
  return container(ctx).read<Monitor | GoneMonitor>(keyOf(ctx, monitorId), 'monitor');
}

export function isThere(stored: Stored<Monitor | GoneMonitor>): stored is Stored<Monitor> {
  return stored.doc.type === 'monitor';
}

export function resultId(windowEnd: number): string {
  return `result:${String(windowEnd).padStart(14, '0')}`;
}

export function readResult(
  ctx: Context,
  monitorId: string,
  windowEnd: number,
): Promise<Stored<MonitorResult> | undefined> {
  return container(ctx).read<MonitorResult>(keyOf(ctx, monitorId), resultId(windowEnd));
}

/** The baseline of a version, or the one `compute` finds; whoever is first fixes it for all later checks. */
export async function fixedBaseline(
  ctx: Context,
  monitorId: string,
  digest: string,
  compute: () => Promise<(Baseline & Pick<BaselineDocument, 'window'>) | undefined>,
): Promise<Baseline | undefined> {
  const key = keyOf(ctx, monitorId);
  const id = `baseline:${digest}`;
  const existing = await container(ctx).read<BaselineDocument>(key, id);
  if (existing) return existing.doc;
  const computed = await compute();
  if (!computed) return undefined;
  const doc: BaselineDocument = {
    id,
    type: 'baseline',
    v: 1,
    workspace: ctx.workspace,
    monitorId,
    digest,
    ...computed,
  };
  const { outcome } = await container(ctx).write(key, { op: 'create', doc });
  return outcome === 'exists' ? (await container(ctx).read<BaselineDocument>(key, id))?.doc : doc;
}

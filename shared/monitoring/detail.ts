import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { ItemDetail } from './drift/columns.ts';
import type { SignalName } from './signal.ts';

/** All that a check found, beside what its result has room for. */
export type ResultDetail = {
  readonly v: 1;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly checkedAt: number;
  readonly signals: readonly {
    readonly signal: SignalName;
    readonly segment: string;
    readonly items: readonly ItemDetail[];
  }[];
};

/** Where what monitors of an endpoint keep beside their results is, in container `profiles`. */
export function checksFolder(ctx: Context, endpoint: string): string {
  return `${ctx.workspace}/${endpoint}/checks/`;
}

/** The same of one monitor: the details of its results, and what its detectors know. */
export function detailsFolder(ctx: Context, endpoint: string, monitorId: string): string {
  return `${checksFolder(ctx, endpoint)}${monitorId}/`;
}

function detailName(
  ctx: Context,
  { endpoint, monitorId, windowEnd }: { endpoint: string; monitorId: string; windowEnd: number },
): string {
  return `${detailsFolder(ctx, endpoint, monitorId)}${String(windowEnd).padStart(14, '0')}.json`;
}

/** Writes the detail of a result, before the result itself: where there is a result there is its detail. */
export async function writeDetail(
  ctx: Context,
  of: { readonly endpoint: string; readonly monitorId: string; readonly windowEnd: number },
  detail: ResultDetail,
): Promise<void> {
  await ctx.stores
    .blobs('profiles')
    .write(detailName(ctx, of), Buffer.from(JSON.stringify(detail)), { contentType: 'application/json' });
}

/** Throws `not-found` for a result from before details were kept. */
export async function readDetail(
  ctx: Context,
  of: { readonly endpoint: string; readonly monitorId: string; readonly windowEnd: number },
): Promise<ResultDetail> {
  const bytes = await ctx.stores.blobs('profiles').read(detailName(ctx, of));
  if (bytes) return JSON.parse(bytes.toString()) as ResultDetail;
  throw new CairnError('not-found', `The result has no detail; check its window again to have it made.`, {
    field: 'windowEnd',
  });
}

export async function removeDetail(
  ctx: Context,
  of: { readonly endpoint: string; readonly monitorId: string; readonly windowEnd: number },
): Promise<void> {
  await ctx.stores.blobs('profiles').remove(detailName(ctx, of));
}

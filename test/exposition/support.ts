import type { Context } from '../../shared/context.ts';
import { createEndpoint } from '../../shared/endpoints/index.ts';
import { exposition } from '../../shared/exposition/index.ts';
import type { SignalResult } from '../../shared/monitoring/index.ts';
import { type Parsed, parseExposition } from './parse.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** The context at a time of its own; everything else is shared. */
export const at = (ctx: Context, now: number): Context => ({ ...ctx, clock: { now: () => now } });

/** An endpoint whose one deployment, `main`, is elsewhere. */
export async function endpoint(ctx: Context, name: string): Promise<void> {
  await createEndpoint(ctx, {
    name,
    deployments: [{ name: 'main', url: 'https://models.example.com/invocations' }],
  });
}

/** What a scrape reads; it throws where a rule of the format is broken. */
export async function scrape(ctx: Context, format: 'text' | 'openmetrics' = 'openmetrics'): Promise<Parsed> {
  return parseExposition(await exposition(ctx, format), format);
}

/** The samples that may only grow, by name and labels. */
export function counters({ samples, types }: Parsed): Map<string, number> {
  const counting = samples.filter(({ family }) => /counter|histogram/.test(types.get(family) ?? ''));
  return new Map(counting.map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]));
}

/** The counters of one scrape that are less than they were at the one before. */
export function fallen(before: Parsed, after: Parsed): string[] {
  const then = counters(before);
  const now = counters(after);
  return [...then].filter(([series, value]) => (now.get(series) ?? 0) < value).map(([series]) => series);
}

/** Writes a document into the partition of a monitor. */
export async function write(
  ctx: Context,
  monitorId: string,
  doc: { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const documents = ctx.stores.documents('monitors');
  const stored = { v: 1, workspace: ctx.workspace, monitorId, ...doc };
  const key = [ctx.workspace, monitorId];
  const known = await documents.read(key, doc.id);
  await documents.write(
    key,
    known ? { op: 'replace', doc: stored, etag: known.etag } : { op: 'create', doc: stored },
  );
}

/** A result of a window, version 2. */
export function result(
  ofEndpoint: string,
  windowEnd: number,
  signals: readonly SignalResult[],
  checkedAt = windowEnd + minute,
) {
  return {
    id: `result:${String(windowEnd).padStart(14, '0')}`,
    type: 'result',
    v: 2,
    endpoint: ofEndpoint,
    windowStart: windowEnd - hour,
    windowEnd,
    checkedAt,
    settled: true,
    model: null,
    otherVersionsRows: 0,
    reference: { source: 'none', why: 'a test' },
    rows: { reference: 1000, current: 500 },
    signals,
  };
}

/** A signal as a check tells it. */
export const signal = (
  fields: Partial<SignalResult> & Pick<SignalResult, 'signal' | 'metric'>,
): SignalResult => ({
  segment: '',
  severity: 'warning',
  verdict: 'ok',
  value: 0.1,
  bounds: { upper: 0.3 },
  items: [],
  ...fields,
});

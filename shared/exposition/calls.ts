import type { Context } from '../context.ts';
import type { Endpoint } from '../endpoints/index.ts';
import {
  continueTotals,
  greaterTotals,
  readTotals,
  seriesOf,
  type Total,
  type Totals,
} from '../summaries/index.ts';
import type { Labels } from './families.ts';
import type { OwnedRow } from './owned.ts';

const minute = 60_000;
const hour = 60 * minute;
/** What instances count arrives long before that; what comes later is found when hours that are over are read again. */
const settledMilliseconds = 15 * minute;
const againMilliseconds = 5 * minute;
/** Versions of deployments of one endpoint: those that were called last. */
export const seriesMax = 20;

/** What has been told of the calls of one endpoint. Nothing of `series` ever grows less while it is the same endpoint. */
export type Calls = {
  readonly endpoint: string;
  readonly createdAt: number;
  /** Of the hours that are over, as they were read at a time: only the last one or two are read each time. */
  readonly over: Totals & { readonly readAt: number };
  readonly series: readonly Total[];
};

/** What is counted of an endpoint by now, never less than what was told before. */
export async function callsNow(
  ctx: Context,
  { name, createdAt }: Pick<Endpoint, 'name' | 'createdAt'>,
  told: Calls | undefined,
): Promise<Calls> {
  const now = ctx.clock.now();
  const before = told?.createdAt === createdAt ? told : undefined;
  const until = Math.floor((now - settledMilliseconds) / hour) * hour;
  const over =
    before?.over.until === until && Math.abs(now - before.over.readAt) < againMilliseconds
      ? before.over
      : { ...(await readTotals(ctx, { name, createdAt }, until)), readAt: now };
  // The clock of another instance may be a little ahead.
  const { series } = await continueTotals(ctx, name, over, now + hour);
  return { endpoint: name, createdAt, over, series: greaterTotals(series, before?.series ?? []) };
}

/** The calls of an endpoint as rows. */
export function rowsOfCalls({ endpoint, series }: Calls): OwnedRow[] {
  const of = { type: 'endpoint', id: endpoint } as const;
  const latest = series.toSorted((a, b) => b.lastAt - a.lastAt || (seriesOf(a) < seriesOf(b) ? -1 : 1));
  const rows = latest.slice(0, seriesMax).flatMap((total) => rowsOfTotal(endpoint, total));
  const leftOut = Math.max(0, series.length - seriesMax);
  return [
    ...rows.map((row) => ({ ...row, of })),
    ...(leftOut > 0
      ? [
          {
            family: 'cairn_exposition_left_out' as const,
            of,
            labels: { what: 'series', endpoint },
            value: leftOut,
          },
        ]
      : []),
  ];
}

function rowsOfTotal(endpoint: string, total: Total) {
  const { deployment, variant, version, calls, rows, nonFinite, dropped } = total;
  const labels: Labels = { endpoint, deployment, variant, version: version === null ? '' : String(version) };
  return [
    ...Object.entries(calls).map(([outcome, value]) => ({
      family: 'cairn_predictions' as const,
      labels: { ...labels, outcome },
      value,
    })),
    { family: 'cairn_prediction_rows' as const, labels, value: rows },
    { family: 'cairn_prediction_non_finite' as const, labels, value: nonFinite },
    { family: 'cairn_mirror_dropped' as const, labels, value: dropped },
    {
      family: 'cairn_prediction_duration_seconds' as const,
      labels,
      bins: total.durations,
      sum: total.durationMicros / 1_000_000,
    },
  ];
}

/** The versions that an endpoint may answer with now. */
export function rowsOfVersions({ name: endpoint, deployments }: Endpoint): OwnedRow[] {
  const of = { type: 'endpoint', id: endpoint } as const;
  return deployments.flatMap((each) => {
    if (each.kind !== 'model') return [];
    const { name: deployment, model, stable, rollout } = each;
    return [
      { variant: 'stable', pinned: stable },
      { variant: 'canary', pinned: rollout?.to },
    ].flatMap(({ variant, pinned }) => {
      if (!pinned) return [];
      const { version, digest } = pinned;
      const labels = { endpoint, deployment, variant, version: String(version), model, digest };
      return [{ family: 'cairn_model' as const, of, labels, value: 1 }];
    });
  });
}

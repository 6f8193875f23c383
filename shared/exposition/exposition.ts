import type { Context } from '../context.ts';
import { durationBounds } from '../summaries/index.ts';
import type { Row } from './families.ts';
import { seenBy } from './owned.ts';
import { rowsOf, snapshotOf } from './snapshot.ts';
import { type Format, render } from './text.ts';

/** As in package.json. */
const version = '0.1.0';

/**
 * What Prometheus is told of a workspace: of what the caller may see, the same whichever instance is asked. Nothing is
 * checked or counted because of it.
 */
export async function exposition(ctx: Context, format: Format): Promise<string> {
  const snapshot = await snapshotOf(ctx);
  const isSeen = seenBy(ctx.access);
  const rows: Row[] = rowsOf(snapshot).filter(({ of }) => isSeen(of));
  return render([...ofAll(snapshot.at), ...withLeftOut(rows)], durationBounds, format);
}

function ofAll(at: number): Row[] {
  return [
    { family: 'cairn_build', labels: { version }, value: 1 },
    { family: 'cairn_exposition_timestamp_seconds', labels: {}, value: at / 1000 },
  ];
}

/** What was left out, summed up: whose it is would be as much as is left out. */
function withLeftOut(rows: readonly Row[]): Row[] {
  const told = rows.filter(({ family }) => family !== 'cairn_exposition_left_out');
  const sums = new Map(['endpoints', 'series', 'figures', 'alerts', 'jobs'].map((what) => [what, 0]));
  for (const row of rows) {
    const what = row.labels['what'];
    if (row.family !== 'cairn_exposition_left_out' || what === undefined || !('value' in row)) continue;
    sums.set(what, (sums.get(what) ?? 0) + row.value);
  }
  const leftOut = [...sums].map(([what, value]) => ({
    family: 'cairn_exposition_left_out' as const,
    labels: { what },
    value,
  }));
  return [...told, ...leftOut];
}

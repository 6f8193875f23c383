import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { putSegments } from '../profiles/index.ts';
import type { Monitor } from './model.ts';
import { container } from './store.ts';

const valuesMax = 20;

type Split = Pick<Monitor, 'monitorId' | 'segments'>;

/**
 * What is counted of an endpoint is split by one column. Throws `conflict` where another monitor splits it by another, or
 * where all of them together name too many values.
 */
export async function requireOneSplit(
  ctx: Context,
  endpoint: string,
  monitorId: string,
  { column, values }: NonNullable<Monitor['segments']>,
): Promise<void> {
  const all = new Set(values);
  for (const other of await splitsOf(ctx, endpoint)) {
    if (other.monitorId === monitorId || !other.segments) continue;
    for (const value of other.segments.values) all.add(value);
    if (other.segments.column !== column)
      throw new CairnError(
        'conflict',
        `Monitor '${other.monitorId}' splits endpoint '${endpoint}' by '${other.segments.column}', and there is one split for all: take that column, or segments: null there first.`,
        { field: 'segments.column' },
      );
  }
  if (all.size > valuesMax)
    throw new CairnError(
      'conflict',
      `The monitors of endpoint '${endpoint}' would split it by ${all.size} values together, and ${valuesMax} can be told apart: name fewer here or there.`,
      { field: 'segments.values' },
    );
}

/** Splits what is counted of an endpoint by the values that any of its monitors names. */
export async function keepSplit(ctx: Context, { endpoint, monitorId, segments }: Monitor): Promise<void> {
  const others = (await splitsOf(ctx, endpoint)).filter((other) => other.monitorId !== monitorId);
  const all = [...others.map((other) => other.segments), segments].filter((each) => each !== null);
  const [first] = all;
  const values = [...new Set(all.flatMap((each) => each.values))];
  await putSegments(ctx, endpoint, first ? { column: first.column, values } : null);
}

async function splitsOf(ctx: Context, endpoint: string): Promise<Split[]> {
  const found = await container(ctx).query<Split>(
    {
      text: "SELECT c.monitorId, c.segments FROM c WHERE c.type = 'monitor' AND c.endpoint = @endpoint",
      values: { endpoint },
    },
    { key: [ctx.workspace], consistency: 'strong' },
  );
  return found.map(({ monitorId, segments }) => ({ monitorId, segments: segments ?? null }));
}

import type { DocumentContainer, Outcome } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { createRun, type MetricPoint, metricHistoryPage } from '../../shared/tracking/index.ts';

/** Thrown where a test has the process end. */
export class Killed extends Error {}

/** The same context, on stores that end the process instead of carrying out write number `n`, from 0. `writes` counts. */
export function killedAt(ctx: Context, n: number, point: 'before' | 'after' = 'before') {
  const count = { writes: 0 };
  const write = async (carryOut: () => Promise<Outcome>): Promise<Outcome> => {
    const number = count.writes++;
    if (number === n && point === 'before') throw new Killed();
    const outcome = await carryOut();
    if (number === n) throw new Killed();
    return outcome;
  };
  return { ctx: withWrites(ctx, write), count };
}

/** The same context, where `around` carries out every write. */
export function withWrites(
  ctx: Context,
  around: (carryOut: () => Promise<Outcome>) => Promise<Outcome>,
): Context {
  return withContainers(ctx, ['batch', 'write'], around);
}

/** The same context, where `before` happens before every read. */
export function withReads(ctx: Context, before: () => Promise<void>): Context {
  return withContainers(ctx, ['read', 'query'], async (carryOut) => {
    await before();
    return carryOut();
  });
}

function withContainers<T>(
  ctx: Context,
  names: readonly (string | symbol)[],
  around: (carryOut: () => Promise<T>) => Promise<T>,
): Context {
  const wrapped = (container: DocumentContainer): DocumentContainer =>
    new Proxy(container, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        const bound = member.bind(target) as (...args: unknown[]) => Promise<T>;
        return names.includes(name) ? (...args: unknown[]) => around(() => bound(...args)) : bound;
      },
    });
  const documents = Object.assign(
    (name: Parameters<typeof ctx.stores.documents>[0]) => wrapped(ctx.stores.documents(name)),
    ctx.stores.documents,
  );
  return { ...ctx, stores: { ...ctx.stores, documents } };
}

/** A new run in the default experiment. */
export async function newRun(ctx: Context): Promise<string> {
  return (await createRun(ctx, {})).runId;
}

/** The whole history of a metric, read in pages. */
export async function wholeHistory(
  ctx: Context,
  runId: string,
  key: string,
  limit = 25_000,
): Promise<MetricPoint[]> {
  const points: MetricPoint[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await metricHistoryPage(ctx, { runId, key, limit, pageToken });
    points.push(...page.items);
    pageToken = page.nextToken;
    if (pageToken === undefined) return points;
  }
}

/** What the history of a metric must be after these points, in plain objects. */
export function expectedHistory(points: readonly MetricPoint[], key: string): MetricPoint[] {
  const distinct = new Map(
    points
      .filter((p) => p.key === key)
      .map(({ timestamp, step, value }) => [
        JSON.stringify([timestamp, step, String(value)]),
        { key, timestamp, step, value },
      ]),
  );
  // A NaN comes right behind zero.
  const rank = (value: number) => (Number.isNaN(value) ? Number.MIN_VALUE : value);
  return [...distinct.values()].toSorted(
    (a, b) => a.timestamp - b.timestamp || a.step - b.step || (rank(a.value) < rank(b.value) ? -1 : 1),
  );
}

/** How many documents of a type a run has. */
export async function countDocuments(ctx: Context, runId: string, type: string): Promise<number> {
  const rows = await ctx.stores
    .documents('runs')
    .query<string>(
      { text: 'SELECT VALUE c.id FROM c WHERE c.type = @type AND c.runId = @runId', values: { type, runId } },
      { key: ['0', runId], consistency: 'strong' },
    );
  return rows.length;
}

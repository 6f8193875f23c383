import { forgetAlerts } from '../alerts/index.ts';
import { headerOf, type ScoredFile } from '../batch/index.ts';
import type { Context } from '../context.ts';
import { removeReferences, removeResults } from '../monitoring/index.ts';
import { type Hour, keepOnly, logFolder, type LogKind } from '../predictions/index.ts';
import { removeProfiles } from '../profiles/index.ts';
import type { HeldRows } from './holds.ts';

/** What went, or would go: blobs of the log, results and references of monitors, scored files. */
export type Expired = {
  readonly parts: number;
  readonly labels: number;
  readonly results: number;
  readonly references: number;
  readonly files: number;
};

export type Removal = {
  /** Milliseconds since 1970; what is not older stays. */
  readonly before: number;
  /** People whose rows stay, where there are any. */
  readonly held: HeldRows | undefined;
  /** Counts, and removes nothing. */
  readonly isDryRun: boolean;
};

const none: Expired = { parts: 0, labels: 0, results: 0, references: 0, files: 0 };

/** One hour of an endpoint's log, with its labels and its tombstones. */
export async function expireHour(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  { held, isDryRun }: Removal,
): Promise<Expired> {
  if (held)
    return {
      ...none,
      ...(await keepOnly(ctx, {
        endpoint,
        hour,
        columns: held.columns,
        keep: (part) => held.find(part).flatMap(({ rows }) => [...rows]),
        dryRun: isDryRun,
      })),
    };
  const container = ctx.stores.blobs('predictions');
  const folder = (kind: LogKind) => logFolder(ctx, endpoint, kind, hour);
  if (!isDryRun) {
    const [labels] = await Promise.all([
      container.removeBelow(folder('labels')),
      ...(['tombstones', 'queued', 'set-aside'] as const).map((kind) => container.removeBelow(folder(kind))),
      removeProfiles(ctx, endpoint, hour),
    ]);
    // Last, since an hour is found by its parts.
    return { ...none, labels, parts: await container.removeBelow(folder('parts')) };
  }
  const count = async (kind: 'parts' | 'labels') => {
    const names: string[] = [];
    for await (const { name } of container.walk(folder(kind))) names.push(name);
    return names.length;
  };
  return { ...none, parts: await count('parts'), labels: await count('labels') };
}

/** Results of windows that ended before, and what alerts say of them. They are figures, and hold no rows of anybody. */
export async function expireResults(
  ctx: Context,
  monitorId: string,
  { before, isDryRun }: Removal,
): Promise<Expired> {
  const results = await removeResults(ctx, monitorId, before, isDryRun);
  // Afterwards: they are made of results.
  if (!isDryRun) await forgetAlerts(ctx, monitorId, before);
  return { ...none, results };
}

/** References whose rows are all older; while anybody's rows are held they stay, since they may be theirs. */
export async function expireReferences(
  ctx: Context,
  monitorId: string,
  { before, held, isDryRun }: Removal,
): Promise<Expired> {
  return held ? none : { ...none, references: await removeReferences(ctx, monitorId, before, isDryRun) };
}

/** Scored files by the time they were written; while somebody's rows are held those stay that have their column. */
export async function expireFiles(
  ctx: Context,
  list: () => AsyncIterable<ScoredFile>,
  { before, held, isDryRun }: Removal,
): Promise<Expired> {
  let files = 0;
  for await (const file of list()) {
    if (file.modifiedAt > before || (held && (await mayHold(ctx, file, held)))) continue;
    files++;
    if (!isDryRun) await ctx.stores.blobs(file.container).remove(file.name);
  }
  return { ...none, files };
}

async function mayHold(ctx: Context, file: ScoredFile, { columns }: HeldRows): Promise<boolean> {
  const header = await headerOf(ctx, file);
  return !header || columns.some((column) => header.includes(column.replace(/^in\./, '')));
}

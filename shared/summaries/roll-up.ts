import type { BlobContainer } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { inTurns } from '../turns.ts';
import { day, dayBlob, dayFolder, hour, hourBlob, hourFolder, minute, type Owner, spans } from './names.ts';
import { readFile, readInstances, settledMilliseconds } from './read.ts';
import { encodeRecord } from './record.ts';
import { removeSummaries } from './remove.ts';
import { mergeSummaries, type Summary } from './summary.ts';
import { carryTotals } from './totals.ts';

const endpointsAtOnce = 4;
const windowsPerLine = 200;
/** Files of single instances stay for so many days, then those of their hours say the same. */
const instanceDays = 3;

/**
 * Puts the hours that are over together, and the days, so that a month is read in some thirty files. Each file follows
 * from those it is made of and from nothing else: made twice, or by two at once, it is the same. What an instance writes
 * late is taken in as long as its day is yesterday at the latest. What is older than anything is kept is removed; an
 * endpoint with a data policy keeps it no longer than that says.
 */
export async function rollUpSummaries(ctx: Context): Promise<void> {
  const blobs = ctx.stores.blobs('profiles');
  const owners: Owner[] = [];
  for (const workspace of await foldersIn(blobs, ''))
    for (const endpoint of await foldersIn(blobs, `${workspace}/`)) owners.push({ workspace, endpoint });
  const today = Math.floor(ctx.clock.now() / day) * day;
  await inTurns(owners, endpointsAtOnce, async (owner) => {
    for (const at of [today - day, today]) await rollUpDay(ctx, blobs, owner, at);
    await removeInstances(blobs, owner, today - instanceDays * day);
    const { workspace, endpoint } = owner;
    await carryTotals({ ...ctx, workspace }, endpoint, today - day);
    await removeSummaries({ ...ctx, workspace }, endpoint, today - ctx.settings.retentionDaysMax * day);
  });
}

async function rollUpDay(ctx: Context, blobs: BlobContainer, owner: Owner, at: number): Promise<void> {
  const settled = ctx.clock.now() - settledMilliseconds;
  const modified = await modifiedIn(blobs, owner, at);
  const made: string[] = [];
  for (const each of spans(at, Math.min(at + day, settled - hour + 1), hour)) {
    const parts = [...modified.keys()].filter((name) => name.startsWith(hourFolder(owner, each)));
    const whole = hourBlob(owner, each);
    if (parts.length === 0) continue;
    made.push(whole);
    if (isUpToDate(modified, whole, parts)) continue;
    await write(blobs, whole, await readInstances(blobs, parts));
    modified.delete(whole);
  }
  const whole = dayBlob(owner, at);
  if (made.length === 0 || at + day > settled || isUpToDate(modified, whole, made)) return;
  const hours = await inTurns(made, 8, (name) => readFile(blobs, name));
  const windows = hours.flatMap((each) => each ?? []);
  await write(blobs, whole, mergeSummaries(windows, hour));
}

/** Whether a file was made a minute after all that it is made of: what was written while it was made is in doubt. */
function isUpToDate(modified: ReadonlyMap<string, number>, made: string, of: readonly string[]): boolean {
  const at = modified.get(made) ?? 0;
  return of.every((name) => (modified.get(name) ?? Infinity) + minute < at);
}

/** When each file of a day was written last, that of the day itself among them. */
async function modifiedIn(blobs: BlobContainer, owner: Owner, at: number): Promise<Map<string, number>> {
  const modified = new Map<string, number>();
  for await (const { name, modifiedAt } of blobs.walk(dayFolder(owner, at).slice(0, -1)))
    modified.set(name, modifiedAt);
  return modified;
}

async function write(blobs: BlobContainer, name: string, windows: readonly Summary[]): Promise<void> {
  const lines: string[] = [];
  for (let i = 0; i < windows.length; i += windowsPerLine)
    lines.push(encodeRecord({ instance: '*', seq: i, windows: windows.slice(i, i + windowsPerLine) }));
  await blobs.write(name, Buffer.from(lines.join('')), { contentType: 'application/x-ndjson' });
}

async function removeInstances(blobs: BlobContainer, owner: Owner, at: number): Promise<void> {
  const modified = await modifiedIn(blobs, owner, at);
  for (const each of spans(at, at + day, hour))
    if (modified.has(hourBlob(owner, each))) await blobs.removeBelow(hourFolder(owner, each));
}

async function foldersIn(blobs: BlobContainer, prefix: string): Promise<string[]> {
  const folders: string[] = [];
  for await (const { kind, name } of blobs.list(prefix))
    if (kind === 'prefix') folders.push(name.slice(prefix.length, -1));
  return folders;
}

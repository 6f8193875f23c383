import type { BlobContainer } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { inTurns } from '../turns.ts';
import { day, dayBlob, hour, hourBlob, hourFolder, minute, type Owner, spans } from './names.ts';
import { decodeRecords } from './record.ts';
import { mergeSummaries, type Summary } from './summary.ts';

const readsAtOnce = 8;
/** An hour or a day is put together when it has been over for so long; until then nobody looks for it. */
export const settledMilliseconds = 15 * minute;

/**
 * What was counted of an endpoint's calls from `from` to before `to`, of all instances together, by minute or by hour,
 * in order of time. By hour it reads a file for each day that is over, by minute one for each hour; of the hours since,
 * one for each instance. What an instance counts arrives within twice `predictionFlushSeconds`.
 */
export async function readSummaries(
  ctx: Context,
  endpoint: string,
  from: number,
  to: number,
  by: 'minute' | 'hour' = 'minute',
): Promise<Summary[]> {
  const owner = { workspace: ctx.workspace, endpoint };
  const blobs = ctx.stores.blobs('profiles');
  const now = ctx.clock.now();
  const read =
    by === 'hour'
      ? await inTurns(spans(from, to, day), readsAtOnce, (at) => readDay(blobs, owner, at, now, [from, to]))
      : await inTurns(spans(from, to, hour), readsAtOnce, (at) => readHour(blobs, owner, at, now));
  const within = read.flat().filter(({ at }) => at >= from && at < to);
  return mergeSummaries(within, by === 'hour' ? hour : minute);
}

/** A day by hour, or so much of it as lies in the range. */
async function readDay(
  blobs: BlobContainer,
  owner: Owner,
  at: number,
  now: number,
  [from, to]: readonly [number, number],
): Promise<Summary[]> {
  const whole = at + day + settledMilliseconds <= now ? await readFile(blobs, dayBlob(owner, at)) : undefined;
  if (whole) return whole;
  const hours = spans(Math.max(at, from), Math.min(at + day, to, now + hour), hour);
  return (await inTurns(hours, readsAtOnce, (each) => readHour(blobs, owner, each, now))).flat();
}

async function readHour(blobs: BlobContainer, owner: Owner, at: number, now: number): Promise<Summary[]> {
  if (at > now) return [];
  const isOver = at + hour + settledMilliseconds <= now;
  const whole = isOver ? await readFile(blobs, hourBlob(owner, at)) : undefined;
  return whole ?? readInstances(blobs, await namesIn(blobs, hourFolder(owner, at)));
}

/** What several files hold, merged by minute. */
export async function readInstances(blobs: BlobContainer, names: readonly string[]): Promise<Summary[]> {
  const files = await inTurns(names, readsAtOnce, (name) => readFile(blobs, name));
  return mergeSummaries(
    files.flatMap((windows) => windows ?? []),
    minute,
  );
}

export async function readFile(blobs: BlobContainer, name: string): Promise<Summary[] | undefined> {
  const bytes = await blobs.read(name);
  return bytes && decodeRecords(bytes.toString()).flatMap(({ windows }) => windows);
}

async function namesIn(blobs: BlobContainer, folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of blobs.walk(folder)) names.push(name);
  return names;
}

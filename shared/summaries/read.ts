import type { BlobContainer } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { inTurns } from '../turns.ts';
import { day, dayBlob, dayFolder, hour, hourBlob, hourFolder, minute, type Owner, spans } from './names.ts';
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
  const settled = ctx.clock.now() - settledMilliseconds;
  const files = await inTurns(spans(from, to, day), readsAtOnce, async (at) => {
    const whole =
      by === 'hour' && at + day <= settled ? await readFile(blobs, dayBlob(owner, at)) : undefined;
    return whole
      ? [whole]
      : readDay(blobs, owner, spans(Math.max(at, from), Math.min(at + day, to), hour), settled);
  });
  const within = files.flat(2).filter(({ at }) => at >= from && at < to);
  return mergeSummaries(within, by === 'hour' ? hour : minute);
}

/** Some hours of a day: each from its own file, where there is one by now, else from those of the instances. */
async function readDay(
  blobs: BlobContainer,
  owner: Owner,
  hours: readonly number[],
  settled: number,
): Promise<(readonly Summary[])[]> {
  const [first = 0] = hours;
  const present: string[] = [];
  for await (const { name } of blobs.walk(dayFolder(owner, first))) present.push(name);
  const names = hours.flatMap((at) => {
    const whole = hourBlob(owner, at);
    if (at + hour <= settled && present.includes(whole)) return [whole];
    return present.filter((name) => name.startsWith(hourFolder(owner, at)));
  });
  return inTurns(names, readsAtOnce, async (name) => (await readFile(blobs, name)) ?? []);
}

/** What several files hold, merged by minute. */
export async function readInstances(blobs: BlobContainer, names: readonly string[]): Promise<Summary[]> {
  const files = await inTurns(names, readsAtOnce, async (name) => (await readFile(blobs, name)) ?? []);
  return mergeSummaries(files.flat(), minute);
}

export async function readFile(blobs: BlobContainer, name: string): Promise<Summary[] | undefined> {
  const bytes = await blobs.read(name);
  return bytes && decodeRecords(bytes.toString()).flatMap(({ windows }) => windows);
}

import type { Context } from '../../context.ts';
import type { Page } from '../../http/index.ts';
import type { WholeRun } from '../model.ts';
import { completeRuns } from '../runs/texts.ts';
import { findRuns, parseRunSearch, type RunSearch, tokenWithin } from './find-runs.ts';

/** Runs that are found, and completed, in one step. */
const foundAtOnceMax = 1000;
const completedAtOnceMax = 100;
/** About so many bytes of whole runs a page has at most, and one step more: it must fit an instance's memory. */
const pageBytesMax = 32 * 1024 * 1024;

/**
 * Whole runs of some experiments that fulfil a filter, in order. Experiments that do not exist have no
 * runs. There is a token exactly where there is more; it is good for the same search only. A page ends
 * before its limit where it has about `bytesMax` bytes.
 */
export async function searchRuns(
  ctx: Context,
  search: RunSearch,
  bytesMax = pageBytesMax,
): Promise<Page<WholeRun>> {
  const parsed = parseRunSearch(search);
  const items: WholeRun[] = [];
  let bytes = 0;
  let { pageToken, limit: left } = search;
  for (;;) {
    const step = { ...search, limit: Math.min(left, foundAtOnceMax), pageToken };
    const { items: found, nextToken } = await findRuns(ctx, step, parsed);
    for (let count = 0; count < found.length; count += completedAtOnceMax) {
      if (bytes >= bytesMax) return { items, nextToken: tokenWithin(ctx, search, parsed, found, count) };
      const whole = await completeRuns(ctx, found.slice(count, count + completedAtOnceMax));
      items.push(...whole);
      bytes += whole.reduce((sum, run) => sum + roughBytes(run), 0);
    }
    left -= found.length;
    pageToken = nextToken;
    if (nextToken === undefined) return { items };
    if (left === 0 || bytes >= bytesMax) return { items, nextToken };
  }
}

/** The length of what may be long in a run. */
function roughBytes({ params, tags, m, datasets = [] }: WholeRun): number {
  const texts = [
    ...Object.values(params),
    ...Object.values(tags),
    ...datasets.flatMap(({ source, schema = '', profile = '' }) => [source, schema, profile]),
  ];
  return texts.reduce((sum, text) => sum + text.length + 64, Object.keys(m).length * 128);
}

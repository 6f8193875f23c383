import type { Stores } from '../../azure/index.ts';
import type { SegmentSource } from '../verify/verify.ts';
import { linesOf } from './lines.ts';
import { checkpointsBlob, entriesBlob, segmentOf } from './names.ts';

/** A blob of a segment. */
export type SegmentFile = {
  readonly name: string;
  readonly segment: string;
  readonly kind: 'entries' | 'checkpoints';
  readonly bytes: number;
};

/** Where the segments are. */
type Storage = { readonly stores: Pick<Stores, 'blobs'> };

/** Which hours: from one to another, both of them included. */
export type Hours = { readonly from?: string | undefined; readonly to?: string | undefined };

/** The blobs of all segments, by their hours; only the years, months and days that are asked for are listed. */
export async function* segmentFiles(
  ctx: Storage,
  { from = '', to = '9' }: Hours = {},
  order: 'oldest' | 'newest' = 'oldest',
): AsyncGenerator<SegmentFile> {
  yield* below('');

  async function* below(prefix: string): AsyncGenerator<SegmentFile> {
    const found = [];
    for await (const each of ctx.stores.blobs('audit').list(prefix)) found.push(each);
    if (order === 'newest') found.reverse();
    for (const each of found) {
      // `2026/03/` as far as hours have it: `2026-03`.
      const part = each.name.replace(/\/$/, '').replaceAll('/', '-');
      if (each.kind === 'prefix') {
        if (part >= from.slice(0, part.length) && part <= to.slice(0, part.length)) yield* below(each.name);
        continue;
      }
      const segment = segmentOf(each.name);
      if (segment === undefined || segment < from || segment > to) continue;
      const kind = each.name === entriesBlob(segment) ? 'entries' : 'checkpoints';
      yield { name: each.name, segment, kind, bytes: each.bytes };
    }
  }
}

/** The segments as they are stored, to be verified. */
export function storedSegments(ctx: Storage, hours: Hours = {}): SegmentSource {
  return {
    async *segments() {
      let last: string | undefined;
      for await (const { segment } of segmentFiles(ctx, hours)) {
        if (segment !== last) yield segment;
        last = segment;
      }
    },
    entries: (segment) => blobLines(ctx, entriesBlob(segment)),
    checkpoints: (segment) => blobLines(ctx, checkpointsBlob(segment)),
  };
}

async function* blobLines(ctx: Storage, name: string): AsyncGenerator<string> {
  const opened = await ctx.stores.blobs('audit').open(name);
  if (opened) yield* linesOf(opened.body);
}

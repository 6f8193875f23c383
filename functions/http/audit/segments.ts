import { type SegmentFile, segmentFiles, segmentOf } from '../../../shared/audit/index.ts';
import type { BlobFile } from '../../../shared/azure/index.ts';
import type { Context } from '../../../shared/context.ts';
import { CairnError } from '../../../shared/http/index.ts';

type Hour = { readonly name: string; readonly files: readonly string[]; readonly bytes: number };

/** Hours with their files. A page ends with a whole hour, whose name is the token. */
export async function segmentPage(ctx: Context, order: 'newest' | 'oldest', limit: number, token?: string) {
  if (token !== undefined && !/^\d{4}-\d\d-\d\dT\d\d$/.test(token))
    throw new CairnError(
      'invalid',
      `Invalid page token '${token.slice(0, 100)}'; pass the next_page_token of the answer before.`,
      { field: 'page_token' },
    );
  const hours = order === 'newest' ? { to: token } : { from: token };
  const segments: Hour[] = [];
  for await (const hour of byHour(segmentFiles(ctx, hours, order))) {
    if (hour.name === token) continue;
    if (segments.length === limit) return { segments, next_page_token: segments.at(-1)?.name };
    segments.push(hour);
  }
  return { segments };
}

/** A file of an hour. Throws `not-found`, also for what else lies in the container. */
export async function segmentFile(ctx: Context, name: string): Promise<BlobFile> {
  const file = segmentOf(name) === undefined ? undefined : await ctx.stores.blobs('audit').file(name);
  if (file) return file;
  throw new CairnError(
    'not-found',
    'There is no such segment; GET /api/v1/audit/segments lists the files of each hour.',
    { field: 'name' },
  );
}

async function* byHour(files: AsyncIterable<SegmentFile>): AsyncGenerator<Hour> {
  let hour: Hour | undefined;
  for await (const { segment, name, bytes } of files) {
    if (hour && hour.name !== segment) {
      yield hour;
      hour = undefined;
    }
    hour = { name: segment, files: [...(hour?.files ?? []), name], bytes: (hour?.bytes ?? 0) + bytes };
  }
  if (hour) yield hour;
}

import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SegmentSource } from '../verify/verify.ts';
import { linesOf } from './lines.ts';
import { checkpointsBlob, entriesBlob, segmentOf } from './names.ts';

/** Segments that were downloaded into a folder, as they are named in the container. */
export function segmentsIn(folder: string): SegmentSource {
  return {
    async *segments() {
      const names = await readdir(folder, { recursive: true });
      const segments = names.map((name) => segmentOf(name.replaceAll('\\', '/')));
      yield* new Set(segments.filter((segment) => segment !== undefined).toSorted());
    },
    entries: (segment) => fileLines(join(folder, entriesBlob(segment))),
    checkpoints: (segment) => fileLines(join(folder, checkpointsBlob(segment))),
  };
}

async function* fileLines(path: string): AsyncGenerator<string> {
  const found = await stat(path).catch(() => undefined);
  if (found) yield* linesOf(createReadStream(path) as AsyncIterable<Buffer>);
}

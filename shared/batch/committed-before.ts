import { crc32 } from 'node:zlib';
import type { BlobContainer } from '../azure/index.ts';
import type { DoneChunk } from './chunk.ts';
import { joinCrc } from './crc.ts';
import type { FileEnd } from './report.ts';

/*
 * After a restore of the metadata to an earlier time a job can be run again whose output is there already. Its chunks
 * may have been taken up more or less often than then, and so have blocks of other names; what they hold is the same.
 */

/** Whether a blob holds exactly what these chunks, and what stands behind them, hold. It is read whole. */
export async function holdsSame(
  container: BlobContainer,
  name: string,
  chunks: readonly Pick<DoneChunk, 'progress'>[],
  end: FileEnd,
): Promise<boolean> {
  const pieces = [...chunks.map(({ progress }) => progress), end];
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  const opened = await container.open(name);
  if (opened?.bytes !== bytes) {
    opened?.body.destroy();
    return false;
  }
  let crc = 0;
  for await (const piece of opened.body as AsyncIterable<Buffer>) crc = crc32(piece, crc);
  return crc === pieces.reduce((sum, piece) => joinCrc(sum, piece.crc, piece.bytes), 0);
}

/** Whether a blob is made of blocks of these chunks alone, whoever took them up: the numbers of the chunks begin their names. */
export async function isOfSameChunks(
  container: BlobContainer,
  name: string,
  blockIds: readonly string[],
): Promise<boolean> {
  const chunkOf = (id: string) => (/^\d{14}$/.test(id) ? id.slice(0, 6) : undefined);
  const theirs = (await container.committedBlocks(name)).map(chunkOf);
  const ours = blockIds.map(chunkOf);
  return (
    theirs.length === ours.length && theirs.every((chunk, i) => chunk !== undefined && chunk === ours[i])
  );
}

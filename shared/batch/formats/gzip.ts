import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError } from '../../datasets/index.ts';

/** Unpacked at a stretch: each takes a turn of a thread. */
const pieceBytes = 256 * 1024;

/**
 * The bytes of a gzip file, unpacked, from position `from` of them on. Nothing but the piece at hand is held, however
 * much it unpacks to.
 * @throws {CsvError} for a file that is none, or that breaks off.
 */
export async function* unpacked(source: AsyncIterable<Uint8Array>, from = 0): AsyncGenerator<Uint8Array> {
  let before = from;
  // What goes wrong while the file is fetched is not the file's fault, and looks like it behind the pipe.
  const fetched: { error?: unknown } = {};
  const read = async function* () {
    try {
      yield* source;
    } catch (error) {
      fetched.error = error;
      throw error;
    }
  };
  const packed = Readable.from(read());
  const unpacking = createGunzip({ chunkSize: pieceBytes });
  packed.on('error', (error) => unpacking.destroy(error));
  try {
    for await (const piece of packed.pipe(unpacking) as AsyncIterable<Buffer>) {
      if (before >= piece.length) {
        before -= piece.length;
        continue;
      }
      yield before > 0 ? piece.subarray(before) : piece;
      before = 0;
    }
  } catch (error) {
    if (fetched.error !== undefined) throw fetched.error;
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
    throw new CsvError({
      reason:
        (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
          ? 'The gzip file breaks off; upload it whole'
          : 'The file is no gzip file, or a broken one; set gzip to false in the options if it is not packed',
    });
  } finally {
    packed.destroy();
    unpacking.destroy();
  }
}

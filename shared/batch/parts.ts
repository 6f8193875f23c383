import { crc32 } from 'node:zlib';
import type { Context } from '../context.ts';
import type { Written } from './formats/writer.ts';
import { type BadReason, type BatchChunk, blockId, type Progress } from './chunk.ts';
import type { BatchFile } from './file.ts';
import type { RowProblem } from './formats/rows.ts';
import { addReasons } from './reasons.ts';

/** What most blocks of rows take in the output. */
const blockBytes = 1024 * 1024;

/** Memory of a chunk that is done, for the next one. */
let spare: Buffer | undefined;
const spareBytesMax = 16 * 1024 * 1024;

/** Collects the output of a chunk and stages it as blocks of the output and of the file of errors. */
export class Parts {
  progress: Progress;
  readonly #ctx: Context;
  readonly #chunk: Pick<BatchChunk, 'index'> & { readonly attempt: number };
  readonly #file: BatchFile;
  /** Output not staged yet; one buffer for all parts, so that memory does not follow the size of the chunk. */
  #part: Buffer;
  #bytes = 0;
  #rows = 0;
  #read = 0;
  /** Lines of the file of errors that are not staged yet. */
  #errors: Buffer[] = [];
  #errorBytes = 0;
  #bad = 0;
  #reasons: readonly BadReason[];
  #groups: unknown[] = [];
  #staged = 0;

  constructor(
    ctx: Context,
    chunk: Pick<BatchChunk, 'index'> & { readonly attempt: number; readonly progress: Progress },
    file: BatchFile,
    partBytes: number,
  ) {
    this.#ctx = ctx;
    this.#chunk = chunk;
    this.#file = file;
    // A part ends with the block that fills it.
    const bytes = partBytes + blockBytes;
    this.#part = spare && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(bytes);
    spare = undefined;
    this.progress = chunk.progress;
    this.#reasons = chunk.progress.reasons ?? [];
  }

  /** Leaves its memory to the next chunk; nothing may be added to it any more, nor be on its way to storage. */
  release(): void {
    if (this.#part.length <= spareBytesMax) spare = this.#part;
    this.#part = Buffer.alloc(0);
  }

  get pendingBytes(): number {
    return this.#bytes + this.#errorBytes;
  }

  /** Rows that could not be scored so far, whether that is recorded or not. */
  get bad(): number {
    return this.progress.bad + this.#bad;
  }

  add({ bytes, groups = [] }: Written, rows: { readonly rows: number; readonly read: number }): void {
    this.#append(bytes);
    this.#rows += rows.rows;
    this.#read += rows.read;
    this.#groups.push(...groups);
  }

  tell(problems: readonly RowProblem[]): void {
    const lines = errorLines(problems);
    this.#errors.push(lines);
    this.#errorBytes += lines.length;
    this.#bad += problems.length;
    this.#reasons = addReasons(this.#reasons, problems);
  }

  /** Stages what there is as the next blocks; all before `position` of the input is then stored. */
  async stage(position: number): Promise<void> {
    const { index, attempt } = this.#chunk;
    const container = this.#ctx.stores.blobs('batch-output');
    const { blockIds, errorIds, rows, read, bytes, crc, bad, groups, ...rest } = this.progress;
    const data = this.#part.subarray(0, this.#bytes);
    const id = blockId(index, attempt, this.#staged);
    const hasErrors = this.#bad > 0;
    if (data.length > 0) await container.stageBlock(this.#file.output, id, data);
    if (hasErrors) await container.stageBlock(this.#file.errors, id, Buffer.concat(this.#errors));
    if (data.length > 0 || hasErrors) this.#staged++;
    this.progress = {
      ...rest,
      position,
      read: read + this.#read,
      blockIds: data.length > 0 ? [...blockIds, id] : blockIds,
      rows: rows + this.#rows,
      bytes: bytes + data.length,
      crc: crc32(data, crc),
      bad: bad + this.#bad,
      errorIds: hasErrors ? [...errorIds, id] : errorIds,
      groups: [...groups, ...this.#groups],
      ...(this.#reasons.length > 0 ? { reasons: this.#reasons } : {}),
    };
    this.#bytes = this.#rows = this.#read = this.#bad = this.#errorBytes = 0;
    this.#errors = [];
    this.#groups = [];
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#bytes + bytes.length;
    if (needed > this.#part.length) {
      const grown = Buffer.allocUnsafeSlow(needed + blockBytes);
      this.#part.copy(grown, 0, 0, this.#bytes);
      this.#part = grown;
    }
    this.#part.set(bytes, this.#bytes);
    this.#bytes = needed;
  }
}

/** A line of JSON for each: the number of the row from 1, and where it is known the column and the value. */
function errorLines(problems: readonly RowProblem[]): Buffer {
  return Buffer.from(problems.map((problem) => `${JSON.stringify(problem)}\n`).join(''));
}

import { gzipSync } from 'node:zlib';
import type { PredictedValues } from './predicted.ts';
import type { RowBlock } from './rows.ts';
import type { RowWriter, Written } from './writer.ts';

/** A member ends where it has so many bytes before it is packed, or so many blocks: a slow model must not wait long. */
const memberBytes = 1024 * 1024;
const memberBlocks = 4;

/** The lowest: the next ones take up to twice as long, and most of a job's time, for files a few percent smaller. */
const how = { level: 1 };

const nothing = new Uint8Array();

/**
 * Packs what another writer writes into members of gzip (RFC 1952, 2.2: a file is a series of them). A member holds
 * whole blocks, and how many depends on them alone; between two members the work can be left off.
 */
export class PackedLines implements RowWriter {
  readonly #lines: RowWriter;
  readonly #held: Uint8Array[] = [];
  #bytes = 0;

  constructor(lines: RowWriter) {
    this.#lines = lines;
  }

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  head(): Uint8Array {
    const head = this.#lines.head();
    return head.length === 0 ? nothing : gzipSync(head, how);
  }

  write(block: RowBlock, predicted: PredictedValues): Written {
    const { bytes } = this.#lines.write(block, predicted);
    // The other writer uses its memory again.
    this.#held.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    const isMember = this.#bytes >= memberBytes || this.#held.length === memberBlocks;
    return { bytes: isMember ? this.#member() : nothing };
  }

  close(): Written {
    return { bytes: this.#held.length > 0 ? this.#member() : nothing };
  }

  #member(): Uint8Array {
    const lines = Buffer.concat(this.#held, this.#bytes);
    this.#held.length = 0;
    this.#bytes = 0;
    return lines.length === 0 ? nothing : gzipSync(lines, how);
  }
}

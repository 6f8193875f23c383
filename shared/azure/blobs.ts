import { Readable } from 'node:stream';
import {
  type Block,
  type BlobHTTPHeaders,
  BlobServiceClient,
  type ContainerClient,
} from '@azure/storage-blob';
import { CairnError } from '../http/index.ts';
import type { BlobContainerName } from '../resources.ts';
import type { Settings } from '../settings.ts';
import {
  absentAsUndefined,
  bytesOf,
  failureOf,
  guarded,
  guardedOnce,
  unlessElsewhere,
  unlessExists,
} from './storage-errors.ts';
import { BlobSigner, type Grant } from './blob-sas.ts';
import { uploadBlob } from './blob-upload.ts';
import { credential } from './identity.ts';

export type BlobProperties = {
  readonly etag: string;
  readonly bytes: number;
  readonly contentType: string | undefined;
};
/** One blob as it stood when it was looked up. */
export type BlobFile = BlobProperties & {
  readonly name: string;
  /** Its bytes or a range of them; `conflict` where it has changed since. */
  open(range?: ByteRange, signal?: AbortSignal): Promise<Readable>;
  /** A URL that reads it straight from storage, for `seconds` from `now`: an hour, which is the most, or less. */
  url(now: number, seconds?: number): Promise<string>;
};
export type BlobEntry =
  | { readonly kind: 'blob'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'prefix'; readonly name: string };

export type WriteOptions = {
  readonly contentType?: string | undefined;
  /** Create-only: an existing blob is left as it is and `false` comes back. */
  readonly createOnly?: boolean;
  /** Only where the blob is still the one with this etag; else it is left as it is and `false` comes back. */
  readonly ifMatch?: string;
};

/** A bounded piece of a blob. `last` is inclusive, as in HTTP. */
export type ByteRange = { readonly first: number; readonly last?: number };

const removesAtOnce = 16;
/** The client takes thirty times the memory of a page while it reads it: of the 5,000 names there may be, over 100 MB. */
const namesPerPage = 1000;

/** One blob container. Names are as stored: decoded, with `/` between the parts. */
export class BlobContainer {
  readonly #client: ContainerClient;
  readonly #signer: BlobSigner;
  constructor(service: BlobServiceClient, name: string) {
    this.#client = service.getContainerClient(name);
    this.#signer = new BlobSigner(service);
  }

  /** Where signed URLs lead, for pages that must say whom they talk to. */
  get origin(): string {
    return new URL(this.#client.url).origin;
  }

  /** Properties, or `undefined` where there is no such blob. */
  async stat(name: string): Promise<BlobProperties | undefined> {
    return absentAsUndefined(async (abortSignal) => {
      const p = await this.#client.getBlobClient(name).getProperties({ abortSignal });
      return { etag: p.etag ?? '', bytes: p.contentLength ?? 0, contentType: p.contentType };
    });
  }

  /**
   * A stream over the blob or a range of it, with the properties of the whole blob; `undefined` where
   * there is no such blob. With `ifMatch`, a blob that changed since fails with `conflict`.
   */
  async open(
    name: string,
    options: { range?: ByteRange; ifMatch?: string; signal?: AbortSignal } = {},
  ): Promise<(BlobProperties & { body: Readable }) | undefined> {
    const { range, ifMatch, signal } = options;
    return absentAsUndefined(async (late) => {
      const response = await this.#client
        .getBlobClient(name)
        .download(range?.first ?? 0, range?.last === undefined ? undefined : range.last - range.first + 1, {
          conditions: { ifMatch },
          abortSignal: signal ? AbortSignal.any([signal, late]) : late,
        });
      const total = response.contentRange
        ? Number(response.contentRange.split('/')[1])
        : response.contentLength;
      const stream = response.readableStreamBody as Readable | undefined;
      if (!stream) throw new Error('The blob client returned no stream.');
      return {
        etag: response.etag ?? '',
        bytes: total ?? 0,
        contentType: response.contentType,
        body: Readable.from(bytesOf(stream, signal)),
      };
    });
  }

  /** A blob to be handed out, or `undefined` where there is none. */
  async file(name: string): Promise<BlobFile | undefined> {
    const found = await this.stat(name);
    if (!found) return undefined;
    return {
      ...found,
      name,
      open: async (range, signal) => {
        const opened = await this.open(name, { range, signal, ifMatch: found.etag });
        if (opened) return opened.body;
        throw new CairnError('conflict', `'${name}' was deleted while it was read.`);
      },
      url: (now, seconds) => this.#signedUrl(name, 'read', now, seconds),
    };
  }

  /** The whole blob, for what is known to be small. `bytesMax` guards against what is not. */
  async read(name: string, bytesMax = 256 * 1024 * 1024): Promise<Buffer | undefined> {
    const opened = await this.open(name);
    if (!opened) return undefined;
    if (opened.bytes > bytesMax) {
      opened.body.destroy();
      throw new CairnError(
        'too-large',
        `'${name}' has ${opened.bytes} bytes; at most ${bytesMax} can be read at once.`,
      );
    }
    return Buffer.concat(await opened.body.toArray());
  }

  /** The same with the etag that a conditional write needs. */
  async readStored(name: string): Promise<{ bytes: Buffer; etag: string } | undefined> {
    const opened = await this.open(name);
    return opened && { bytes: Buffer.concat(await opened.body.toArray()), etag: opened.etag };
  }

  /** Writes a small blob at once. Returns `false` only where the condition asked for did not hold. */
  async write(name: string, data: Uint8Array, options: WriteOptions = {}): Promise<boolean> {
    const upload = (abortSignal: AbortSignal) =>
      this.#client.getBlockBlobClient(name).uploadData(data, {
        abortSignal,
        blobHTTPHeaders: headersOf(options),
        conditions: {
          ...(options.createOnly ? { ifNoneMatch: '*' } : {}),
          ...(options.ifMatch === undefined ? {} : { ifMatch: options.ifMatch }),
        },
      });
    if (options.createOnly || options.ifMatch !== undefined) return unlessExists(upload, data.byteLength);
    await guarded(upload, data.byteLength);
    return true;
  }

  /**
   * Streams a blob up; nothing is visible until the stream has ended well. What fits one block is one
   * write, of which the last counts. Larger ones go up in blocks: where two of one name are under way, the
   * service drops the blocks of the later one when the other ends, and that is `conflict`.
   */
  async writeStream(
    name: string,
    data: Readable,
    options: { contentType?: string; signal?: AbortSignal } = {},
  ): Promise<void> {
    const client = this.#client.getBlockBlobClient(name);
    await guardedOnce(() =>
      uploadBlob(client, data, { blobHTTPHeaders: headersOf(options), abortSignal: options.signal }),
    );
  }

  /** Stages one block; staging the same id again replaces it. `blockId` is plain text of a fixed width. */
  async stageBlock(name: string, blockId: string, data: Uint8Array): Promise<void> {
    const client = this.#client.getBlockBlobClient(name);
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    await guarded(
      (abortSignal) => client.stageBlock(base64(blockId), bytes, bytes.length, { abortSignal }),
      bytes.length,
    );
  }

  /**
   * Makes the blob of exactly these blocks, in this order, create-only: `false` where it exists already.
   * Throws `conflict` where the service does not have them all (any more).
   */
  commitBlocks(
    name: string,
    blockIds: readonly string[],
    options: { contentType?: string } = {},
  ): Promise<boolean> {
    const client = this.#client.getBlockBlobClient(name);
    return unlessExists((abortSignal) =>
      client.commitBlockList(blockIds.map(base64), {
        abortSignal,
        conditions: { ifNoneMatch: '*' },
        blobHTTPHeaders: headersOf(options),
      }),
    );
  }

  /** Whether a blob is there that was made of exactly these blocks, in this order. */
  async isMadeOf(name: string, blockIds: readonly string[]): Promise<boolean> {
    const committed = await this.committedBlocks(name);
    return committed.length === blockIds.length && blockIds.every((id, i) => id === committed[i]);
  }

  /** The ids (plain text) of the blocks that a blob was made of, in their order; none where there is no such blob. */
  async committedBlocks(name: string): Promise<string[]> {
    const client = this.#client.getBlockBlobClient(name);
    const lists = await absentAsUndefined((abortSignal) => client.getBlockList('committed', { abortSignal }));
    return namesOf(lists?.committedBlocks).map((id) => Buffer.from(id, 'base64').toString());
  }

  /** The ids (plain text) of all blocks that the service has of a blob, staged or part of it. */
  async stagedBlocks(name: string): Promise<ReadonlySet<string>> {
    const client = this.#client.getBlockBlobClient(name);
    const lists = await absentAsUndefined(() => client.getBlockList('all'));
    const names = [...namesOf(lists?.uncommittedBlocks), ...namesOf(lists?.committedBlocks)];
    return new Set(names.map((id) => Buffer.from(id, 'base64').toString()));
  }

  /**
   * Makes the blob of exactly these staged blocks, in this order, in place of an older one. Gives back the ids
   * of blocks that the service does not have (any more), and changes nothing where there are any. Done again
   * with the same blocks, it has nothing left to do.
   */
  async commitStaged(
    name: string,
    blockIds: readonly string[],
    options: { contentType?: string } = {},
  ): Promise<{ missing: string[] }> {
    const client = this.#client.getBlockBlobClient(name);
    const wanted = blockIds.map(base64);
    const lists = await absentAsUndefined((abortSignal) => client.getBlockList('all', { abortSignal }));
    const committed = namesOf(lists?.committedBlocks);
    if (committed.length === wanted.length && committed.every((id, i) => id === wanted[i]))
      return { missing: [] };
    const staged = new Set(namesOf(lists?.uncommittedBlocks));
    const missing = blockIds.filter((_, i) => !staged.has(wanted[i] ?? ''));
    if (missing.length === 0)
      await guarded((abortSignal) =>
        client.commitBlockList(wanted, { abortSignal, blobHTTPHeaders: headersOf(options) }),
      );
    return { missing };
  }

  /**
   * Adds up to 4 MiB to the end of an append blob, which is made where `position` is 0 and there is none. `false`,
   * and nothing is added, unless it has exactly `position` bytes: a write that was done and not answered is not
   * done twice.
   */
  async append(name: string, data: Uint8Array, position: number, contentType?: string): Promise<boolean> {
    const client = this.#client.getAppendBlobClient(name);
    if (position === 0)
      await unlessExists((abortSignal) =>
        client.create({
          abortSignal,
          conditions: { ifNoneMatch: '*' },
          blobHTTPHeaders: headersOf({ contentType }),
        }),
      );
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return unlessElsewhere((abortSignal) =>
      client.appendBlock(bytes, bytes.length, { abortSignal, conditions: { appendPosition: position } }),
    );
  }

  /** Removes a blob with its snapshots; removing what is not there is fine. */
  async remove(name: string): Promise<void> {
    await guarded((abortSignal) =>
      this.#client.getBlobClient(name).deleteIfExists({ abortSignal, deleteSnapshots: 'include' }),
    );
  }

  /** Removes every blob whose name begins with `prefix`, and says how many there were, and of each how large. */
  async removeBelow(prefix: string, onRemoved?: (bytes: number) => void): Promise<number> {
    let removed = 0;
    const blobs = this.walk(prefix);
    const worker = async () => {
      for await (const { name, bytes } of blobs) {
        await this.remove(name);
        removed++;
        onRemoved?.(bytes);
      }
    };
    await Promise.all(Array.from({ length: removesAtOnce }, worker));
    return removed;
  }

  /** One level of the hierarchy below `prefix` (which ends in `/` or is empty). */
  async *list(prefix: string): AsyncGenerator<BlobEntry> {
    for await (const item of listed(this.#client.listBlobsByHierarchy('/', { prefix }))) {
      if (item.kind === 'prefix') yield { kind: 'prefix', name: item.name };
      else yield { kind: 'blob', name: item.name, bytes: item.properties.contentLength ?? 0 };
    }
  }

  /** Every blob whose name begins with `prefix`, in order of name. `modifiedAt` is milliseconds since 1970. */
  async *walk(prefix: string): AsyncGenerator<BlobProperties & { name: string; modifiedAt: number }> {
    const pages = this.#client.listBlobsFlat({ prefix }).byPage({ maxPageSize: namesPerPage });
    for await (const { segment } of listed(pages))
      for (const { name, properties } of segment.blobItems)
        yield {
          name,
          bytes: properties.contentLength ?? 0,
          etag: properties.etag,
          contentType: properties.contentType,
          modifiedAt: properties.lastModified.getTime(),
        };
  }

  /** A URL that takes this one blob as one write, for `seconds` from `now`: an hour, which is the most, or less. */
  writeUrl(name: string, now: number, seconds?: number): Promise<string> {
    return this.#signedUrl(name, 'write', now, seconds);
  }

  /** For each block id (plain text of a fixed width) a URL that stages that block of the blob, for an hour from `now`. */
  async blockUrls(name: string, blockIds: readonly string[], now: number): Promise<string[]> {
    const url = await this.#signedUrl(name, 'write', now);
    return blockIds.map((id) => `${url}&comp=block&blockid=${encodeURIComponent(base64(id))}`);
  }

  async #signedUrl(name: string, grant: Grant, now: number, seconds?: number): Promise<string> {
    const { containerName } = this.#client;
    const query = await this.#signer.query({ containerName, blobName: name }, grant, now, seconds);
    return `${this.#client.getBlobClient(name).url}?${query}`;
  }

  /** Creates the container where it is missing: for the local stack and tests; in Azure `infra/` does. */
  async createIfMissing(): Promise<void> {
    await this.#client.createIfNotExists();
  }
}

export type BlobStore = (container: BlobContainerName) => BlobContainer;

/** Connects to the account of the settings; nothing is sent before the first use. */
export function openBlobs(settings: Settings): BlobStore {
  const { storage } = settings;
  const service =
    storage.by === 'identity'
      ? new BlobServiceClient(storage.blobUrl, credential(settings))
      : BlobServiceClient.fromConnectionString(storage.connectionString);
  const opened = new Map<BlobContainerName, BlobContainer>();
  return (name) => {
    let container = opened.get(name);
    if (!container) opened.set(name, (container = new BlobContainer(service, name)));
    return container;
  };
}

async function* listed<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw failureOf(error);
  }
}

function headersOf({ contentType = 'application/octet-stream' }: WriteOptions): BlobHTTPHeaders {
  return { blobContentType: contentType };
}

function namesOf(blocks: readonly Block[] | undefined): string[] {
  return (blocks ?? []).map(({ name }) => name);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

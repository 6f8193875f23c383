import { Readable } from 'node:stream';
import {
  BlobSASPermissions,
  BlobServiceClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
  RestError,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { CairnError } from '../http/index.ts';
import type { BlobContainerName } from '../resources.ts';
import type { Settings } from '../settings.ts';
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
  /** A URL that reads it straight from storage, for an hour from `now`. */
  url(now: number): Promise<string>;
};
export type BlobEntry =
  | { readonly kind: 'blob'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'prefix'; readonly name: string };

export type WriteOptions = {
  readonly contentType?: string;
  /** Create-only: an existing blob is left as it is and `false` comes back. */
  readonly createOnly?: boolean;
};

/** A bounded piece of a blob. `last` is inclusive, as in HTTP. */
export type ByteRange = { readonly first: number; readonly last?: number };

/** Bytes of one block of a streamed upload; a stream holds at most {@link uploadParallel} of them in memory. */
const uploadBlockBytes = 4 * 1024 * 1024;
const uploadParallel = 4;
const urlSeconds = 3600;

/** One blob container. Names are as stored: decoded, with `/` between the parts. */
export class BlobContainer {
  readonly #client: ContainerClient;
  constructor(client: ContainerClient) {
    this.#client = client;
  }

  /** Properties, or `undefined` where there is no such blob. */
  async stat(name: string): Promise<BlobProperties | undefined> {
    return absentAsUndefined(async () => {
      const p = await this.#client.getBlobClient(name).getProperties();
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
    return absentAsUndefined(async () => {
      const response = await this.#client
        .getBlobClient(name)
        .download(range?.first ?? 0, range?.last === undefined ? undefined : range.last - range.first + 1, {
          conditions: { ifMatch },
          abortSignal: signal,
        });
      const total = response.contentRange
        ? Number(response.contentRange.split('/')[1])
        : response.contentLength;
      if (!response.readableStreamBody) throw new Error('The blob client returned no stream.');
      return {
        etag: response.etag ?? '',
        bytes: total ?? 0,
        contentType: response.contentType,
        body: Readable.from(response.readableStreamBody),
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
      url: (now) => this.readUrl(name, now),
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

  /** Writes a small blob at once. Returns `false` only when `createOnly` met an existing blob. */
  async write(name: string, data: Uint8Array, options: WriteOptions = {}): Promise<boolean> {
    try {
      await this.#client.getBlockBlobClient(name).uploadData(data, {
        blobHTTPHeaders: { blobContentType: options.contentType ?? 'application/octet-stream' },
        ...(options.createOnly ? { conditions: { ifNoneMatch: '*' } } : {}),
      });
      return true;
    } catch (error) {
      if (
        options.createOnly &&
        error instanceof RestError &&
        (error.statusCode === 409 || error.statusCode === 412)
      )
        return false;
      throw error;
    }
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
    const settings = {
      blobHTTPHeaders: { blobContentType: options.contentType ?? 'application/octet-stream' },
      abortSignal: options.signal,
    };
    const rest: AsyncIterator<Uint8Array> = data[Symbol.asyncIterator]();
    const { head, ended } = await firstBlock(rest);
    if (ended) {
      await client.upload(head, head.length, settings);
      return;
    }
    try {
      await client.uploadStream(
        Readable.from(joined(head, rest)),
        uploadBlockBytes,
        uploadParallel,
        settings,
      );
    } catch (error) {
      if (!(error instanceof RestError) || error.code !== 'InvalidBlockList') throw error;
      throw new CairnError('conflict', `Another upload of '${name}' ended during this one; send it again.`, {
        cause: error,
      });
    }
  }

  /** Stages one block; staging the same id again replaces it. `blockId` is plain text of a fixed width. */
  async stageBlock(name: string, blockId: string, data: Uint8Array): Promise<void> {
    await this.#client
      .getBlockBlobClient(name)
      .stageBlock(
        Buffer.from(blockId).toString('base64'),
        Buffer.from(data.buffer, data.byteOffset, data.byteLength),
        data.byteLength,
      );
  }

  /** Makes the blob of exactly these blocks, in this order, create-only: `false` where it exists already. */
  async commitBlocks(
    name: string,
    blockIds: readonly string[],
    options: { contentType?: string } = {},
  ): Promise<boolean> {
    try {
      await this.#client.getBlockBlobClient(name).commitBlockList(
        blockIds.map((id) => Buffer.from(id).toString('base64')),
        {
          conditions: { ifNoneMatch: '*' },
          blobHTTPHeaders: { blobContentType: options.contentType ?? 'application/octet-stream' },
        },
      );
      return true;
    } catch (error) {
      if (error instanceof RestError && (error.statusCode === 409 || error.statusCode === 412)) return false;
      throw error;
    }
  }

  /** Removes a blob; removing what is not there is fine. */
  async remove(name: string): Promise<void> {
    await this.#client.getBlobClient(name).deleteIfExists();
  }

  /** One level of the hierarchy below `prefix` (which ends in `/` or is empty). */
  async *list(prefix: string): AsyncGenerator<BlobEntry> {
    for await (const item of this.#client.listBlobsByHierarchy('/', { prefix })) {
      if (item.kind === 'prefix') yield { kind: 'prefix', name: item.name };
      else yield { kind: 'blob', name: item.name, bytes: item.properties.contentLength ?? 0 };
    }
  }

  /** Every blob whose name begins with `prefix`, in order of name. */
  async *walk(prefix: string): AsyncGenerator<BlobProperties & { name: string }> {
    for await (const item of this.#client.listBlobsFlat({ prefix }))
      yield {
        name: item.name,
        bytes: item.properties.contentLength ?? 0,
        etag: item.properties.etag,
        contentType: item.properties.contentType,
      };
  }

  /** A URL that reads this one blob for an hour from `now`, signed by the app's identity or, locally, its key. */
  async readUrl(name: string, now: number): Promise<string> {
    const blob = this.#client.getBlobClient(name);
    const startsOn = new Date(now - 5 * 60_000);
    const expiresOn = new Date(now + urlSeconds * 1000);
    const permissions = BlobSASPermissions.parse('r');
    if (this.#client.credential instanceof StorageSharedKeyCredential)
      return blob.generateSasUrl({ permissions, startsOn, expiresOn });
    const service = new BlobServiceClient(serviceUrl(blob.url), this.#client.credential);
    const key = await service.getUserDelegationKey(startsOn, expiresOn);
    const sas = generateBlobSASQueryParameters(
      {
        containerName: this.#client.containerName,
        blobName: name,
        permissions,
        startsOn,
        expiresOn,
        protocol: SASProtocol.Https,
      },
      key,
      service.accountName,
    );
    return `${blob.url}?${sas.toString()}`;
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
    if (!container) opened.set(name, (container = new BlobContainer(service.getContainerClient(name))));
    return container;
  };
}

/** The bytes up to the size of a block, and whether there were no more. */
async function firstBlock(data: AsyncIterator<Uint8Array>): Promise<{ head: Buffer; ended: boolean }> {
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; bytes <= uploadBlockBytes; ) {
    const { done, value } = await data.next();
    if (done) return { head: Buffer.concat(chunks), ended: true };
    chunks.push(value);
    bytes += value.byteLength;
  }
  return { head: Buffer.concat(chunks), ended: false };
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}

async function absentAsUndefined<T>(get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    if (error.statusCode === 404) return undefined;
    if (error.statusCode === 412)
      throw new CairnError('conflict', 'The blob changed while it was read.', { cause: error });
    if (error.statusCode === 416)
      throw new CairnError('invalid', 'The requested range is outside the file.', { cause: error });
    throw error;
  }
}

function serviceUrl(blobUrl: string): string {
  return new URL('/', blobUrl).toString();
}

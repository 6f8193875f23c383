import { Readable } from 'node:stream';
import {
  type BlobHTTPHeaders,
  BlobSASPermissions,
  BlobServiceClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { CairnError } from '../http/index.ts';
import type { BlobContainerName } from '../resources.ts';
import type { Settings } from '../settings.ts';
import { absentAsUndefined, failureOf, guarded, unlessExists } from './storage-errors.ts';
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
    const upload = () =>
      this.#client.getBlockBlobClient(name).uploadData(data, {
        blobHTTPHeaders: headersOf(options),
        conditions: options.createOnly ? { ifNoneMatch: '*' } : {},
      });
    if (options.createOnly) return unlessExists(upload);
    await guarded(upload);
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
    await guarded(() =>
      uploadBlob(client, data, { blobHTTPHeaders: headersOf(options), abortSignal: options.signal }),
    );
  }

  /** Stages one block; staging the same id again replaces it. `blockId` is plain text of a fixed width. */
  async stageBlock(name: string, blockId: string, data: Uint8Array): Promise<void> {
    const client = this.#client.getBlockBlobClient(name);
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    await guarded(() => client.stageBlock(base64(blockId), bytes, bytes.length));
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
    return unlessExists(() =>
      client.commitBlockList(blockIds.map(base64), {
        conditions: { ifNoneMatch: '*' },
        blobHTTPHeaders: headersOf(options),
      }),
    );
  }

  /** Removes a blob; removing what is not there is fine. */
  async remove(name: string): Promise<void> {
    await guarded(() => this.#client.getBlobClient(name).deleteIfExists());
  }

  /** One level of the hierarchy below `prefix` (which ends in `/` or is empty). */
  async *list(prefix: string): AsyncGenerator<BlobEntry> {
    for await (const item of listed(this.#client.listBlobsByHierarchy('/', { prefix }))) {
      if (item.kind === 'prefix') yield { kind: 'prefix', name: item.name };
      else yield { kind: 'blob', name: item.name, bytes: item.properties.contentLength ?? 0 };
    }
  }

  /** Every blob whose name begins with `prefix`, in order of name. */
  async *walk(prefix: string): AsyncGenerator<BlobProperties & { name: string }> {
    for await (const item of listed(this.#client.listBlobsFlat({ prefix })))
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
    const key = await guarded(() => service.getUserDelegationKey(startsOn, expiresOn));
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

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function serviceUrl(blobUrl: string): string {
  return new URL('/', blobUrl).toString();
}

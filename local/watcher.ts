/**
 * Stands in for Event Grid: each blob that appears in a container, or is written anew, becomes a
 * `Microsoft.Storage.BlobCreated` message on a queue, as an Event Grid subscription with a Storage queue
 * destination would put it there. At least once: what was announced is remembered in a blob, across restarts.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type BlobItem, BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';

export interface WatcherOptions {
  connectionString: string;
  container: string;
  queue: string;
  /** Time between two looks; default 500. */
  intervalMs?: number;
  /** A look that failed; the next one comes all the same. */
  onError?: (error: unknown) => void;
}

export interface Watcher {
  stop(): Promise<void>;
}

/** ETag of what was announced last, by blob name. */
type Announced = Record<string, string>;

/** Keeps what the local stack itself remembers. */
const STATE_CONTAINER = 'cairn-local';

/** Announces what is new since the last run, then watches until stopped. Container and queue must exist. */
export function watchBlobs(options: WatcherOptions): Watcher {
  const stopping = new AbortController();
  const watching = watch(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

async function watch(options: WatcherOptions, signal: AbortSignal): Promise<void> {
  const service = BlobServiceClient.fromConnectionString(options.connectionString);
  const state = service
    .getContainerClient(STATE_CONTAINER)
    .getBlockBlobClient(`announced/${options.container}.json`);
  let announced: Announced | null = null;
  while (!signal.aborted) {
    const started = performance.now();
    try {
      announced ??= await readState(service.getContainerClient(STATE_CONTAINER), state.name);
      announced = await look(options, service, announced, (next) => writeState(state, next));
    } catch (error) {
      if (!signal.aborted) options.onError?.(error);
    }
    // A container so full that listing it takes long is looked at less often.
    const pauseMs = Math.max(options.intervalMs ?? 500, 5 * (performance.now() - started));
    await delay(pauseMs, undefined, { signal }).catch(() => {});
  }
}

async function look(
  { connectionString, container, queue }: WatcherOptions,
  service: BlobServiceClient,
  announced: Announced,
  save: (next: Announced) => Promise<unknown>,
): Promise<Announced> {
  const next: Announced = {};
  const fresh: BlobItem[] = [];
  const client = service.getContainerClient(container);
  for await (const blob of client.listBlobsFlat()) {
    const etag = blob.properties.etag;
    next[blob.name] = etag;
    if (announced[blob.name] !== etag) fresh.push(blob);
  }
  const target = QueueServiceClient.fromConnectionString(connectionString).getQueueClient(queue);
  for (const blob of fresh) {
    await target.sendMessage(Buffer.from(JSON.stringify(blobCreated(client, blob))).toString('base64'));
  }
  const gone = Object.keys(announced).length !== Object.keys(next).length;
  if (fresh.length > 0 || gone) await save(next);
  return next;
}

/** The event in Event Grid's schema; the id is the same when a blob is announced again. */
function blobCreated(container: ContainerClient, blob: BlobItem) {
  const { etag, lastModified, contentLength, contentType, blobType } = blob.properties;
  const digest = createHash('sha256').update(`${container.url}\n${blob.name}\n${etag}`).digest('hex');
  const id = digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  return {
    topic: `/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/${container.accountName}`,
    subject: `/blobServices/default/containers/${container.containerName}/blobs/${blob.name}`,
    eventType: 'Microsoft.Storage.BlobCreated',
    id,
    data: {
      api: 'PutBlob',
      clientRequestId: id,
      requestId: id,
      eTag: etag.replaceAll('"', ''),
      contentType: contentType ?? 'application/octet-stream',
      contentLength: contentLength ?? 0,
      blobType: blobType ?? 'BlockBlob',
      url: container.getBlobClient(blob.name).url,
      sequencer: lastModified.getTime().toString(16).padStart(48, '0'),
      storageDiagnostics: { batchId: id },
    },
    dataVersion: '',
    metadataVersion: '1',
    eventTime: lastModified.toISOString(),
  };
}

async function readState(container: ContainerClient, name: string): Promise<Announced> {
  await container.createIfNotExists();
  const blob = container.getBlockBlobClient(name);
  if (!(await blob.exists())) return {};
  const announced: Announced = JSON.parse((await blob.downloadToBuffer()).toString());
  return announced;
}

async function writeState(blob: ReturnType<ContainerClient['getBlockBlobClient']>, announced: Announced) {
  const text = Buffer.from(JSON.stringify(announced));
  return await blob.upload(text, text.byteLength);
}

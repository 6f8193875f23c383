import type { Settings } from '../settings.ts';
import { type BlobStore, openBlobs } from './blobs.ts';
import { type Directory, openDirectory } from './directory.ts';
import { type DocumentStore, openDocuments } from './cosmos.ts';
import { type KeyStore, openKeys } from './keys.ts';
import { type Management, openManagement } from './management.ts';
import { openSecrets, type SecretStore } from './secrets.ts';
import { openQueues, type QueueStore } from './queues.ts';
import { blobContainers, queues } from '../resources.ts';

export type { BlobContainer, BlobEntry, BlobFile, BlobProperties, ByteRange } from './blobs.ts';
export type { DocumentContainer, Key, Outcome, Query, QueryOptions, Write } from './cosmos.ts';
export { type AccountState, type Directory, directoryAt } from './directory.ts';
export { type Credential, credential } from './identity.ts';
export type { KeyStore, PublicKey } from './keys.ts';
export { type Management, managementAt } from './management.ts';
export type { Envelope, SendOptions, Taken } from './queues.ts';
export type { SecretStore } from './secrets.ts';
export { isRefusal } from './storage-errors.ts';

/** Everything that outlives a request: metadata, bytes, and messages. */
export type Stores = {
  readonly documents: DocumentStore;
  readonly blobs: BlobStore;
  readonly queues: QueueStore;
  /** `undefined` where the settings name no keys. */
  readonly keys: KeyStore | undefined;
  /** `undefined` where the settings name no keys. */
  readonly secrets: SecretStore | undefined;
  readonly management: Management;
  readonly directory: Directory;
  /** Creates what `resources.ts` declares and is missing: for the local stack and tests; in Azure `infra/` does. */
  createIfMissing(): Promise<void>;
  close(): Promise<void>;
};

/** Opens the stores that the settings name. */
export async function openStores(settings: Settings): Promise<Stores> {
  const documents = await openDocuments(settings);
  const blobs = openBlobs(settings);
  const queueStore = openQueues(settings);
  return {
    documents,
    blobs,
    queues: queueStore,
    keys: openKeys(settings),
    secrets: openSecrets(settings),
    management: openManagement(settings),
    directory: openDirectory(settings),
    async createIfMissing() {
      await documents.createIfMissing();
      await Promise.all(blobContainers.map((name) => blobs(name).createIfMissing()));
      await Promise.all(queues.map((name) => queueStore.createIfMissing(name)));
    },
    close: () => documents.close(),
  };
}

/** The declared blob containers and queues: made, and emptied. */
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { blobContainers, queues } from '../shared/resources.ts';

/** Leases and timer status of running hosts: emptying them would stop their timers. */
const HOST_CONTAINER = 'azure-webjobs-hosts';

/** Creates what is declared and missing. */
export async function createStorage(connectionString: string): Promise<void> {
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const messages = QueueServiceClient.fromConnectionString(connectionString);
  for (const name of blobContainers) await blobs.getContainerClient(name).createIfNotExists();
  for (const name of queues) await messages.getQueueClient(name).createIfNotExists();
}

/** Lets the pages of these origins put files straight into storage, as infra/modules/storage.bicep does in Azure. */
export async function allowUploads(connectionString: string, origins: readonly string[]): Promise<void> {
  await BlobServiceClient.fromConnectionString(connectionString).setProperties({
    cors: [
      {
        allowedOrigins: origins.join(','),
        allowedMethods: 'PUT',
        allowedHeaders: 'content-type,x-ms-*',
        exposedHeaders: 'etag,x-ms-request-id',
        maxAgeInSeconds: 3600,
      },
    ],
  });
}

/** Deletes every blob and message, also undeclared ones, and creates what is declared. */
export async function emptyStorage(connectionString: string): Promise<void> {
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const messages = QueueServiceClient.fromConnectionString(connectionString);
  for await (const { name } of messages.listQueues()) await messages.getQueueClient(name).clearMessages();
  for await (const { name } of blobs.listContainers()) {
    if (name !== HOST_CONTAINER) await blobs.getContainerClient(name).delete();
  }
  await createStorage(connectionString);
}

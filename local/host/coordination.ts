/** What hosts of one app agree on through blobs in `azure-webjobs-hosts`: who runs a timer, and when it last ran. */
import { setTimeout as delay } from 'node:timers/promises';
import { BlobServiceClient, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob';
import { messageOf } from './errors.ts';
import type { Log } from './log.ts';
import { isNotFound } from './outputs.ts';

/** Times are ISO 8601. */
export interface TimerStatus {
  Last: string;
  Next: string;
  LastUpdated: string;
}

export interface Coordination {
  /**
   * Runs `work` while this host holds the lease of that name, again and again until `signal` aborts. The
   * signal given to `work` aborts when the lease is lost or `signal` aborts.
   */
  whileLeader(
    name: string,
    signal: AbortSignal,
    work: (leading: AbortSignal) => Promise<void>,
  ): Promise<void>;
  readStatus(name: string): Promise<TimerStatus | null>;
  writeStatus(name: string, status: TimerStatus): Promise<void>;
}

const CONTAINER = 'azure-webjobs-hosts';

/**
 * @param hostId shared by the hosts of one app.
 * @param leaseSeconds 15 to 60; how long a dead host still holds its timers.
 */
export function coordinateByBlobs(
  connectionString: string,
  hostId: string,
  leaseSeconds: number,
  log: Log,
): Coordination {
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(CONTAINER);
  const statusBlob = (name: string) =>
    container.getBlockBlobClient(`timers/${hostId}/Host.Functions.${name}/status`);

  return {
    async whileLeader(name, signal, work) {
      const blob = container.getBlockBlobClient(`locks/${hostId}/Host.Functions.${name}.Listener`);
      while (!signal.aborted) {
        const held = await acquire(container, blob, leaseSeconds).catch((error: unknown) => {
          if (!signal.aborted) {
            log({ level: 'warning', function: name, message: `The timer's lease: ${messageOf(error)}` });
          }
          return null;
        });
        if (held === null) await wait((leaseSeconds * 1000) / 3, signal);
        else await lead(held, leaseSeconds, signal, work);
      }
    },
    async readStatus(name) {
      try {
        const status: TimerStatus = JSON.parse((await statusBlob(name).downloadToBuffer()).toString());
        return status;
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },
    async writeStatus(name, status) {
      const text = JSON.stringify(status);
      await statusBlob(name).upload(text, text.length);
    },
  };
}

/** For an app without storage: this host leads, and remembers nothing. */
export const alone: Coordination = {
  async whileLeader(_name, signal, work) {
    while (!signal.aborted) await work(signal);
  },
  readStatus: () => Promise.resolve(null),
  writeStatus: () => Promise.resolve(),
};

type Lease = ReturnType<BlockBlobClient['getBlobLeaseClient']>;

/** Null while another host holds it. */
async function acquire(
  container: ContainerClient,
  blob: BlockBlobClient,
  leaseSeconds: number,
): Promise<Lease | null> {
  const lease = blob.getBlobLeaseClient();
  try {
    await lease.acquireLease(leaseSeconds);
    return lease;
  } catch (error) {
    if (statusOf(error) === 409) return null;
    if (!isNotFound(error)) throw error;
  }
  await container.createIfNotExists();
  // Hosts that start together all create it; whoever comes second finds it there, or leased.
  await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } }).catch((error: unknown) => {
    if (statusOf(error) !== 409 && statusOf(error) !== 412) throw error;
  });
  return await acquire(container, blob, leaseSeconds);
}

async function lead(
  lease: Lease,
  leaseSeconds: number,
  signal: AbortSignal,
  work: (leading: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController();
  const renew = setInterval(
    () => {
      lease.renewLease().catch((error: unknown) => lost.abort(error));
    },
    (leaseSeconds * 1000) / 3,
  );
  try {
    await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(renew);
    if (!lost.signal.aborted) await lease.releaseLease().catch(() => {});
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

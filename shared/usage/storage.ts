import { defaultWorkspace } from '../access/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { scheduleOnce } from '../events/index.ts';
import type { BlobContainerName } from '../resources.ts';
import { lost, swap } from '../swap.ts';
import type { UsagePort } from './accounts.ts';
import type { StorageDocument } from './model.ts';

/** How long after something was written the bytes are counted anew: what goes straight to storage is seen then. */
const countAfterSeconds = 86_400;

const keyOf = (workspace: string) => [workspace, 'storage'];

/** Bytes that a workspace holds: as last counted, and changed since by what went through this platform. */
export async function storedBytes(port: UsagePort, workspace: string): Promise<number> {
  return Math.max(0, (await read(port, workspace))?.doc.bytes ?? 0);
}

/**
 * Enters that a workspace holds more bytes, or fewer, and has them counted within a day: what clients send straight to
 * storage, or put in place of another, is seen then only.
 */
export async function addStored(port: UsagePort, workspace: string, change: number): Promise<void> {
  const isCountDue = (await read(port, workspace))?.doc.isCountDue === true;
  if (!isCountDue)
    await scheduleOnce(port, `storage/${workspace}`, {
      dueAt: port.clock.now() + countAfterSeconds * 1000,
      workspace,
      message: { kind: 'count-storage' },
    });
  if (change !== 0 || !isCountDue)
    await replace(port, workspace, (doc) => ({ ...doc, bytes: doc.bytes + change, isCountDue: true }));
}

/**
 * Counts what a workspace holds, by listing it: a request for each 5,000 blobs. What is entered while it counts
 * stays entered.
 */
export async function countStorage(ctx: Pick<Context, keyof UsagePort | 'workspace'>): Promise<void> {
  const { workspace, stores, clock } = ctx;
  const before = (await read(ctx, workspace))?.doc.bytes ?? 0;
  let bytes = 0;
  for (const container of ['artifacts', 'batch-input', 'batch-output'] as const)
    for (const folder of await foldersOf(ctx, container, workspace))
      for await (const blob of stores.blobs(container).walk(folder)) bytes += blob.bytes;
  await replace(ctx, workspace, (doc) => ({
    ...doc,
    bytes: bytes + doc.bytes - before,
    countedAt: clock.now(),
    isCountDue: false,
  }));
}

/** Batch files lie in folders of endpoints: `<endpoint>/`, or `<endpoint>@<workspace>/` outside the default workspace. */
async function foldersOf(
  { stores }: UsagePort,
  container: BlobContainerName,
  workspace: string,
): Promise<string[]> {
  if (container === 'artifacts') return [`${workspace}/`];
  const folders: string[] = [];
  for await (const { kind, name } of stores.blobs(container).list('')) {
    const owner = name.slice(0, -1).split('@')[1] ?? defaultWorkspace;
    if (kind === 'prefix' && owner === workspace) folders.push(name);
  }
  return folders;
}

function read({ stores }: UsagePort, workspace: string): Promise<Stored<StorageDocument> | undefined> {
  return stores.documents('usage').read<StorageDocument>(keyOf(workspace), 'storage');
}

async function replace(
  port: UsagePort,
  workspace: string,
  change: (doc: StorageDocument) => StorageDocument,
): Promise<void> {
  await swap(port, `The storage of '${workspace}'`, async () => {
    const stored = await read(port, workspace);
    const doc = change(stored?.doc ?? { ...empty, workspace });
    const { outcome } = await port.stores
      .documents('usage')
      .write(keyOf(workspace), stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc });
    return outcome === 'applied' ? doc : lost;
  });
}

const empty = {
  id: 'storage',
  type: 'usage-storage',
  v: 1,
  month: 'storage',
  bytes: 0,
  countedAt: 0,
  isCountDue: false,
} as const;

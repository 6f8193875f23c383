import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite/index.ts';

const rounds = process.env['CAIRN_TEST'] === 'long' ? 40 : 3;
let data: string;
let azurite: Azurite;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'cairn-azurite-'));
  azurite = await startAzurite({ data });
});
afterEach(async () => {
  await azurite.stop();
  rmSync(data, { recursive: true, force: true });
});

describe('what storage acknowledged before a kill', () => {
  test('is there after it: blobs whole, deleted ones gone, metadata and staged blocks kept', async () => {
    const expected = new Map<string, string | null>();
    for (let round = 0; round < rounds; round += 1) {
      const acknowledged = await workUntilKilled(round);
      // In every other round a full write is nearly always under way.
      azurite = await startAzurite({ data, fullWriteSeconds: round % 2 === 0 ? 0.02 : 60 });
      await verify(acknowledged);
      for (const [name, state] of acknowledged) expected.set(name, state);
    }
    // What earlier rounds left has come through the later kills.
    await verify(expected);
    expect(expected.size).toBeGreaterThanOrEqual(20 * rounds);
  });

  test('is there after it: messages sent are kept, messages deleted are gone', async () => {
    const kept = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const queue = queueOf(azurite);
      await queue.createIfNotExists();
      const killAt = 10 + ((round * 7) % 30);
      let killed: Promise<void> | undefined;
      for (let n = 0; ; n += 1) {
        if (n === killAt) killed = azurite.kill();
        const name = `${round}-${n}`;
        const sent = await queue.sendMessage(name).catch(() => null);
        if (sent === null) break;
        kept.add(name);
        if (n % 3 !== 0) continue;
        // Deleted, or kept by a kill that came first: only an answer tells.
        const deleted = await queue.deleteMessage(sent.messageId, sent.popReceipt).catch(() => null);
        kept.delete(name);
        if (deleted === null) break;
      }
      await killed;
      azurite = await startAzurite({ data });
    }
    const found = await takeAll(azurite);
    expect(kept.size).toBeGreaterThanOrEqual(6 * rounds);
    for (const name of kept) expect(found).toContain(name);
    expect(found.size - kept.size).toBeLessThanOrEqual(2 * rounds);
  });

  test('survives two kills in a row, with no work between them', async () => {
    const container = containerOf(azurite);
    await container.create();
    await container.getBlockBlobClient('a').upload('first', 5);
    await azurite.kill();
    azurite = await startAzurite({ data });
    await containerOf(azurite).getBlockBlobClient('b').upload('second', 6);
    await azurite.kill();
    azurite = await startAzurite({ data });
    const names = [];
    for await (const blob of containerOf(azurite).listBlobsFlat()) names.push(blob.name);
    expect(names).toEqual(['a', 'b']);
    expect((await containerOf(azurite).getBlockBlobClient('a').downloadToBuffer()).toString()).toBe('first');
  });
});

test('the journal is folded into the database at a stop, so it does not grow for ever', async () => {
  const container = containerOf(azurite);
  await container.create();
  for (let n = 0; n < 50; n += 1) await container.getBlockBlobClient(`b${n}`).upload('x', 1);
  await azurite.stop();
  azurite = await startAzurite({ data });
  const journals = readdirSync(data).filter((name) => name.startsWith('__azurite_db_blob__.json.journal.'));
  expect(journals).toHaveLength(1);
  const names = new Set<string>();
  for await (const blob of containerOf(azurite).listBlobsFlat()) names.add(blob.name);
  expect(names.size).toBe(50);
});

test('polling an empty queue writes nothing', async () => {
  const queue = queueOf(azurite);
  await queue.create();
  const sizes = () =>
    readdirSync(data, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, statSync(join(data, name)).size]);
  const before = sizes();
  for (let n = 0; n < 50; n += 1) await queue.receiveMessages();
  expect(sizes()).toEqual(before);
});

test('a port that is taken is named', async () => {
  await expect(startAzurite({ data: null, blobPort: azurite.blobPort })).rejects.toThrow(
    new RegExp(`EADDRINUSE.*${azurite.blobPort}`),
  );
});

/** Uploads, overwrites, stages and deletes with four clients, and kills Azurite under them. */
async function workUntilKilled(round: number): Promise<Map<string, string | null>> {
  const acknowledged = new Map<string, string | null>();
  const container = containerOf(azurite);
  await container.createIfNotExists();
  const killAt = 20 + ((round * 7) % 30);
  let killed: Promise<void> | undefined;
  const worker = async (id: number) => {
    for (let n = 0; ; n += 1) {
      const name = `${round}/${id}/${n}`;
      const text = `${name} `.repeat(1 + (n % 200));
      const state = await work(container.getBlockBlobClient(name), text, n).catch(() => undefined);
      // Without an answer either state is right.
      if (state === undefined) return;
      acknowledged.set(name, state);
      // The other clients are in the middle of something.
      if (acknowledged.size >= killAt) killed ??= azurite.kill();
    }
  };
  await Promise.all([0, 1, 2, 3].map(worker));
  await killed;
  return acknowledged;
}

type Blob = ReturnType<ReturnType<typeof containerOf>['getBlockBlobClient']>;

/** The text the blob has once this was acknowledged; null: none. */
async function work(blob: Blob, text: string, n: number): Promise<string | null> {
  const metadata = { length: String(text.length) };
  switch (n % 4) {
    case 0:
      await blob.upload('before', 6);
      await blob.upload(text, text.length, { metadata });
      return text;
    case 1:
      await blob.stageBlock('AAAA', text, text.length);
      await blob.stageBlock('BBBB', text, text.length);
      await blob.commitBlockList(['AAAA', 'BBBB'], { metadata: { length: String(2 * text.length) } });
      return text + text;
    case 2:
      await blob.upload(text, text.length);
      await blob.setMetadata(metadata);
      return text;
    default:
      await blob.upload(text, text.length);
      await blob.delete();
      return null;
  }
}

async function verify(expected: Map<string, string | null>): Promise<void> {
  const found = new Map<string, string | null>();
  for (const name of expected.keys()) found.set(name, await stored(name));
  expect(found).toEqual(expected);
}

/** The text of a blob, if its metadata is that of the text; null when there is none. */
async function stored(name: string): Promise<string | null> {
  const blob = containerOf(azurite).getBlockBlobClient(name);
  if (!(await blob.exists())) return null;
  const { metadata } = await blob.getProperties();
  const text = (await blob.downloadToBuffer()).toString();
  return metadata?.['length'] === String(text.length) ? text : `metadata of ${name} is lost`;
}

async function takeAll(from: Azurite): Promise<Set<string>> {
  const found = new Set<string>();
  for (;;) {
    const { receivedMessageItems } = await queueOf(from).receiveMessages({ numberOfMessages: 32 });
    if (receivedMessageItems.length === 0) return found;
    for (const item of receivedMessageItems) found.add(item.messageText);
  }
}

/** A killed server is not waited for. */
const impatient = { retryOptions: { maxTries: 1 } };

function containerOf({ connectionString }: Azurite) {
  return BlobServiceClient.fromConnectionString(connectionString, impatient).getContainerClient('work');
}

function queueOf({ connectionString }: Azurite) {
  return QueueServiceClient.fromConnectionString(connectionString, impatient).getQueueClient('work');
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AnonymousCredential, BlobServiceClient } from '@azure/storage-blob';
import { describe, expect, test, vi } from 'vitest';
import { BlobContainer } from './blobs.ts';
import { answerMillisecondsMax } from './storage-errors.ts';

/** Uses a container of a service that answers everything with `status` and `code`; without one, of none at all. */
async function against<T>(
  answer: { status: number; code: string } | undefined,
  use: (container: BlobContainer) => Promise<T>,
): Promise<T> {
  const server = createServer((_, response) => {
    response
      .writeHead(answer?.status ?? 500, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0"?><Error><Code>${answer?.code}</Code><Message>No.</Message></Error>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`;
  const close = () => new Promise((resolve) => server.close(resolve));
  if (!answer) await close();
  const service = new BlobServiceClient(url, new AnonymousCredential(), { retryOptions: { maxTries: 1 } });
  try {
    return await use(new BlobContainer(service, 'container'));
  } finally {
    if (answer) await close();
  }
}

/** What a call comes to on a server of a test's own. */
async function onServer<T>(server: Server, call: (container: BlobContainer) => Promise<T>): Promise<T> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`;
  try {
    return await call(new BlobContainer(new BlobServiceClient(url, new AnonymousCredential()), 'container'));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const calls: [string, (container: BlobContainer) => Promise<unknown>][] = [
  ['stat', (container) => container.stat('a')],
  ['read', (container) => container.read('a')],
  ['write', (container) => container.write('a', Buffer.from('a'))],
  ['create', (container) => container.write('a', Buffer.from('a'), { createOnly: true })],
  ['append', (container) => container.append('a', Buffer.from('a'), 1)],
  ['list', async (container) => container.list('').next()],
  ['commit', (container) => container.commitBlocks('a', ['000000'])],
];

describe('a blob service', () => {
  test.each(calls)('that is busy or out of reach makes %s a failure to be tried again', async (_, call) => {
    const unavailable = { code: 'unavailable', retryAfterSeconds: 1 };
    await expect(against({ status: 503, code: 'ServerBusy' }, call)).rejects.toMatchObject(unavailable);
    await expect(against(undefined, call)).rejects.toMatchObject(unavailable);
  });

  test.each(calls)(
    'that refuses the app makes %s a surprise, not something to try again',
    async (_, call) => {
      const refused = against({ status: 403, code: 'AuthorizationFailure' }, call);
      await expect(refused).rejects.toMatchObject({ name: 'RestError', statusCode: 403 });
    },
  );

  test('that takes a call and never answers it is waited for a minute, and then is out of reach', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const server = createServer(() => resolve());
    try {
      await onServer(server, async (container) => {
        const failed = container
          .write('a', Buffer.from('a'), { createOnly: true })
          .catch((error: unknown) => error);
        await asked;
        await vi.advanceTimersByTimeAsync(answerMillisecondsMax);
        expect(await failed).toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
      });
    } finally {
      vi.useRealTimers();
    }
  });

  test('that breaks off in the midst of a blob is out of reach', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { etag: '"a"', 'content-length': 10 });
      response.write('x', () => setTimeout(() => response.destroy(), 5));
    });
    await expect(onServer(server, (container) => container.read('a'))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('that falls silent in the midst of a blob is waited for a minute, and then is out of reach', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = createServer((_request, response) => {
      response.writeHead(200, { etag: '"a"', 'content-length': 10 });
      response.write('x');
    });
    try {
      await onServer(server, async (container) => {
        const { body } = (await container.open('a')) ?? {};
        const pieces = body?.[Symbol.asyncIterator]();
        expect(String((await pieces?.next())?.value)).toBe('x');
        const failed = pieces?.next().catch((error: unknown) => error);
        await vi.advanceTimersByTimeAsync(answerMillisecondsMax);
        expect(await failed).toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
      });
    } finally {
      vi.useRealTimers();
    }
  });

  test('that lacks a block of a list makes the commit a conflict', async () => {
    const commit = against({ status: 400, code: 'InvalidBlockList' }, (container) =>
      container.commitBlocks('a', ['000000']),
    );
    await expect(commit).rejects.toMatchObject({ code: 'conflict' });
  });
});

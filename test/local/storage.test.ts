import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite/index.ts';
import { allowUploads, createStorage } from '../../local/storage.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite({ data: null });
  await createStorage(azurite.connectionString);
  await allowUploads(azurite.connectionString, ['http://127.0.0.1:7071', 'http://localhost:7071']);
});
afterAll(() => azurite.stop());

const ask = (origin: string, method: string) =>
  fetch(`${azurite.blobUrl}/batch-input/iris/a.csv`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,x-ms-blob-type',
    },
  });

describe('the storage of the local stack', () => {
  test.each(['http://127.0.0.1:7071', 'http://localhost:7071'])(
    'takes files from the pages of the app: %s',
    async (origin) => {
      const answer = await ask(origin, 'PUT');
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    },
  );

  test('takes none from other pages, and gives none to any', async () => {
    expect((await ask('http://127.0.0.1:7072', 'PUT')).status).toBe(403);
    expect((await ask('https://example.com', 'PUT')).status).toBe(403);
    expect((await ask('http://127.0.0.1:7071', 'GET')).status).toBe(403);
  });
});

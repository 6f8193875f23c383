import {
  BlobServiceClient,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { describe, expect, test } from 'vitest';
import { BlobSigner, signedSecondsMax } from './blob-sas.ts';

type HttpClient = NonNullable<StoragePipelineOptions['httpClient']>;

const now = Date.parse('2027-01-01T12:00:00Z');
const blob = { containerName: 'artifacts', blobName: 'default/0/a b.txt' };

/** A signer of an app that has an identity, and how often it asked the service for a key. */
function byIdentity(answer: () => number = () => 200) {
  const asked: string[] = [];
  const httpClient: HttpClient = {
    sendRequest: (request) => {
      asked.push(`${request.method} ${request.url}`);
      const [start, expiry] = [...String(request.body).matchAll(/>([^<>]+Z)</g)].map((match) => match[1]);
      return Promise.resolve({
        request,
        status: answer(),
        headers: request.headers,
        bodyAsText: `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>
          <SignedOid>11111111-1111-1111-1111-111111111111</SignedOid>
          <SignedTid>22222222-2222-2222-2222-222222222222</SignedTid>
          <SignedStart>${start}</SignedStart><SignedExpiry>${expiry}</SignedExpiry>
          <SignedService>b</SignedService><SignedVersion>2022-11-02</SignedVersion>
          <Value>${Buffer.from('key').toString('base64')}</Value></UserDelegationKey>`,
      });
    },
  };
  const credential = { getToken: () => Promise.resolve({ token: 't', expiresOnTimestamp: now + 1e9 }) };
  const service = new BlobServiceClient('https://account.blob.core.windows.net', credential, {
    httpClient,
    retryOptions: { maxTries: 1 },
  });
  return { signer: new BlobSigner(service), asked };
}

const byKey = () =>
  new BlobSigner(
    new BlobServiceClient('http://127.0.0.1:1/account', new StorageSharedKeyCredential('account', 'a2V5')),
  );

/** The part of a query that says what it allows. */
const allowed = (query: string) => Object.fromEntries(new URLSearchParams(query));

describe('a signed URL', () => {
  test('opens one blob to read, as a download, for an hour', async () => {
    for (const signer of [byKey(), byIdentity().signer])
      expect(allowed(await signer.query(blob, 'read', now))).toMatchObject({
        sr: 'b',
        sp: 'r',
        se: '2027-01-01T13:00:00Z',
        rscd: 'attachment',
      });
  });

  test('that writes can neither read nor delete', async () => {
    for (const signer of [byKey(), byIdentity().signer])
      expect(allowed(await signer.query(blob, 'write', now))).toMatchObject({ sr: 'b', sp: 'cw' });
  });

  test('lives as long as was asked for, and never over an hour', async () => {
    const ends = async (seconds: number) => allowed(await byKey().query(blob, 'read', now, seconds))['se'];
    expect(await ends(60)).toBe('2027-01-01T12:01:00Z');
    expect(await ends(7 * 24 * 3600)).toBe('2027-01-01T13:00:00Z');
  });

  test('by the identity of the app is for HTTPS and bears the key’s owner', async () => {
    expect(allowed(await byIdentity().signer.query(blob, 'read', now))).toMatchObject({
      spr: 'https',
      skoid: '11111111-1111-1111-1111-111111111111',
      sig: expect.any(String),
    });
  });

  test('needs no call of its own while the key outlives it', async () => {
    const { signer, asked } = byIdentity();
    await Promise.all(Array.from({ length: 5 }, () => signer.query(blob, 'read', now)));
    await signer.query(blob, 'write', now + signedSecondsMax * 1000);
    expect(asked).toHaveLength(1);
    await signer.query(blob, 'read', now + signedSecondsMax * 1000 + 1);
    expect(asked).toHaveLength(2);
  });

  test('is signed by the next key where the service gave none at first', async () => {
    let status = 503;
    const { signer } = byIdentity(() => status);
    await expect(signer.query(blob, 'read', now)).rejects.toMatchObject({ code: 'unavailable' });
    status = 200;
    expect(allowed(await signer.query(blob, 'read', now))).toMatchObject({ sp: 'r' });
  });
});

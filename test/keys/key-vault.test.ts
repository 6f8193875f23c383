import { verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keyVault, sealingSecretName, signingKeyName } from '../../shared/azure/key-vault.ts';
import type { KeyStore } from '../../shared/azure/index.ts';
import { type FakeVault, fakeVault } from './vault.ts';

let vault: FakeVault;
beforeEach(async () => {
  vault = await fakeVault();
  vault.addKey(signingKeyName);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await vault.close();
});

/** An instance of the app, with nothing remembered. */
const instance = (): KeyStore => keyVault(vault.url, vault.credential, vault.options);
const message = Buffer.from('what is signed');

describe('signing in a Key Vault', () => {
  test('a signature is DER that anybody verifies by the public key, whatever its numbers', async () => {
    const keys = instance();
    const [known] = await keys.publicKeys();
    // A number that begins with a high bit or with zeros is where DER differs: every second one does.
    for (let i = 0; i < 40; i++) {
      const { signature, key } = await keys.sign(Buffer.from(`message ${i}`));
      expect(key).toEqual(known);
      expect(verify('sha256', Buffer.from(`message ${i}`), key.pem, signature)).toBe(true);
      expect(verify('sha256', Buffer.from('another'), key.pem, signature)).toBe(false);
    }
  });

  test('no body is sent before the vault has asked for a token, and a signature is one request', async () => {
    const keys = instance();
    await keys.sign(message);
    const before = vault.requests.length;
    await keys.sign(message);
    expect(vault.leaked).toEqual([]);
    expect(vault.requests.slice(before)).toEqual([expect.stringMatching(/^POST .*\/sign$/)]);
  });

  test('after a rotation the newest version signs, and the older ones go on verifying', async () => {
    const old = await instance().sign(message);
    for (let i = 0; i < 4; i++) vault.addKey(signingKeyName);
    const rotated = instance();
    const { key } = await rotated.sign(message);
    const known = await rotated.publicKeys();
    expect(known).toHaveLength(5);
    expect(known[0]).toEqual(key);
    expect(known.at(-1)).toEqual(old.key);
    expect(key.keyId).not.toBe(old.key.keyId);
  });

  test('a version that was disabled is trusted no more, and the next call signs by the newest', async () => {
    const keys = instance();
    const first = await keys.sign(message);
    const [{ version } = { version: '' }] = vault.versions('keys', signingKeyName);
    vault.addKey(signingKeyName);
    vault.disable('keys', signingKeyName, version);
    await expect(keys.sign(message)).rejects.toThrow('its newest version is disabled');
    const { key } = await keys.sign(message);
    expect(key.keyId).not.toBe(first.key.keyId);
    expect(await keys.publicKeys()).toEqual([key]);
  });

  test('a key that is wanted and not known is asked for, and no more than once in a while', async () => {
    const early = instance();
    expect(await early.publicKeys()).toHaveLength(1);
    vault.addKey(signingKeyName);
    const { key } = await instance().sign(message);
    const isWanted = ({ keyId }: { keyId: string }) => keyId === key.keyId;
    expect(await early.publicKeys()).toHaveLength(1);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 11_000);
    expect((await early.publicKeys(isWanted))[0]).toEqual(key);
    const before = vault.requests.length;
    expect(await early.publicKeys(() => false)).toHaveLength(2);
    expect(vault.requests.length).toBe(before);
  });

  test('a key on another curve is refused by name', async () => {
    vault.addKey(signingKeyName, 'P-384');
    await expect(instance().sign(message)).rejects.toThrow(/'cairn-signing'.*P-256/);
  });
});

describe('sealing by a secret of a Key Vault', () => {
  test('the secret is made once, and every instance unseals what another sealed', async () => {
    const sealed = await instance().seal('a webhook secret ✓');
    expect(sealed).not.toContain('webhook');
    expect(await instance().unseal(sealed)).toBe('a webhook secret ✓');
    expect(vault.versions('secrets', sealingSecretName)).toHaveLength(1);
  });

  test('many instances that begin at once can all unseal what each of them sealed', async () => {
    const instances = Array.from({ length: 8 }, instance);
    const sealed = await Promise.all(instances.map((keys, i) => keys.seal(`secret ${i}`)));
    for (const keys of instances)
      expect(await Promise.all(sealed.map((text) => keys.unseal(text)))).toEqual(
        sealed.map((_, i) => `secret ${i}`),
      );
  });

  test('who loses the race to make the secret seals by the newest version', async () => {
    let raced = false;
    vault.beforeSet = () => {
      if (!raced) vault.addSecret(sealingSecretName, Buffer.alloc(32, 7).toString('base64url'));
      raced = true;
    };
    const sealed = await instance().seal('mine');
    expect(vault.versions('secrets', sealingSecretName)).toHaveLength(2);
    expect(await instance().unseal(sealed)).toBe('mine');
  });

  test('what was sealed before a rotation is unsealed after it, until its version is disabled', async () => {
    const old = await instance().seal('old');
    const [{ version } = { version: '' }] = vault.versions('secrets', sealingSecretName);
    for (let i = 1; i < 4; i++) vault.addSecret(sealingSecretName, Buffer.alloc(32, i).toString('base64url'));
    const rotated = instance();
    const fresh = await rotated.seal('fresh');
    expect(await rotated.unseal(old)).toBe('old');
    expect(await rotated.unseal(fresh)).toBe('fresh');
    vault.disable('secrets', sealingSecretName, version);
    await expect(instance().unseal(old)).rejects.toThrow('not at hand');
  });

  test('an instance that has not yet seen a rotation unseals what one sealed that has', async () => {
    const early = instance();
    await early.seal('warm');
    vault.addSecret(sealingSecretName, Buffer.alloc(32, 9).toString('base64url'));
    const sealed = await instance().seal('newer');
    expect(await early.unseal(sealed)).toBe('newer');
  });

  test('a sealed text that was changed is refused', async () => {
    const keys = instance();
    const parts = (await keys.seal('abc')).split('.');
    const text = Buffer.from(parts[4] ?? '', 'base64url');
    text[0] = (text[0] ?? 0) ^ 1;
    await expect(keys.unseal([...parts.slice(0, 4), text.toString('base64url')].join('.'))).rejects.toThrow(
      /authenticate/,
    );
  });

  test('sealing asks the vault once, not each time', async () => {
    const keys = instance();
    await keys.seal('one');
    const before = vault.requests.length;
    await keys.unseal(await keys.seal('two'));
    expect(vault.requests.length).toBe(before);
  });
});

describe('a refusal says what mends it:', () => {
  test.each([
    ['sign', 'keys/sign', (keys: KeyStore) => keys.sign(message), 'Key Vault Crypto User'],
    ['read the key', 'keys/read', (keys: KeyStore) => keys.publicKeys(), 'Key Vault Crypto User'],
    ['read the secret', 'secrets/get', (keys: KeyStore) => keys.seal('a'), 'Key Vault Secrets Officer'],
    ['make the secret', 'secrets/set', (keys: KeyStore) => keys.seal('a'), 'Key Vault Secrets Officer'],
  ] as const)('an identity that may not %s is told which role it lacks', async (_, denied, act, role) => {
    vault.allowed = vault.allowed.filter((permission) => permission !== denied);
    await expect(act(instance())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(role) as string,
    });
  });

  test('a refusal is not remembered: with the role the same instance works', async () => {
    const keys = instance();
    const all = vault.allowed;
    vault.allowed = [];
    await expect(keys.sign(message)).rejects.toThrow('Key Vault Crypto User');
    vault.allowed = all;
    expect((await keys.sign(message)).signature.length).toBeGreaterThan(60);
  });

  test('a firewall is told apart from a missing role', async () => {
    vault.walled = true;
    await expect(instance().seal('a')).rejects.toThrow(/firewall/);
  });

  test('a key that is not there is named', async () => {
    const empty = await fakeVault();
    try {
      const keys = keyVault(empty.url, empty.credential, empty.options);
      await expect(keys.sign(message)).rejects.toThrow(/'cairn-signing'.*none of that name/);
    } finally {
      await empty.close();
    }
  });

  test('a secret that was deleted is not made anew: it can be recovered, and what it sealed with it', async () => {
    vault.deleteSecret(sealingSecretName);
    await expect(instance().seal('a')).rejects.toThrow(/recover it/);
  });

  test('a busy vault is asked again, and only then is the caller told to come back', async () => {
    vault.throttled = 2;
    expect((await instance().sign(message)).key.keyId).toContain(signingKeyName);
    vault.throttled = 100;
    await expect(instance().sign(message)).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 5,
    });
  });

  test('a vault that is not reached is no surprise', async () => {
    const gone = await fakeVault();
    await gone.close();
    const keys = keyVault(gone.url, gone.credential, gone.options);
    await expect(keys.seal('a')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('an identity that gives no token is told apart from a vault that refuses', async () => {
    const error = Object.assign(new Error('no identity'), { name: 'CredentialUnavailableError' });
    const keys = keyVault(vault.url, { getToken: () => Promise.reject(error) }, vault.options);
    await expect(keys.sign(message)).rejects.toThrow('the app has no identity');
  });
});

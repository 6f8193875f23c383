import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { secretFiles } from '../../shared/azure/secrets.ts';
import { vaultSecrets } from '../../shared/azure/vault-secrets.ts';
import { type FakeVault, fakeVault } from './vault.ts';

const name = 'openlineage-key';
const value = 'a-very-secret-value';

let vault: FakeVault;
beforeEach(async () => {
  vault = await fakeVault();
  vault.addSecret(name, value);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await vault.close();
});

const instance = () => vaultSecrets(vault.url, vault.credential, vault.options);

/** Lets that many seconds pass for what remembers. */
let passed = 0;
beforeEach(() => {
  passed = 0;
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + passed * 1000);
});
const pass = (seconds: number) => {
  passed += seconds;
};

describe('a secret of a Key Vault', () => {
  test('is read once however many ask, and again only when it is old', async () => {
    const secrets = instance();
    expect(await Promise.all(Array.from({ length: 10 }, () => secrets.read(name)))).toEqual(
      Array.from({ length: 10 }, () => value),
    );
    expect(vault.requests).toEqual([`GET /secrets/${name}/`]);
    pass(299);
    await secrets.read(name);
    expect(vault.requests).toHaveLength(1);
  });

  test('no token and no body is sent before the vault has asked for it', async () => {
    await instance().read(name);
    expect(vault.leaked).toEqual([]);
    expect(vault.tokensSeen).toHaveLength(1);
  });

  test('that was rotated arrives within minutes, and at once where the old value was refused', async () => {
    const secrets = instance();
    await secrets.read(name);
    vault.addSecret(name, 'second');
    expect(await secrets.read(name)).toBe(value);
    pass(301);
    expect(await secrets.read(name)).toBe('second');
    vault.addSecret(name, 'third');
    pass(11);
    secrets.wasRefused(name);
    expect(await secrets.read(name)).toBe('third');
  });

  test('whose value is refused again and again is not asked for each time', async () => {
    const secrets = instance();
    await secrets.read(name);
    const before = vault.requests.length;
    for (let i = 0; i < 20; i++) {
      secrets.wasRefused(name);
      await secrets.read(name);
    }
    expect(vault.requests.length).toBe(before);
  });

  test.each([
    ['throttles', () => (vault.throttled = 1000)],
    ['lets nobody through its firewall', () => (vault.walled = true)],
  ])('serves on for an hour while the vault %s, and no longer', async (_, fail) => {
    const secrets = instance();
    await secrets.read(name);
    fail();
    pass(301);
    expect(await secrets.read(name)).toBe(value);
    pass(3200);
    expect(await secrets.read(name)).toBe(value);
    pass(100);
    const error: unknown = await secrets.read(name).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`'${name}'`) as string,
    });
    expect(inspect(error, { depth: 8 })).not.toContain(value);
  });

  test('serves on while nothing answers at the address of the vault', async () => {
    const gone = await fakeVault();
    gone.addSecret(name, value);
    const secrets = vaultSecrets(gone.url, gone.credential, gone.options);
    await secrets.read(name);
    await gone.close();
    pass(301);
    expect(await secrets.read(name)).toBe(value);
    pass(3300);
    await expect(secrets.read(name)).rejects.toThrow('was not reached');
  });

  test('of a vault that does not answer is not asked for each time', async () => {
    const secrets = instance();
    await secrets.read(name);
    vault.throttled = 1000;
    pass(301);
    await secrets.read(name);
    const left = vault.throttled;
    await secrets.read(name);
    expect(vault.throttled).toBe(left);
    vault.throttled = 0;
    vault.addSecret(name, 'second');
    pass(11);
    expect(await secrets.read(name)).toBe('second');
  });

  test.each([
    ['deleted', () => vault.deleteSecret(name), 'none of that name'],
    [
      'disabled',
      () => vault.disable('secrets', name, vault.versions('secrets', name)[0]?.version ?? ''),
      'disabled',
    ],
    ['forbidden', () => (vault.allowed = []), 'Key Vault Secrets Officer'],
  ])('that is %s serves no more as soon as that is known', async (_, take, words) => {
    const secrets = instance();
    await secrets.read(name);
    take();
    pass(301);
    await expect(secrets.read(name)).rejects.toThrow(words);
    await expect(secrets.read(name)).rejects.toThrow(words);
  });

  test('that is not there is told by its name, and is there as soon as it is made', async () => {
    const secrets = instance();
    await expect(secrets.read('another')).rejects.toMatchObject({
      code: 'unavailable',
      message: "Cannot read secret 'another': the Key Vault has none of that name; add it there.",
    });
    vault.addSecret('another', 'made');
    expect(await secrets.read('another')).toBe('made');
  });

  test('of a slow vault is waited for five seconds, not for ever', async () => {
    vault.delayMilliseconds = 60_000;
    await expect(instance().read(name)).rejects.toThrow('took too long');
  });

  test('no token goes to a server that asks for one of somebody else', async () => {
    vault.resource = 'https://not-the-vault.example';
    const options = { ...vault.options, disableChallengeResourceVerification: false };
    await expect(vaultSecrets(vault.url, vault.credential, options).read(name)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('CAIRN_KEY_VAULT_URL') as string,
    });
    expect(vault.tokensSeen).toEqual([]);
  });
});

describe('a secret in a file', () => {
  test('is read without the end of its line, as it stands now', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cairn-secrets-'));
    try {
      const secrets = secretFiles(folder);
      await expect(secrets.read(name)).rejects.toMatchObject({ code: 'unavailable' });
      writeFileSync(join(folder, name), `${value}\n`);
      expect(await secrets.read(name)).toBe(value);
      writeFileSync(join(folder, name), 'second');
      expect(await secrets.read(name)).toBe('second');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

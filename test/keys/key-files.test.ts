import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { verify } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyFiles } from '../../shared/azure/key-files.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'cairn-keys-')), 'keys');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

const message = Buffer.from('what is signed');
const long = process.env['CAIRN_TEST'] === 'long';

test('processes that begin at once make one key: each verifies and unseals what any other did', async () => {
  const module = fileURLToPath(new URL('../../shared/azure/key-files.ts', import.meta.url));
  const script = `
    const { keyFiles } = await import(${JSON.stringify(module)});
    const keys = keyFiles(${JSON.stringify(folder)});
    process.stdout.write('ready');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    const [{ signature, key }, sealed] = await Promise.all([keys.sign(Buffer.from('${message.toString()}')), keys.seal('mine')]);
    process.stdout.write(JSON.stringify({ signature: Buffer.from(signature).toString('hex'), pem: key.pem, sealed }));
    process.exit(0);`;
  const children = Array.from({ length: long ? 16 : 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
  const answers = children.map(({ stdout }) => text(stdout));
  for (const { stdin } of children) stdin.end('go');
  const made = (await Promise.all(answers)).map(
    (answer) => JSON.parse(answer) as { signature: string; pem: string; sealed: string },
  );

  const keys = keyFiles(folder);
  const [{ pem } = { pem: '' }] = await keys.publicKeys();
  for (const each of made) {
    expect(each.pem).toBe(pem);
    expect(verify('sha256', message, pem, Buffer.from(each.signature, 'hex'))).toBe(true);
    expect(await keys.unseal(each.sealed)).toBe('mine');
  }
  expect((await readdir(folder)).toSorted()).toEqual(['sealing.key', 'signing.pem']);
});

test('only their owner reads the files', async () => {
  await keyFiles(folder).sign(message);
  expect((await stat(join(folder, 'signing.pem'))).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('a renamed key goes on verifying and unsealing, and a new one is made', async () => {
  const before = keyFiles(folder);
  const old = await before.sign(message);
  const sealed = await before.seal('old');
  await rename(join(folder, 'signing.pem'), join(folder, 'signing-1.pem'));
  await rename(join(folder, 'sealing.key'), join(folder, 'sealing-1.key'));
  const after = keyFiles(folder);
  const { key } = await after.sign(message);
  expect(key.keyId).not.toBe(old.key.keyId);
  expect(await after.publicKeys()).toEqual([key, old.key]);
  expect(await after.unseal(sealed)).toBe('old');
  expect(await after.unseal(await after.seal('new'))).toBe('new');
});

test('a text that another folder sealed is refused', async () => {
  const sealed = await keyFiles(join(folder, 'other')).seal('theirs');
  await expect(keyFiles(folder).unseal(sealed)).rejects.toThrow('not at hand');
  await expect(keyFiles(folder).unseal('no seal at all')).rejects.toThrow('not at hand');
});

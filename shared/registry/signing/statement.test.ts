import { generateKeyPairSync, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyStore } from '../../azure/index.ts';
import type { ManifestFile } from '../inspection/manifest.ts';
import { opened, sealedIn, states } from './bundle.ts';
import { differenceFrom, type Signed, statementOf } from './statement.ts';

/** A folder that the reference implementation signed, with its signature. */
const golden = JSON.parse(
  await readFile(new URL('golden/model-signing-1.1.1.json', import.meta.url), 'utf8'),
) as { files: ManifestFile[]; pem: string; bundle: unknown };
const theirs = JSON.stringify(golden.bundle);
const theirKey = { keyId: 'theirs', pem: golden.pem };

const signedOf = (files: readonly ManifestFile[]): Signed => ({
  model: 'iris',
  modelId: 'id',
  version: 3,
  manifestDigest: 'sha256:0',
  files,
  served: [],
});
const digests = (files: readonly ManifestFile[]) =>
  files.map(({ path, sha256 }): [string, string] => [path, sha256]);

describe('against the reference implementation', () => {
  test('its signature is accepted', () => {
    const { statement, key } = opened(theirs, [ownKeys().key, theirKey]);
    expect(key).toEqual(theirKey);
    expect(differenceFrom(statement, digests(golden.files))).toBeUndefined();
  });

  test('our statement over the same files has the same order and the same digest', () => {
    const { statement } = opened(theirs, [theirKey]);
    const ours = statementOf(signedOf(golden.files));
    expect(ours.predicate.resources).toEqual(statement.predicate.resources);
    expect(ours.subject[0].digest).toEqual(statement.subject[0].digest);
    expect(ours.predicate.serialization.ignore_paths).toEqual(
      expect.arrayContaining(statement.predicate.serialization.ignore_paths),
    );
  });
});

describe('a signature holds', () => {
  const files = [file('MLmodel', '1'), file('data/model.onnx', '2')];

  test('for what was signed, by the key that signed it', async () => {
    const { keys, key } = ownKeys();
    const statement = statementOf(signedOf(files));
    const { bundle } = await sealedIn(keys, statement);
    expect(opened(bundle, [key])).toEqual({ statement, key });
    expect(states(bundle, statement)).toBe(true);
    expect(states(bundle, statementOf(signedOf(files.slice(1))))).toBe(false);
  });

  test('for no other key, and not for the hint of another', async () => {
    const { keys } = ownKeys();
    const { bundle } = await sealedIn(keys, statementOf(signedOf(files)));
    expect(() => opened(bundle, [ownKeys().key])).toThrow('a key that is not trusted');
    const other = ownKeys();
    const { bundle: swapped } = await sealedIn(
      { ...other.keys, sign: async (message) => ({ ...(await keys.sign(message)), key: other.key }) },
      statementOf(signedOf(files)),
    );
    expect(() => opened(swapped, [other.key])).toThrow('does not fit');
  });

  test('only as long as no bit of the payload or the signature changes', async () => {
    const { keys, key } = ownKeys();
    const { bundle } = await sealedIn(keys, statementOf(signedOf(files)));
    const read = JSON.parse(bundle) as {
      dsseEnvelope: { payload: string; signatures: { sig: string }[] };
    };
    const { payload, signatures } = read.dsseEnvelope;
    fc.assert(
      fc.property(fc.boolean(), fc.nat(), fc.integer({ min: 0, max: 7 }), (ofPayload, position, bit) => {
        const bytes = Buffer.from(ofPayload ? payload : (signatures[0]?.sig ?? ''), 'base64');
        const at = position % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const changed = bytes.toString('base64');
        const envelope = ofPayload
          ? { ...read.dsseEnvelope, payload: changed }
          : { ...read.dsseEnvelope, signatures: [{ sig: changed }] };
        expect(() => opened(JSON.stringify({ ...read, dsseEnvelope: envelope }), [key])).toThrow(
          'does not fit',
        );
      }),
    );
  });

  test.each([
    ['no JSON', 'x'],
    ['another format', '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.1+json"}'],
    ['nothing', ''],
  ])('not where the bundle is %s', (_, text) => {
    expect(() => opened(text, [theirKey])).toThrow('not a sigstore bundle');
  });

  test('not where a trusted key signed something else', async () => {
    const { keys, key } = ownKeys();
    const statement = statementOf(signedOf(files));
    const [resource] = statement.predicate.resources;
    for (const [other, reason] of [
      [{ ...statement, predicateType: 'https://slsa.dev/provenance/v1' }, 'not a statement'],
      [{ ...statement, subject: [] }, 'not a statement'],
      [{ ...statement, subject: [{ name: 'x', digest: { sha256: '0'.repeat(64) } }] }, 'contradicts itself'],
      [{ ...statement, predicate: { ...statement.predicate, resources: [resource, resource] } }, 'twice'],
    ] as const) {
      const { bundle } = await sealedIn(keys, other as typeof statement);
      expect(() => opened(bundle, [key])).toThrow(reason);
    }
  });
});

describe('a difference from what was signed is named:', () => {
  const files = [file('MLmodel', '1'), file('model.onnx', '2'), file('data/w.bin', '3')];
  const statement = statementOf(signedOf(files));
  test.each([
    ['a file that was changed', [...files.slice(1), file('MLmodel', '9')], "file 'MLmodel' was changed."],
    ['a file that was added', [...files, file('evil.py', '4')], "file 'evil.py' was added."],
    ['a file that is gone', files.slice(0, 2), "file 'data/w.bin' is gone."],
  ])('%s', (_, now, says) => {
    expect(differenceFrom(statement, digests(now))).toBe(says);
  });

  test("the signature's own file, what was converted and Git's files are not of the model, files that are named alike are", () => {
    const besides = [file('model.sig', '5'), file('cairn-onnx/1/model.onnx', '6'), file('.gitignore', '7')];
    expect(differenceFrom(statement, digests([...files, ...besides]))).toBeUndefined();
    expect(statementOf(signedOf([...files, ...besides]))).toEqual(statement);
    expect(differenceFrom(statement, digests([...files, file('a/model.sig', '5')]))).toContain('was added');
  });
});

function file(path: string, seed: string): ManifestFile {
  return { path, bytes: 1, sha256: seed.repeat(64) };
}

function ownKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { keyId: 'ours', pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
  const keys: KeyStore = {
    sign: (message) => Promise.resolve({ signature: sign('sha256', message, privateKey), key }),
    publicKeys: () => Promise.resolve([key]),
    seal: (text) => Promise.resolve(text),
    unseal: (text) => Promise.resolve(text),
  };
  return { keys, key };
}

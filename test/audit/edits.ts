import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { canonical, type Json } from '../../shared/audit/canonical.ts';
import { type AuditEntry, digestOf, entryOn, hashOf } from '../../shared/audit/entry.ts';
import { type Checkpoint, checkpointOn, signed } from '../../shared/audit/segments/checkpoint.ts';
import type { KeyStore } from '../../shared/azure/index.ts';
import { sign } from 'node:crypto';

/** A log as it lies in storage: the text of each blob. */
export type Files = ReadonlyMap<string, string>;
/** What somebody does to a log; `undefined` where there was nothing to do it to. */
export type Edit = { readonly name: string; readonly do: (files: Files) => Promise<Files> };

const at = <T>(list: readonly T[], fraction: number): T | undefined =>
  list[Math.min(list.length - 1, Math.floor(fraction * list.length))];

/** A file of the log and the lines in it, chosen by fractions. */
function inFile(
  name: string,
  pick: fc.Arbitrary<number>,
  edit: (lines: string[], where: number) => string[],
) {
  return fc.tuple(pick, pick).map(
    ([file, line]): Edit => ({
      name,
      do(files) {
        const path = at([...files.keys()], file) ?? '';
        const lines = (files.get(path) ?? '').split('\n').slice(0, -1);
        const next = edit(lines, Math.floor(line * lines.length));
        return Promise.resolve(new Map(files).set(path, next.map((each) => `${each}\n`).join('')));
      },
    }),
  );
}

const fraction = fc.double({ min: 0, max: 0.999999, noNaN: true });

/** Changes of the text of one file, by somebody who knows nothing of what it means. */
const blind: fc.Arbitrary<Edit> = fc
  .tuple(fraction, fraction, fc.nat(20), fc.string({ maxLength: 3 }))
  .map(([file, place, length, text]) => ({
    name: 'bytes',
    do(files) {
      const path = at([...files.keys()], file) ?? '';
      const before = files.get(path) ?? '';
      const from = Math.floor(place * before.length);
      return Promise.resolve(
        new Map(files).set(path, before.slice(0, from) + text + before.slice(from + length)),
      );
    },
  }));

/** Changes of whole lines. */
const ofLines = [
  inFile('delete a line', fraction, (lines, i) => lines.toSpliced(i, 1)),
  inFile('repeat a line', fraction, (lines, i) => lines.toSpliced(i, 0, lines[i] ?? '')),
  inFile('swap two lines', fraction, (lines, i) =>
    i + 1 < lines.length ? lines.toSpliced(i, 2, lines[i + 1] ?? '', lines[i] ?? '') : lines.toReversed(),
  ),
  inFile('cut the end off', fraction, (lines, i) => lines.slice(0, i)),
  inFile('cut the beginning off', fraction, (lines, i) => lines.slice(i + 1)),
  inFile('change a field', fraction, (lines, i) =>
    lines.map((line, n) => (n === i ? line.replace(/"(actor|segment)":"[^"]*"/, '"$1":"mallory"') : line)),
  ),
  inFile('change a field and make its hash fit', fraction, (lines, i) => forged(lines, i, i + 1)),
  inFile('change a field and make all hashes of the hour fit', fraction, (lines, i) =>
    forged(lines, i, lines.length),
  ),
];

/** Changes of whole files. */
const ofFiles: fc.Arbitrary<Edit> = fc
  .tuple(fraction, fraction, fc.constantFrom('delete', 'swap', 'empty'))
  .map(([one, other, what]) => ({
    name: `${what} a file`,
    do(files) {
      const [a = '', b = ''] = [at([...files.keys()], one), at([...files.keys()], other)];
      const next = new Map(files);
      if (what === 'delete') next.delete(a);
      else if (what === 'empty') next.set(a, '');
      else next.set(a, files.get(b) ?? '').set(b, files.get(a) ?? '');
      return Promise.resolve(next);
    },
  }));

/** The whole log made anew from some entry on, by somebody who owns the store: with a key of their own, or none. */
const rebuilt: fc.Arbitrary<Edit> = fc
  .tuple(fraction, fc.constantFrom('own key', 'no key', 'old signatures'), fc.boolean())
  .map(([place, by, drops]) => ({
    name: `rebuild with ${by}`,
    do: (files) =>
      rebuild(files, place, by === 'own key' ? ownKey : undefined, by === 'old signatures', drops),
  }));

export const anyEdit: fc.Arbitrary<Edit> = fc.oneof(blind, ...ofLines, ofFiles, rebuilt);

/** The lines with entry `from` changed and the hashes of those before `to` made to fit. */
function forged(lines: readonly string[], from: number, to: number): string[] {
  let hash: string | undefined;
  return lines.map((line, i) => {
    const entry = entryOn(line);
    if (!entry || i < from || i >= to) return line;
    const next = rehashed({
      ...entry,
      ...(i === from ? { actor: 'mallory' } : {}),
      prev_hash: hash ?? entry.prev_hash,
    });
    ({ hash } = next);
    return canonical(next satisfies Json);
  });
}

function rehashed(entry: AuditEntry): AuditEntry {
  return { ...entry, hash: hashOf(entry) };
}

async function rebuild(
  files: Files,
  place: number,
  keys: KeyStore | undefined,
  keepsSignatures: boolean,
  drops: boolean,
): Promise<Files> {
  const names = [...files.keys()].toSorted();
  const entries = names
    .filter((name) => !name.endsWith('.heads.jsonl'))
    .flatMap((name) => linesOf(files, name).map((line) => ({ name, entry: entryOn(line) as AuditEntry })));
  const from = Math.floor(place * entries.length);
  const next = new Map<string, string>();
  const last = new Map<number, AuditEntry>();
  let before: AuditEntry | undefined;
  let shift = 0;
  for (const [i, { name, entry }] of entries.entries()) {
    last.set(entry.seq, before ?? entry);
    if (i === from && drops && i > 0) {
      shift = 1;
      continue;
    }
    const changed = i === from ? { ...entry, actor: 'mallory' } : entry;
    before = rehashed({
      ...changed,
      seq: entry.seq - shift,
      prev_hash: before ? before.hash : entry.prev_hash,
    });
    last.set(entry.seq, before);
    next.set(name, `${next.get(name) ?? ''}${canonical(before satisfies Json)}\n`);
  }
  let hash: string | undefined;
  for (const name of names.filter((each) => each.endsWith('.heads.jsonl')))
    for (const line of linesOf(files, name)) {
      const checkpoint = checkpointOn(line) as Checkpoint;
      const over = last.get(checkpoint.last_seq);
      const { key_id, key_fingerprint, signature, ...rest } = checkpoint;
      const restated = {
        ...rest,
        last_seq: over?.seq ?? 0,
        last_hash: over?.hash ?? rest.last_hash,
        prev_checkpoint_hash: hash ?? rest.prev_checkpoint_hash,
      };
      const made = keepsSignatures
        ? { ...restated, key_id, key_fingerprint, signature }
        : await signed(restated, keys);
      hash = digestOf(made);
      next.set(name, `${next.get(name) ?? ''}${canonical(made satisfies Json)}\n`);
    }
  return next;
}

function linesOf(files: Files, name: string): string[] {
  return (files.get(name) ?? '').split('\n').slice(0, -1);
}

/** A key of whoever rebuilds a log. */
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ownKey: KeyStore = {
  sign: (message) =>
    Promise.resolve({
      signature: sign('sha256', message, pair.privateKey),
      key: { keyId: 'file:mallory', pem },
    }),
  publicKeys: () => Promise.resolve([{ keyId: 'file:mallory', pem }]),
  seal: (text) => Promise.resolve(text),
  unseal: (text) => Promise.resolve(text),
};

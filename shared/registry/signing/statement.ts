import { createHash } from 'node:crypto';
import * as z from 'zod';
import { conversionFolder } from '../versions/conversion-folder.ts';
import type { ManifestFile } from '../inspection/manifest.ts';
import { SignatureError } from './signature-error.ts';

/*
 * The statement of the OpenSSF model-signing format 1.0, an in-toto Statement v1: the digest of every file
 * of a model's folder, and one digest over all of them. What other tools know of it stands in
 * `serialization` and `resources`; they pass over `cairn`, which binds the statement to one version.
 * https://github.com/sigstore/model-transparency
 */
const statementType = 'https://in-toto.io/Statement/v1';
const predicateType = 'https://model_signing/signature/v1.0';

/**
 * What lies in a model's folder and is not of the model: the signature itself, what it was converted to (which
 * `cairn.served` vouches for), the note that MLflow's client adds to a model that it downloads, and Git's own
 * files, which the format's verifiers leave out whatever a statement says.
 */
const ignoredPaths = [
  'model.sig',
  conversionFolder,
  'registered_model_meta',
  '.git',
  '.gitattributes',
  '.github',
  '.gitignore',
];

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const resource = z.object({ name: z.string().min(1), algorithm: z.literal('sha256'), digest: hex });

const statement = z.object({
  _type: z.literal(statementType),
  subject: z.tuple([z.object({ name: z.string(), digest: z.object({ sha256: hex }) })]),
  predicateType: z.literal(predicateType),
  predicate: z.object({
    serialization: z.object({
      method: z.literal('files'),
      hash_type: z.literal('sha256'),
      allow_symlinks: z.boolean(),
      ignore_paths: z.array(z.string()).default([]),
    }),
    resources: z.array(resource),
    cairn: z
      .object({
        model_id: z.string(),
        version: z.int(),
        /** Of the manifest, `sha256:<hex>`. */
        manifest: z.string(),
        /** What is loaded for serving: the file itself, or the copy that the platform made of it. */
        served: z.array(resource),
      })
      .optional(),
  }),
});

export type Statement = z.output<typeof statement>;

/** What a statement is about: a version, the digest and the files of its manifest, and the files that are served. */
export type Signed = {
  readonly model: string;
  readonly modelId: string;
  readonly version: number;
  readonly manifestDigest: string;
  readonly files: readonly ManifestFile[];
  readonly served: readonly { readonly path: string; readonly digest: string }[];
};

/** The statement over a version: of the same files always the same. */
export function statementOf(signed: Signed): Statement {
  const { model, modelId, version, manifestDigest, files, served } = signed;
  const resources = resourcesOf(files.map(({ path, sha256 }) => ({ path, digest: sha256 }))).filter(
    ({ name }) => !isIgnored(name, ignoredPaths),
  );
  return {
    _type: statementType,
    subject: [{ name: `${model}/${version}`, digest: { sha256: digestOver(resources) } }],
    predicateType,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: ignoredPaths,
      },
      resources,
      cairn: { model_id: modelId, version, manifest: manifestDigest, served: resourcesOf(served) },
    },
  };
}

/** Reads a statement whose signature has been found good. Throws {@link SignatureError} where it says nothing we can hold it to. */
export function readStatement(payload: Uint8Array): Statement {
  const read = statement.safeParse(parsedJson(payload));
  if (!read.success) throw new SignatureError('what was signed is not a statement of model-signing 1.0.');
  const { subject, predicate } = read.data;
  const names = new Set(predicate.resources.map(({ name }) => name));
  if (names.size !== predicate.resources.length)
    throw new SignatureError('what was signed names a file twice.');
  if (digestOver(predicate.resources) !== subject[0].digest.sha256)
    throw new SignatureError('what was signed contradicts itself: its files are not those of its subject.');
  return read.data;
}

/** How files, as path and SHA-256 in hex, differ from those of a statement; `undefined` where they are the same. */
export function differenceFrom(
  { predicate }: Statement,
  files: Iterable<readonly [path: string, sha256: string]>,
): string | undefined {
  const left = new Map(predicate.resources.map(({ name, digest }) => [name, digest]));
  for (const [path, sha256] of files) {
    if (isIgnored(path, predicate.serialization.ignore_paths)) continue;
    const digest = left.get(path);
    if (digest === undefined) return `file '${path}' was added.`;
    if (digest !== sha256) return `file '${path}' was changed.`;
    left.delete(path);
  }
  const [gone] = left.keys();
  return gone === undefined ? undefined : `file '${gone}' is gone.`;
}

/** Whether a path is one of those a statement leaves out, or below one. */
export function isIgnored(path: string, ignored: readonly string[]): boolean {
  return ignored.some((each) => path === each || path.startsWith(`${each}/`));
}

function resourcesOf(files: readonly { readonly path: string; readonly digest: string }[]) {
  return files
    .map(({ path, digest }) => ({
      name: path,
      algorithm: 'sha256' as const,
      digest: digest.replace('sha256:', ''),
    }))
    .toSorted((a, b) => comparePaths(a.name, b.name));
}

/** `model_signing` sorts Python's paths: part by part, and each part by code point. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [at, part] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    const order = Buffer.compare(Buffer.from(part), Buffer.from(other));
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function digestOver(resources: readonly { readonly digest: string }[]): string {
  const hash = createHash('sha256');
  for (const { digest } of resources) hash.update(Buffer.from(digest, 'hex'));
  return hash.digest('hex');
}

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

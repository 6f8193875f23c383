import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import { CairnError, isCode } from '../../http/index.ts';
import { hashFiles, listFiles } from '../inspection/artifact-files.ts';
import { readManifest } from '../inspection/manifest.ts';
import { Refusal } from '../inspection/refusal.ts';
import type { ModelVersion } from '../model.ts';
import { modelById } from '../models/models.ts';
import { namedIn, opened } from './bundle.ts';
import { readBundle, servedFiles } from './sign.ts';
import { SignatureError } from './signature-error.ts';
import { differenceFrom, type Statement } from './statement.ts';

/**
 * Whether a signature holds. `keyId` is the key that vouches, where there is one; `files` is how many it
 * vouches for; `reason` is a sentence.
 */
export type SignatureVerdict = { readonly keyId: string | null; readonly files: number } & (
  | { readonly valid: true }
  | { readonly valid: false; readonly reason: string }
);

/**
 * Whether a version is signed by a key of the platform, as what it was inspected to be and is served as:
 * two reads, none of its files. Serving checks the digest of each file it loads against the version.
 */
export function checkSignature(ctx: Context, version: ModelVersion): Promise<SignatureVerdict> {
  return verdictOf(ctx, version, () => Promise.resolve(undefined));
}

/** The same, and reads every file of the version: those of its artifact, and the copies that are served. */
export function verifyFiles(ctx: Context, version: ModelVersion): Promise<SignatureVerdict> {
  return verdictOf(
    ctx,
    version,
    async (statement) =>
      (await storedDifference(ctx, version, statement)) ?? (await servedDifference(ctx, version)),
  );
}

/** A version is signed in the moment after it was read; one that is not by then waits for somebody to sign it. */
const signingMillisecondsMax = 10 * 60_000;

/**
 * Throws `conflict` with the reason where a policy wants the versions of the model to be signed and this one is
 * not, or not as it is, and `unavailable` while it is about to be. Asked before a version is loaded, whatever for.
 */
export async function requireSigned(ctx: Context, version: ModelVersion): Promise<void> {
  const { policy } = await modelById(ctx, version.modelId);
  if (!policy?.signedOnly) return;
  const { signing, inspection } = version;
  const readAt = inspection.state === 'pending' ? ctx.clock.now() : inspection.at;
  if (!signing && ctx.stores.keys && ctx.clock.now() < readAt + signingMillisecondsMax)
    throw new CairnError(
      'unavailable',
      `Version ${version.version} of '${version.name}' is still being signed; try again in a moment.`,
      { retryAfterSeconds: 1 },
    );
  const verdict = await checkSignature(ctx, version);
  if (verdict.valid) return;
  throw new CairnError(
    'conflict',
    `Version ${version.version} of '${version.name}' is not served: policy ${policy.version} wants a valid signature. ${verdict.reason}`,
  );
}

/** `further` looks at what a good signature says; it answers what is wrong, as the rest of a sentence. */
async function verdictOf(
  ctx: Context,
  version: ModelVersion,
  further: (statement: Statement) => Promise<string | undefined>,
): Promise<SignatureVerdict> {
  let found: { readonly keyId: string; readonly files: number } | undefined;
  const refused = (reason: string): SignatureVerdict => ({
    keyId: found?.keyId ?? null,
    files: found?.files ?? 0,
    valid: false,
    reason: `The version cannot be trusted: ${reason}`,
  });
  if (!ctx.stores.keys) return refused('there are no keys here to verify signatures by.');
  const bundle = await readBundle(ctx, version);
  if (bundle === undefined) return refused('it is not signed.');
  try {
    const { statement, key } = opened(bundle, await ctx.stores.keys.publicKeys(namedIn(bundle)));
    found = { keyId: key.keyId, files: statement.predicate.resources.length };
    const wrong = (await mismatch(ctx, version, statement)) ?? (await further(statement));
    return wrong === undefined ? { ...found, valid: true } : refused(wrong);
  } catch (error) {
    if (error instanceof SignatureError) return refused(error.message);
    throw error;
  }
}

/** What of a version a statement does not say as it is recorded. */
async function mismatch(
  ctx: Context,
  version: ModelVersion,
  statement: Statement,
): Promise<string | undefined> {
  const { cairn } = statement.predicate;
  if (cairn?.model_id !== version.modelId || cairn.version !== version.version)
    return 'its signature is that of another version.';
  if (cairn.manifest !== version.artifact?.manifest.digest)
    return 'its files were read again since it was signed, and are others now.';
  const signed = new Map(cairn.served.map(({ name, digest }) => [name, `sha256:${digest}`]));
  const other = servedFiles(version).find(({ path, digest }) => signed.get(path) !== digest);
  if (other) return `'${other.path}', which is loaded to serve it, is not what was signed.`;
  try {
    const { files } = await readManifest(ctx, version);
    return differenceFrom(
      statement,
      files.map(({ path, sha256 }) => [path, sha256]),
    );
  } catch (error) {
    if (isCode(error, 'conflict')) return error.message;
    throw error;
  }
}

/** How the files of the artifact differ from what was signed. */
async function storedDifference(
  ctx: Context,
  version: ModelVersion,
  statement: Statement,
): Promise<string | undefined> {
  try {
    const files = await hashFiles(ctx, await listFiles(ctx, version));
    return differenceFrom(
      statement,
      files.map(({ path, sha256 }) => [path, sha256]),
    );
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/** Which of the copies that are served is not as recorded. */
async function servedDifference(ctx: Context, { inspection }: ModelVersion): Promise<string | undefined> {
  if (inspection.state !== 'ready') return undefined;
  const { served } = inspection.ready;
  for (const { path, blob, digest } of [served, ...served.external]) {
    const found = await digestOf(ctx, blob);
    if (found !== digest)
      return `'${path}', which is loaded to serve it, ${found === undefined ? 'is gone' : 'was changed'}.`;
  }
  return undefined;
}

async function digestOf(ctx: Context, blob: string): Promise<string | undefined> {
  const stored = await ctx.stores.blobs('models').open(blob);
  if (!stored) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of stored.body) hash.update(chunk as Uint8Array);
  return `sha256:${hash.digest('hex')}`;
}

import type { KeyStore } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import type { CairnEvent } from '../../events/index.ts';
import { CairnError, isCode } from '../../http/index.ts';
import { changeVersion } from '../change.ts';
import { readManifest } from '../inspection/manifest.ts';
import type { ModelVersion } from '../model.ts';
import { readVersion } from '../versions/versions.ts';
import { namedIn, opened, sealedIn, states } from './bundle.ts';
import { SignatureError } from './signature-error.ts';
import { differenceFrom, type Signed, type Statement, statementOf } from './statement.ts';

export type Signing = NonNullable<ModelVersion['signing']>;

const bundleBytesMax = 64 * 1024 * 1024;

/**
 * Signs the files of a version as they were inspected, in place of an older signature. Throws
 * `invalid-state` where the settings name no keys, and `conflict` while the files are not known.
 */
export async function signVersion(ctx: Context, modelId: string, number: number): Promise<Signing> {
  const { signing } = await changeVersion(ctx, modelId, number, (version) => signed(ctx, version));
  if (signing) return signing;
  throw new Error('A change that signs left no signature.');
}

/**
 * Signs a version once its files are known, where the settings name keys, and again where only what is
 * served of the same files has changed. Subscriber of whatever ends an inspection; twice is once. Files that
 * differ from those that were signed are left to a person: to sign them unasked would vouch for whoever
 * changed them.
 */
export async function signInspected(ctx: Context, event: CairnEvent): Promise<void> {
  const { keys } = ctx.stores;
  if (!keys) return;
  const modelId = event.subject['modelId'] ?? '';
  const number = Number(event.subject['version']);
  const stored = await readVersion(ctx, modelId, number);
  if (!stored?.doc.artifact) return;
  await changeVersion(ctx, modelId, number, async (version) => {
    try {
      return (await wantsSigning(ctx, version, keys)) ? await signed(ctx, version) : undefined;
    } catch (error) {
      if (!(error instanceof SignatureError) && !isCode(error, 'conflict')) throw error;
      ctx.log.warn('version not signed unasked', { modelId, version: number, reason: error.message });
      return undefined;
    }
  });
}

/** Throws {@link SignatureError} where the files are not all vouched for by a signature that the version had before. */
async function wantsSigning(ctx: Context, version: ModelVersion, keys: KeyStore): Promise<boolean> {
  const earlier = await readBundle(ctx, version);
  if (earlier === undefined) return true;
  const now = await statementOver(ctx, version);
  if (states(earlier, now)) return false;
  const { statement } = opened(earlier, await keys.publicKeys(namedIn(earlier)));
  const difference = differenceFrom(
    statement,
    now.predicate.resources.map(({ name, digest }) => [name, digest]),
  );
  if (difference !== undefined) throw new SignatureError(difference);
  return true;
}

/** The bundle over a version, as JSON; `undefined` where it was never signed. */
export async function readBundle(ctx: Context, version: ModelVersion): Promise<string | undefined> {
  const bytes = await ctx.stores.blobs('models').read(bundleBlob(version), bundleBytesMax);
  return bytes?.toString();
}

/** What is loaded when a version is served: the file itself or the copy made of it, and files beside it. */
export function servedFiles({ inspection }: ModelVersion): Signed['served'] {
  if (inspection.state !== 'ready') return [];
  const { external, ...model } = inspection.ready.served;
  return [model, ...external];
}

/** The bundle is stored first: what is recorded as signed has its signature. */
async function signed(ctx: Context, version: ModelVersion) {
  const { keys } = ctx.stores;
  if (!keys)
    throw new CairnError(
      'invalid-state',
      'There is no key to sign with: set CAIRN_KEY_VAULT_URL, or CAIRN_KEYS_FOLDER on a machine of your own.',
    );
  const statement = await statementOver(ctx, version);
  const { bundle, key } = await sealedIn(keys, statement);
  await ctx.stores.blobs('models').write(bundleBlob(version), Buffer.from(bundle), {
    contentType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  });
  const manifestDigest = version.artifact?.manifest.digest ?? '';
  const signing = { keyId: key.keyId, manifestDigest, at: ctx.clock.now() };
  return { type: 'version.signed' as const, version: { ...version, signing } };
}

async function statementOver(ctx: Context, version: ModelVersion): Promise<Statement> {
  const { files } = await readManifest(ctx, version);
  return statementOf({
    model: version.name,
    modelId: version.modelId,
    version: version.version,
    manifestDigest: version.artifact?.manifest.digest ?? '',
    files,
    served: servedFiles(version),
  });
}

function bundleBlob({ workspace, modelId, version }: ModelVersion): string {
  return `${workspace}/${modelId}/${version}/model.sig`;
}

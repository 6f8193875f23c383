import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { type DatasetRef, isReadable, resolveUri } from '../datasets/index.ts';
import { unlessCode } from '../http/index.ts';
import { lineageOf } from '../lineage/index.ts';
import { listPolicies, type Policy } from '../promotion/index.ts';
import {
  eventsOfVersion,
  modelByName,
  type ModelVersion,
  movesOfVersion,
  readBundle,
  readManifest,
  versionOf,
} from '../registry/index.ts';
import { type Card, cardOver, lineageDepth } from './card.ts';
import { refOf } from './data.ts';
import { markdownOf } from './markdown.ts';
import { readme } from './readme.ts';
import { type ZipFile, zipped } from './zip.ts';

/**
 * All that speaks for a version, as one zip for somebody who cannot ask the platform: the same state gives
 * the same bytes. What it tells is read before its first byte is given. Throws `not-found`.
 */
export async function evidenceOf(
  ctx: Context,
  name: string,
  number: number,
): Promise<AsyncGenerator<Uint8Array>> {
  const root = await modelByName(ctx, name);
  const version = await versionOf(ctx, root, number);
  const { modelId } = root;
  const node = `version:${modelId}/${number}`;
  const moves = await movesOfVersion(ctx, version);
  const [card, lineage, events, bundle, manifest, keys, policies] = await Promise.all([
    cardOver(ctx, { root, version, moves }),
    lineageOf(ctx, { node, direction: 'both', depth: lineageDepth }),
    eventsOfVersion(ctx, version),
    readBundle(ctx, version),
    manifestOf(ctx, version),
    ctx.stores.keys?.publicKeys() ?? [],
    allPolicies(ctx, name),
  ]);
  const judgedBy = new Set(card.promotions.map(({ policy_version }) => policy_version));
  const signer = keys.find(({ keyId }) => keyId === card.signature.key_id);
  const files: ZipFile[] = [
    { name: 'README.txt', text: readme(card) },
    { name: 'card.md', text: await markdownOf(card) },
    { name: 'card.json', text: json(card) },
    { name: 'lineage.json', text: json(lineage) },
    {
      name: 'data.json',
      text: json(await Promise.all(card.data.map((each) => withStored(ctx, version, each)))),
    },
    {
      name: 'promotions.json',
      text: json({
        promotions: card.promotions,
        policies: policies.filter((policy) => judgedBy.has(policy.version)).map(policyFacts),
      }),
    },
    {
      name: 'alias-history.json',
      text: json(
        moves.map(({ alias, seq, from = null, to = null, cause, actor, at }) => ({
          alias,
          seq,
          from,
          to,
          cause,
          actor,
          at,
        })),
      ),
    },
    { name: 'events.json', text: json(events) },
    ...(manifest === undefined ? [] : [{ name: 'manifest.json', text: manifest }]),
    ...(bundle === undefined ? [] : [{ name: 'signature/model.sig', text: bundle }]),
    ...(signer ? [{ name: 'signature/public-key.pem', text: signer.pem }] : []),
  ];
  return zipped(files);
}

async function manifestOf(ctx: Context, version: ModelVersion): Promise<string | undefined> {
  // Not read yet, or not as it was recorded: the card says so of the signature.
  const manifest = await unlessCode(readManifest(ctx, version), 'conflict');
  // Byte for byte what its digest was taken of.
  return manifest && JSON.stringify(manifest);
}

async function allPolicies(ctx: Context, name: string): Promise<Policy[]> {
  const found: Policy[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await listPolicies(ctx, { name, limit: 100, pageToken, consistency: 'strong' });
    found.push(...page.items);
    pageToken = page.nextToken;
    if (pageToken === undefined) return found.toReversed();
  }
}

function policyFacts({ version, author, at, aliases, stages, gates }: Policy) {
  return { version, author, at, aliases, stages, gates };
}

/** A set that the version names, with the digest of what lies there now. */
async function withStored(ctx: Context, version: ModelVersion, data: Card['data'][number]) {
  const ref = data.role === 'input' ? undefined : refOf(version, data.role);
  return { ...data, stored_sha256: ref ? await storedDigest(ctx, ref) : null };
}

async function storedDigest(ctx: Context, ref: DatasetRef): Promise<string | null> {
  if (!isReadable(ctx, ref)) return null;
  // None where it names no rows of this platform, or those of a run that is gone.
  const place = await unlessCode(resolveUri(ctx, ref), 'invalid', 'not-found');
  const opened = place && (await ctx.stores.blobs(place.container).open(place.blob));
  if (!opened) return null;
  const hash = createHash('sha256');
  for await (const chunk of opened.body) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

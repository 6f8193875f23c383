import type { Context } from '../../context.ts';
import type { Document } from '../../documents.ts';
import { inTurns } from '../../turns.ts';
import { runPartition } from '../ids.ts';
import type { RunKey } from '../model.ts';
import { digestOf } from '../texts.ts';

/** UTF-8 bytes of a text that a document holds; a longer one is a blob. */
export const documentTextBytesMax = 256 * 1024;

/** Bounds of one batch, well inside 2 MB also where JSON escapes every character, and of one query. */
const batchTextBytesMax = documentTextBytesMax;
const batchTextsMax = 100;
const queryTextsMax = 200;
const blobsAtOnceMax = 8;

/** A text too long for its run's document, create-only; the id is the digest of the text. */
type KeptText = Document & RunKey & { readonly type: 'text'; readonly text: string };

/**
 * Keeps texts of a run under their digests. To be called before the write that refers to them, so that a
 * crash between the two leaves a text that nobody refers to, never a reference to nothing. What is kept
 * already stays.
 */
export async function keepTexts(ctx: Context, run: RunKey, texts: readonly string[]): Promise<void> {
  const documents = new Map<string, KeptText>();
  const blobs = new Map<string, Buffer>();
  for (const text of new Set(texts)) {
    const digest = digestOf(text);
    if (Buffer.byteLength(text) > documentTextBytesMax) blobs.set(digest, Buffer.from(text));
    else documents.set(digest, documentOf(ctx, run, digest, text));
  }
  await Promise.all([
    ...batchesOf([...documents.values()]).map((batch) => createAll(ctx, run, batch)),
    inTurns([...blobs], blobsAtOnceMax, ([digest, bytes]) =>
      ctx.stores
        .blobs('overflow')
        .write(blobName(ctx, run, digest), bytes, { createOnly: true, contentType: 'text/plain' }),
    ),
  ]);
}

/** Texts wanted of one run. */
export type Wanted = RunKey & { readonly digests: readonly string[] };

/**
 * Texts by digest, as {@link keepTexts} kept them: a point read for one, else a query per experiment and
 * {@link queryTextsMax} texts. A text that several runs have is read once. What is missing went with its
 * runs, which have been purged.
 */
export async function readTexts(ctx: Context, wanted: readonly Wanted[]): Promise<Map<string, string>> {
  const holders = new Map<string, RunKey>();
  for (const run of wanted) for (const digest of run.digests) holders.set(digest, run);
  const found = new Map<string, string>();
  await Promise.all(queriesOf(holders).map((query) => readSome(ctx, query, found)));
  // What is no document is a blob.
  const blobs = [...holders].filter(([digest]) => !found.has(digest));
  await inTurns(blobs, blobsAtOnceMax, async ([digest, run]) => {
    const bytes = await ctx.stores.blobs('overflow').read(blobName(ctx, run, digest));
    if (bytes) found.set(digest, bytes.toString());
  });
  // Of several runs that have a text the one that was asked may be gone.
  const others = wanted.map((run) => ({
    ...run,
    digests: run.digests.filter((digest) => !found.has(digest) && holders.get(digest) !== run),
  }));
  const missing = others.filter(({ digests }) => digests.length > 0);
  if (missing.length > 0) for (const [digest, text] of await readTexts(ctx, missing)) found.set(digest, text);
  return found;
}

/** Below which name the long texts of a run are blobs. */
export function overflowPrefix(workspace: string, { experimentId, runId }: RunKey): string {
  return `${workspace}/${experimentId}/${runId}/`;
}

type TextQuery = { readonly experimentId: string; readonly texts: readonly (readonly [string, RunKey])[] };

function queriesOf(holders: ReadonlyMap<string, RunKey>): TextQuery[] {
  const byExperiment = Map.groupBy(holders, ([, { experimentId }]) => experimentId);
  return [...byExperiment].flatMap(([experimentId, texts]) =>
    Array.from({ length: Math.ceil(texts.length / queryTextsMax) }, (_, i) => ({
      experimentId,
      texts: texts.slice(i * queryTextsMax, (i + 1) * queryTextsMax),
    })),
  );
}

async function readSome(
  ctx: Context,
  { experimentId, texts }: TextQuery,
  found: Map<string, string>,
): Promise<void> {
  const runs = ctx.stores.documents('runs');
  const [first] = texts;
  if (first && texts.length === 1) {
    const [digest, { runId }] = first;
    const stored = await runs.read<KeptText>([experimentId, runId], textId(digest));
    if (stored) found.set(digest, stored.doc.text);
    return;
  }
  const ids = texts.map(([digest]) => textId(digest));
  const runIds = [...new Set(texts.map(([, { runId }]) => runId))];
  const rows = await runs.query<Pick<KeptText, 'id' | 'text'>>(
    {
      text: `SELECT c.id, c.text FROM c WHERE c.experimentId = @experimentId AND c.type = 'text'
        AND c.id IN (${names('id', ids)}) AND c.runId IN (${names('run', runIds)})`,
      values: { experimentId, ...numbered('id', ids), ...numbered('run', runIds) },
    },
    // Strong: the document that refers to a text may have been read from a replica that is ahead.
    { key: runIds.length === 1 ? [experimentId, ...runIds] : [experimentId], consistency: 'strong' },
  );
  for (const { id, text } of rows) found.set(id.slice(textId('').length), text);
}

/** Creates documents of one partition in one batch, leaving out those that exist. */
async function createAll(ctx: Context, run: RunKey, batch: readonly KeptText[]): Promise<void> {
  const key = runPartition(run);
  const runs = ctx.stores.documents('runs');
  for (let left = batch; left.length > 0; ) {
    const { outcome } = await runs.batch(
      key,
      left.map((doc) => ({ op: 'create', doc })),
    );
    if (outcome === 'applied' || left.length === 1) return;
    const ids = left.map(({ id }) => id);
    const existing = await runs.query<string>(
      {
        text: `SELECT VALUE c.id FROM c WHERE c.type = 'text' AND c.id IN (${names('id', ids)})`,
        values: numbered('id', ids),
      },
      { key, consistency: 'strong' },
    );
    left = left.filter(({ id }) => !existing.includes(id));
  }
}

function batchesOf(documents: readonly KeptText[]): KeptText[][] {
  const batches: KeptText[][] = [];
  let room = 0;
  for (const doc of documents) {
    const bytes = Buffer.byteLength(doc.text);
    const last = batches.at(-1);
    if (last && bytes <= room && last.length < batchTextsMax) last.push(doc);
    else batches.push([doc]);
    room = (batches.at(-1) === last ? room : batchTextBytesMax) - bytes;
  }
  return batches;
}

function documentOf(ctx: Context, { experimentId, runId }: RunKey, digest: string, text: string): KeptText {
  return {
    id: textId(digest),
    type: 'text',
    v: 1,
    workspace: ctx.workspace,
    experimentId,
    runId,
    text,
  };
}

function textId(digest: string): string {
  return `text:${digest}`;
}

function blobName(ctx: Context, run: RunKey, digest: string): string {
  return overflowPrefix(ctx.workspace, run) + digest;
}

function names(prefix: string, values: readonly string[]): string {
  return values.map((_, i) => `@${prefix}${i}`).join(', ');
}

function numbered(prefix: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));
}

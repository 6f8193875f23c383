import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import type { Expired } from './expire.ts';

/** How far the sweep of an endpoint, or of a folder of files, is; its event says at the end what went. */
type Retention = Document & {
  readonly type: 'retention';
  /** Of the endpoint or the folder. */
  readonly endpoint: string;
  /** What is being removed at this moment: it has been counted. */
  readonly unit: string;
  readonly counts: Expired;
  readonly seq: number;
};

const nothing: Expired = { parts: 0, labels: 0, results: 0, references: 0, files: 0 };

/** Where the sweep that is under way stands, or a new one. */
export async function begin(ctx: Context, endpoint: string): Promise<Stored<Retention>> {
  const documents = ctx.stores.documents('endpoints');
  const id = `retention:${endpoint}`;
  const known = await documents.read<Retention>([ctx.workspace], id);
  if (known) return known;
  const doc: Retention = {
    id,
    type: 'retention',
    v: 1,
    workspace: ctx.workspace,
    endpoint,
    unit: '',
    counts: nothing,
    seq: 0,
  };
  await documents.write([ctx.workspace], { op: 'create', doc });
  return (await documents.read<Retention>([ctx.workspace], id)) ?? { doc, etag: '' };
}

/**
 * Counts a unit that is about to go, unless it was counted by an attempt that broke off; `undefined` where another
 * message is at it.
 */
export async function record(
  ctx: Context,
  { doc, etag }: Stored<Retention>,
  unit: string,
  more: Expired,
): Promise<Stored<Retention> | undefined> {
  const isCounted = doc.unit === unit;
  const next: Retention = { ...doc, unit, counts: isCounted ? doc.counts : sum(doc.counts, more) };
  const written = await ctx.stores
    .documents('endpoints')
    .write([ctx.workspace], { op: 'replace', doc: next, etag });
  return written.outcome === 'applied' ? { doc: next, etag: written.etags[0] ?? '' } : undefined;
}

/** Says in one event what went that was from `before`, if anything did. */
export async function announce(
  ctx: Context,
  { doc, etag }: Stored<Retention>,
  { subject, before }: { readonly subject: Readonly<Record<string, string>>; readonly before: number },
): Promise<void> {
  if (Object.values(doc.counts).every((count) => count === 0)) return;
  const next: Retention = { ...doc, unit: '', counts: nothing, seq: doc.seq + 1 };
  const event = eventWrite(
    ctx,
    {
      type: 'retention.applied',
      aggregate: `retention/${doc.endpoint}`,
      seq: next.seq,
      subject: {
        ...subject,
        before: new Date(before).toISOString(),
        ...Object.fromEntries(Object.entries(doc.counts).map(([name, count]) => [name, String(count)])),
      },
      before: doc,
      after: next,
    },
    { workspace: ctx.workspace },
  );
  const { outcome } = await ctx.stores
    .documents('endpoints')
    .batch([ctx.workspace], [{ op: 'replace', doc: next, etag }, event]);
  if (outcome === 'applied') relay(ctx, 'endpoints', [ctx.workspace], event);
}

function sum(a: Expired, b: Expired): Expired {
  return {
    parts: a.parts + b.parts,
    labels: a.labels + b.labels,
    results: a.results + b.results,
    references: a.references + b.references,
    files: a.files + b.files,
  };
}
